package org.opensva.conformance.cli.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.opensva.conformance.replay.Difference;
import org.opensva.conformance.replay.Mode;
import org.opensva.conformance.replay.Recording;
import org.opensva.conformance.replay.Step;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/** A recording that expects something else is told to differ, at the step and by the field. */
class ChangedRecordingsTest {

    private static final int CHANGES = Integer.getInteger("opensva.replay.changes", 2);

    @Test
    void everyExpectationThatIsChangedIsReportedAtItsStep() {
        SplittableRandom random = new SplittableRandom(11);
        Set<String> kinds = new HashSet<>();
        int changed = 0;
        for (Path file : RecordedFiles.of("smmuv3")) {
            Recording recording = RecordedFiles.read(file);
            if (IommuKind.SMMUV3.contradiction(recording).isPresent()) {
                continue;
            }
            for (int i = 0; i < CHANGES; i++) {
                int rare = i == 0 ? interrupts(recording) : -1;
                int at = rare >= 0 ? rare : random.nextInt(recording.steps().size());
                Step other = changed(recording.steps().get(at), random);
                if (other == null) {
                    continue;
                }
                List<Step> steps = new ArrayList<>(recording.steps());
                steps.set(at, other);
                Recording mutant =
                        new Recording(
                                recording.name(),
                                recording.quirk(),
                                recording.identification(),
                                recording.ram(),
                                recording.memory(),
                                steps);
                List<Difference> differences = IommuKind.SMMUV3.replay(mutant, Mode.ARCHITECTURE);
                String where = recording.name() + " step " + at + " " + other;
                assertFalse(differences.isEmpty(), where);
                assertTrue(differences.stream().allMatch(d -> d.step() == at), where + differences);
                assertFalse(differences.getFirst().what().isBlank(), where);
                kinds.add(other.getClass().getSimpleName());
                changed++;
            }
        }
        assertTrue(changed > 150, changed + " changes");
        assertEquals(Set.of("RegisterRead", "MemoryExpectation", "Request", "Interrupts"), kinds);
    }

    /** The rarest kind of step, where there is one. */
    private static int interrupts(Recording recording) {
        for (int i = 0; i < recording.steps().size(); i++) {
            if (recording.steps().get(i) instanceof Step.Interrupts) {
                return i;
            }
        }
        return -1;
    }

    @Test
    void aRecordingWithoutQuirkComesOutInBothModes() {
        int replayed = 0;
        for (Path file : RecordedFiles.of("smmuv3")) {
            Recording recording = RecordedFiles.read(file);
            if (recording.quirk() != null
                    || IommuKind.SMMUV3.contradiction(recording).isPresent()) {
                continue;
            }
            assertEquals(
                    List.of(), IommuKind.SMMUV3.replay(recording, Mode.ORACLE), recording.name());
            replayed++;
        }
        assertTrue(replayed > 200, replayed + " recordings");
    }

    /** The step with another expectation, or null if it has none that counts. */
    private static @Nullable Step changed(Step step, SplittableRandom random) {
        return switch (step) {
            case Step.RegisterRead read -> {
                long bits = read.mask() & (read.size() == 4 ? 0xffff_ffffL : -1L);
                if (bits == 0) {
                    yield null;
                }
                long flip = Long.highestOneBit(bits & bit(bits, random));
                Long architecture = read.architecture();
                yield new Step.RegisterRead(
                        read.register(),
                        read.offset(),
                        read.size(),
                        read.expected() ^ flip,
                        read.mask(),
                        architecture == null ? null : architecture ^ flip);
            }
            case Step.MemoryExpectation memory ->
                    memory.absent() || memory.architectureBytes() != null
                            ? null
                            : memory(memory, random);
            case Step.Request request ->
                    request.permitted().isEmpty() && request.architecture() == null
                            ? new Step.Request(
                                    request.requester(),
                                    request.pasid(),
                                    request.address(),
                                    request.length(),
                                    request.data(),
                                    request.privileged(),
                                    request.instruction(),
                                    opposite(request.expected()),
                                    request.permitted(),
                                    null)
                            : null;
            case Step.Interrupts interrupts -> {
                Map<String, Integer> counts = interrupts.architecture();
                Map<String, Integer> more =
                        new HashMap<>(counts == null ? interrupts.recorded() : counts);
                String line = more.keySet().stream().sorted().findFirst().orElseThrow();
                more.merge(line, 1, Integer::sum);
                yield new Step.Interrupts(more, counts == null ? null : more);
            }
            default -> null;
        };
    }

    private static long bit(long bits, SplittableRandom random) {
        long chosen = bits;
        for (int i = random.nextInt(Long.bitCount(bits)); i > 0; i--) {
            chosen &= chosen - 1;
        }
        return Long.lowestOneBit(chosen);
    }

    private static @Nullable Step memory(Step.MemoryExpectation memory, SplittableRandom random) {
        String mask = memory.mask();
        int digits = memory.bytes().length();
        int start = random.nextInt(digits);
        for (int i = 0; i < digits; i++) {
            int at = (start + i) % digits;
            int counts = mask == null ? 0xf : Character.digit(mask.charAt(at), 16);
            if (counts != 0) {
                int flip = Integer.lowestOneBit(counts);
                int digit = Character.digit(memory.bytes().charAt(at), 16) ^ flip;
                StringBuilder bytes = new StringBuilder(memory.bytes());
                bytes.setCharAt(at, Character.forDigit(digit, 16));
                return new Step.MemoryExpectation(
                        memory.what(),
                        memory.address(),
                        bytes.toString(),
                        mask,
                        memory.architectureAddress(),
                        null,
                        false);
            }
        }
        return null;
    }

    private static Step.Outcome opposite(Step.Outcome outcome) {
        List<Step.Segment> segments = new ArrayList<>();
        for (Step.Segment segment : outcome.segments()) {
            Long physical = segment.physical();
            segments.add(
                    new Step.Segment(
                            segment.address(),
                            segment.length(),
                            physical == null ? Long.valueOf(segment.address()) : null));
        }
        return new Step.Outcome(!outcome.complete(), segments, null);
    }
}
