package org.opensva.conformance.cli.inspect;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.cli.inspect.vtd.Explainer;
import org.opensva.conformance.cli.inspect.vtd.ModelRun;
import org.opensva.conformance.cli.inspect.vtd.Overview;
import org.opensva.conformance.cli.inspect.vtd.Snapshot;
import org.opensva.conformance.cli.replay.InputException;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Section;
import org.opensva.conformance.inspect.Seen;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code opensva inspect vtd}. */
@Command(
        name = "vtd",
        description = {
            "Decode the registers, tables and queues of a VT-d remapping unit.",
            "With --rid and --iova, explain that translation step by step instead."
        },
        exitCodeList = {
            "0:good",
            "1:the explanation and the model do not agree",
            "2:wrong usage or input; one line on standard error says why",
            "70:a fault of the suite itself"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva inspect vtd --registers registers.json --memory memory.json.gz",
            "  opensva inspect vtd --registers registers.json --memory memory.json.gz \\",
            "      --rid 00:02.0 --iova 0xffee8000 --access write"
        })
final class VtdCommand extends DumpCommand<Snapshot> {

    private static final int SOURCE_BITS = 16;
    private static final Pattern FUNCTION =
            Pattern.compile("([0-9a-fA-F]{1,2}):([01]?[0-9a-fA-F])\\.([0-7])");

    @Option(
            names = "--rid",
            paramLabel = "RID",
            description = "Requester id of an access, a number or bus:device.function.")
    private @Nullable String rid;

    VtdCommand(PrintWriter out, Consumer<String> complaint) {
        super(out, complaint);
    }

    @Override
    String requesterOption() {
        return "--rid";
    }

    @Override
    @Nullable String requester() {
        return rid;
    }

    @Override
    int requester(String text) throws InputException {
        Matcher function = FUNCTION.matcher(text);
        if (function.matches()) {
            return Integer.parseInt(function.group(1), 16) << 8
                    | Integer.parseInt(function.group(2), 16) << 3
                    | Integer.parseInt(function.group(3));
        }
        return (int) number(requesterOption(), text, SOURCE_BITS);
    }

    @Override
    Snapshot read(Path registerFile, Path memoryFile) throws InputException {
        return DumpReader.vtd(registerFile, memoryFile);
    }

    @Override
    void overview(Snapshot state) {
        List<Section> sections = Overview.of(state);
        if (json) {
            JsonReport.print(out, sections);
        } else {
            TextReport.print(out, sections);
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
