package org.opensva.conformance.cli.inspect;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.cli.inspect.smmuv3.Explainer;
import org.opensva.conformance.cli.inspect.smmuv3.ModelRun;
import org.opensva.conformance.cli.inspect.smmuv3.Overview;
import org.opensva.conformance.cli.inspect.smmuv3.Snapshot;
import org.opensva.conformance.cli.replay.InputException;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Explanation.Kind;
import org.opensva.conformance.inspect.Seen;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
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
final class SmmuV3Command implements Callable<Integer> {

    private static final int GOOD = 0;
    private static final int DISAGREEMENT = 1;
    private static final int UNUSABLE = 2;
    private static final int STREAM_BITS = 32;
    private static final int PASID_BITS = 20;

    private final PrintWriter out;
    private final Consumer<String> complaint;

    @Option(
            names = "--registers",
            paramLabel = "FILE",
            required = true,
            description = "The registers, JSON.")
    private @Nullable Path registers;

    @Option(
            names = "--memory",
            paramLabel = "FILE",
            required = true,
            description = "The memory, JSON; may be compressed by gzip.")
    private @Nullable Path memory;

    @Option(names = "--stream", paramLabel = "SID", description = "StreamID of an access.")
    private @Nullable String stream;

    @Option(names = "--pasid", paramLabel = "N", description = "PASID of the access, if any.")
    private @Nullable String pasid;

    @Option(names = "--iova", paramLabel = "A", description = "Its input address.")
    private @Nullable String iova;

    @Option(
            names = "--access",
            paramLabel = "KIND",
            description = "What it does: read (the default), write or execute.")
    private Kind kind = Kind.READ;

    @Option(names = "--privileged", description = "It is privileged.")
    private boolean privileged;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    SmmuV3Command(PrintWriter out, Consumer<String> complaint) {
        this.out = out;
        this.complaint = complaint;
    }

    @Override
    public Integer call() {
        try {
            Access access = access();
            Path registerFile = registers;
            Path memoryFile = memory;
            if (registerFile == null || memoryFile == null) {
                throw new IllegalStateException("not run by picocli");
            }
            Snapshot state = DumpReader.read(registerFile, memoryFile);
            return access == null ? overview(state) : explain(state, access);
        } catch (InputException e) {
            out.flush();
            complaint.accept(String.valueOf(e.getMessage()));
            return UNUSABLE;
        }
    }

    private int overview(Snapshot state) {
        Overview overview = Overview.of(state);
        if (json) {
            JsonReport.print(out, overview);
        } else {
            TextReport.print(out, overview);
        }
        return GOOD;
    }

    private int explain(Snapshot state, Access access) {
        Explanation explanation = Explainer.explain(state, access);
        @Nullable Seen seen = null;
        String unable = "";
        try {
            seen = ModelRun.run(state, access);
        } catch (IllegalArgumentException e) {
            unable = "the model cannot be this SMMU: " + e.getMessage();
        }
        if (json) {
            JsonReport.print(out, explanation, seen, unable);
        } else {
            TextReport.print(out, explanation, seen, unable);
        }
        return seen == null || seen.agrees(explanation.ending()) ? GOOD : DISAGREEMENT;
    }

    private @Nullable Access access() throws InputException {
        if (stream == null && iova == null) {
            if (pasid != null || privileged || kind != Kind.READ) {
                throw new InputException("--stream and --iova are missing");
            }
            return null;
        }
        String streamText = stream;
        String iovaText = iova;
        if (streamText == null || iovaText == null) {
            throw new InputException("--stream and --iova belong together");
        }
        String pasidText = pasid;
        return new Access(
                (int) number("--stream", streamText, STREAM_BITS),
                pasidText == null ? -1 : (int) number("--pasid", pasidText, PASID_BITS),
                number("--iova", iovaText, Long.SIZE),
                kind,
                privileged);
    }

    private static long number(String option, String text, int bits) throws InputException {
        try {
            boolean hex = text.startsWith("0x") || text.startsWith("0X");
            long value =
                    hex
                            ? Long.parseUnsignedLong(text, 2, text.length(), 16)
                            : Long.parseUnsignedLong(text);
            if (bits == Long.SIZE || value >>> bits == 0) {
                return value;
            }
        } catch (NumberFormatException | IndexOutOfBoundsException _) {
            // Said below, as for a number that is too large.
        }
        throw new InputException(
                "%s: '%s' is not a number of up to %d bits".formatted(option, text, bits));
    }
}
