package org.opensva.conformance.cli.inspect;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.cli.replay.InputException;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Explanation.Kind;
import org.opensva.conformance.inspect.Seen;

import picocli.CommandLine.Option;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * What the commands about one kind of IOMMU each have in common: which files, and which access.
 *
 * @param <S> the state of that kind of IOMMU
 */
abstract class DumpCommand<S> implements Callable<Integer> {

    private static final int GOOD = 0;
    private static final int DISAGREEMENT = 1;
    private static final int UNUSABLE = 2;
    private static final int PASID_BITS = 20;

    final PrintWriter out;
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
    boolean json;

    DumpCommand(PrintWriter out, Consumer<String> complaint) {
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
            S state = read(registerFile, memoryFile);
            if (access != null) {
                return explain(state, access);
            }
            overview(state);
            return GOOD;
        } catch (InputException e) {
            out.flush();
            complaint.accept(String.valueOf(e.getMessage()));
            return UNUSABLE;
        }
    }

    /** The option that says who makes the access. */
    abstract String requesterOption();

    /** What was given for it, if anything. */
    abstract @Nullable String requester();

    /** What it stands for. */
    abstract int requester(String text) throws InputException;

    abstract S read(Path registerFile, Path memoryFile) throws InputException;

    /** Prints all of a dump. */
    abstract void overview(S state);

    /** Follows an access. */
    abstract Explanation explanation(S state, Access access);

    /**
     * Has the model do the same.
     *
     * @throws IllegalArgumentException if the model cannot be what the dump is of
     */
    abstract Seen seen(S state, Access access);

    private int explain(S state, Access access) {
        Explanation explanation = explanation(state, access);
        @Nullable Seen seen = null;
        String unable = "";
        try {
            seen = seen(state, access);
        } catch (IllegalArgumentException e) {
            unable = "the model cannot be this IOMMU: " + e.getMessage();
        }
        if (json) {
            JsonReport.print(out, explanation, seen, unable);
        } else {
            TextReport.print(out, explanation, seen, unable);
        }
        return seen == null || seen.agrees(explanation.ending()) ? GOOD : DISAGREEMENT;
    }

    private @Nullable Access access() throws InputException {
        String requesterText = requester();
        String iovaText = iova;
        String option = requesterOption();
        if (requesterText == null && iovaText == null) {
            if (pasid != null || privileged || kind != Kind.READ) {
                throw new InputException("%s and --iova are missing".formatted(option));
            }
            return null;
        }
        if (requesterText == null || iovaText == null) {
            throw new InputException("%s and --iova belong together".formatted(option));
        }
        String pasidText = pasid;
        return new Access(
                requester(requesterText),
                pasidText == null ? -1 : (int) number("--pasid", pasidText, PASID_BITS),
                number("--iova", iovaText, Long.SIZE),
                kind,
                privileged);
    }

    static long number(String option, String text, int bits) throws InputException {
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
