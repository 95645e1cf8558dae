package org.opensva.conformance.cli.replay;

import org.opensva.conformance.replay.Contradiction;
import org.opensva.conformance.replay.Difference;
import org.opensva.conformance.replay.Mode;
import org.opensva.conformance.replay.Recording;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * {@code opensva replay}: recordings of IOMMUs, carried out on the models.
 *
 * <p>A recording whose expectation contradicts the specification passes by architecture only if the
 * model differs from it, and in nothing but what the specification asks for; it is named with the
 * section either way. By oracle what differs fails, whatever the specification says.
 */
@Command(
        name = "replay",
        description = {
            "Replay recordings of IOMMUs on the models, and tell every difference.",
            "A directory stands for every recording below it; other JSON there is passed over."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva replay recordings/smmuv3 recordings/vtd",
            "  opensva replay --mode oracle recordings/smmuv3/evtq/overflow.json"
        })
public final class ReplayCommand implements Callable<Integer> {

    private static final int GOOD = 0;
    private static final int DIFFERENT = 1;
    private static final int UNUSABLE = 2;

    private final PrintWriter out;
    private final Consumer<String> complaint;

    @Option(
            names = "--mode",
            paramLabel = "MODE",
            description =
                    "What counts: architecture (what the architecture asks for, where the recording"
                            + " says it is something else; the default) or oracle (what was"
                            + " recorded).")
    private Mode mode = Mode.ARCHITECTURE;

    @Parameters(paramLabel = "FILE|DIR", arity = "1..*", description = "Recordings.")
    private List<Path> arguments = List.of();

    private int passed;
    private int failed;
    private int skipped;
    private int unusable;
    private int others;

    /**
     * Creates the command.
     *
     * @param out where results go
     * @param complaint takes one line for each thing that is wrong with the input
     */
    public ReplayCommand(PrintWriter out, Consumer<String> complaint) {
        this.out = out;
        this.complaint = complaint;
    }

    @Override
    public Integer call() {
        passed = 0;
        failed = 0;
        skipped = 0;
        unusable = 0;
        others = 0;
        try {
            for (RecordingFiles.Candidate candidate : RecordingFiles.find(arguments)) {
                replay(candidate);
            }
        } catch (InputException e) {
            return complain(String.valueOf(e.getMessage()));
        }
        if (passed + failed + skipped == 0) {
            return unusable > 0 ? UNUSABLE : complain("there is no recording in what was named");
        }
        if (others > 0) {
            say(
                    others == 1
                            ? "1 JSON file is no recording"
                            : others + " JSON files are no recordings");
        }
        say("%d passed, %d failed, %d skipped".formatted(passed, failed, skipped));
        if (unusable > 0) {
            return UNUSABLE;
        }
        return failed > 0 ? DIFFERENT : GOOD;
    }

    private int complain(String message) {
        out.flush();
        complaint.accept(message);
        return UNUSABLE;
    }

    private void replay(RecordingFiles.Candidate candidate) {
        Path file = candidate.path();
        try {
            Optional<RecordingReader.Head> head = RecordingReader.head(file);
            if (head.isPresent()) {
                replay(file, head.get());
            } else if (candidate.named()) {
                throw new InputException(
                        "not a recording: its 'format' is not '%s'"
                                .formatted(RecordingReader.FORMAT));
            } else {
                others++;
            }
        } catch (InputException e) {
            unusable++;
            complain("'%s': %s".formatted(file, e.getMessage()));
        }
    }

    private void replay(Path file, RecordingReader.Head head) throws InputException {
        IommuKind kind =
                IommuKind.of(head.iommu())
                        .orElseThrow(() ->
                                new InputException(
                                        "its IOMMU is '%s', not smmuv3 or vtd"
                                                .formatted(head.iommu())));
        Recording recording = RecordingReader.read(file);
        Optional<String> refusal = kind.refusal(recording);
        if (refusal.isPresent()) {
            skip(file, "the model cannot be what was recorded: " + refusal.get());
            return;
        }
        List<Difference> differences;
        try {
            differences = kind.replay(recording, mode);
        } catch (IllegalArgumentException e) {
            throw new InputException(String.valueOf(e.getMessage()), e);
        }
        Optional<Contradiction> contradiction = kind.contradiction(recording);
        if (contradiction.isPresent()) {
            contradicted(recording, differences, contradiction.get());
        } else if (differences.isEmpty()) {
            passed++;
        } else {
            failed++;
            say("failed: " + recording.name());
            tell(differences);
        }
    }

    private void contradicted(
            Recording recording, List<Difference> differences, Contradiction contradiction) {
        boolean byArchitecture = mode == Mode.ARCHITECTURE;
        boolean pass = byArchitecture ? contradiction.isSeenIn(differences) : differences.isEmpty();
        if (pass) {
            passed++;
        } else {
            failed++;
        }
        say(
                "%s: %s: the recording contradicts section %s: %s"
                        .formatted(
                                pass ? "passed" : "failed",
                                recording.name(),
                                contradiction.section(),
                                contradiction.reason()));
        if (byArchitecture && differences.isEmpty()) {
            say("  the model follows the recording, not the specification");
        }
        tell(differences);
    }

    private void skip(Path file, String reason) {
        skipped++;
        say("skipped: %s: %s".formatted(file, reason));
    }

    private void tell(List<Difference> differences) {
        for (Difference difference : differences) {
            say(
                    "  step %d: %s: expected %s, seen %s"
                            .formatted(
                                    difference.step(),
                                    difference.what(),
                                    difference.expected(),
                                    difference.actual()));
        }
    }

    /** Names come out of files: whatever would move a cursor is replaced. */
    private void say(String line) {
        out.println(line.replaceAll("[\\p{Cntrl}\u2028\u2029]", "?"));
    }
}
