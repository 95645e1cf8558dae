package org.opensva.conformance.cli.inspect;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.cli.inspect.smmuv3.Explainer;
import org.opensva.conformance.cli.inspect.smmuv3.ModelRun;
import org.opensva.conformance.cli.inspect.smmuv3.Overview;
import org.opensva.conformance.cli.inspect.smmuv3.Snapshot;
import org.opensva.conformance.cli.replay.InputException;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Seen;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.Consumer;

/** {@code opensva inspect smmuv3}. */
@Command(
        name = "smmuv3",
        description = {
            "Decode the registers, tables and queues of an SMMUv3.",
            "With --stream and --iova, explain that translation step by step instead."
        },
        exitCodeList = {
            "0:good",
            "1:the explanation and the model do not agree",
            "2:wrong usage or input; one line on standard error says why",
            "70:a fault of the suite itself"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva inspect smmuv3 --registers registers.json --memory memory.json.gz",
            "  opensva inspect smmuv3 --registers registers.json --memory memory.json.gz \\",
            "      --stream 0x10 --iova 0xfff50000 --access write"
        })
final class SmmuV3Command extends DumpCommand<Snapshot> {

    private static final int STREAM_BITS = 32;

    @Option(names = "--stream", paramLabel = "SID", description = "StreamID of an access.")
    private @Nullable String stream;

    SmmuV3Command(PrintWriter out, Consumer<String> complaint) {
        super(out, complaint);
    }

    @Override
    String requesterOption() {
        return "--stream";
    }

    @Override
    @Nullable String requester() {
        return stream;
    }

    @Override
    int requester(String text) throws InputException {
        return (int) number(requesterOption(), text, STREAM_BITS);
    }

    @Override
    Snapshot read(Path registerFile, Path memoryFile) throws InputException {
        return DumpReader.smmuV3(registerFile, memoryFile);
    }

    @Override
    void overview(Snapshot state) {
        Overview overview = Overview.of(state);
        if (json) {
            JsonReport.print(out, overview);
        } else {
            TextReport.print(out, overview);
        }
    }

    @Override
    Explanation explanation(Snapshot state, Access access) {
        return Explainer.explain(state, access);
    }

    @Override
    Seen seen(Snapshot state, Access access) {
        return ModelRun.run(state, access);
    }
}
