package org.opensva.conformance.cli.inspect.smmuv3;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.conformance.cli.replay.RecordedFiles;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Explanation.Kind;
import org.opensva.conformance.inspect.Seen;
import org.opensva.conformance.replay.RecordedMemory;
import org.opensva.conformance.replay.Recording;
import org.opensva.conformance.replay.Step;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.Register;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;

/** The explanation and the model, which share no code but the layouts, come to the same end. */
class ExplainerTest {

    /** What software has set up by some step of a recording. */
    private static final class Setup {
        private final Map<Register, Long> registers = new EnumMap<>(Register.class);
        private final RecordedMemory memory;

        Setup(Recording recording) {
            recording
                    .identification()
                    .forEach((name, value) -> registers.put(Register.valueOf(name), value));
            memory = new RecordedMemory(recording.ram());
            recording.memory().forEach(image -> store(image.address(), image.bytes()));
        }

        /** Claims substreams, stalls and hardware updates, or what the recording claims. */
        void claim(boolean more, Recording claims) {
            long idr0 = Idr0.HTTU.set(Idr0.STALL_MODEL.set(claims.claimed("IDR0"), 0), 2);
            registers.put(
                    Register.IDR0,
                    more
                            ? Idr0.TERM_MODEL.set(idr0, 0) | Idr0.CD2L.mask()
                            : claims.claimed("IDR0"));
            registers.put(
                    Register.IDR1,
                    more ? Idr1.SSIDSIZE.set(claims.claimed("IDR1"), 20) : claims.claimed("IDR1"));
        }

        void store(long address, String hex) {
            byte[] bytes = HexFormat.of().parseHex(hex);
            memory.write(address, bytes, 0, bytes.length);
        }

        void write(Step.RegisterWrite write) {
            Register register = Register.at(write.offset());
            if (register == null || !register.isWritable()) {
                return;
            }
            long old = registers.getOrDefault(register, 0L);
            long value = write.value();
            if (write.size() == 4 && register.bytes() == 8) {
                value =
                        write.offset() == register.offset()
                                ? old & ~0xffff_ffffL | value
                                : old & 0xffff_ffffL | value << 32;
            }
            registers.put(register, value & register.writeMask());
        }

        Snapshot snapshot() {
            return new Snapshot(registers, memory.copy(List.of()));
        }
    }

    private static void compare(String where, Snapshot state, Access access, Set<String> seen) {
        Explanation explanation = Explainer.explain(state, access);
        Seen model = ModelRun.run(state, access);
        assertTrue(
                model.agrees(explanation.ending()),
                () -> where + ": " + access + ": " + explanation.ending() + " but " + model);
        if (explanation.ending() instanceof Explanation.Faulted fault) {
            seen.add(fault.fault());
        }
    }

    @Test
    void everyAccessOfEveryRecordingIsExplainedAsTheModelDoesIt() {
        Set<String> seen = new TreeSet<>();
        for (Path file : RecordedFiles.of("smmuv3")) {
            Recording recording = RecordedFiles.read(file);
            Setup setup = new Setup(recording);
            int index = 0;
            for (Step step : recording.steps()) {
                switch (step) {
                    case Step.RegisterWrite write -> setup.write(write);
                    case Step.MemoryWrite write -> setup.store(write.address(), write.bytes());
                    case Step.Request request -> {
                        for (Kind kind : Kind.values()) {
                            Access access =
                                    new Access(
                                            request.requester(),
                                            -1,
                                            request.address(),
                                            kind,
                                            request.privileged());
                            compare(
                                    recording.name() + " step " + index,
                                    setup.snapshot(),
                                    access,
                                    seen);
                        }
                    }
                    default -> {}
                }
                index++;
            }
        }
        assertTrue(seen.size() >= 9, () -> "few events: " + seen);
    }

    /** Bits of tables and of the registers that shape them flip; the two still agree. */
    @Test
    void damagedTablesAreExplainedAsTheModelTakesThem() {
        SplittableRandom random = new SplittableRandom(4);
        Set<String> seen = new TreeSet<>();
        for (Path file : RecordedFiles.of("smmuv3")) {
            Recording recording = RecordedFiles.read(file);
            Setup setup = new Setup(recording);
            List<Step.Request> requests = new ArrayList<>();
            for (Step step : recording.steps()) {
                switch (step) {
                    case Step.RegisterWrite write -> setup.write(write);
                    case Step.MemoryWrite write -> setup.store(write.address(), write.bytes());
                    case Step.Request request -> requests.add(request);
                    default -> {}
                }
            }
            if (requests.isEmpty() || recording.memory().isEmpty()) {
                continue;
            }
            for (int round = 0; round < 40; round++) {
                Recording.Image image =
                        recording.memory().get(random.nextInt(recording.memory().size()));
                long at = image.address() + random.nextInt(image.bytes().length() / 2) & -8L;
                long before = setup.memory.readLong(at);
                setup.memory.writeLong(at, before ^ 1L << random.nextInt(64));
                setup.claim(random.nextBoolean(), recording);
                Step.Request request = requests.get(random.nextInt(requests.size()));
                Access access =
                        new Access(
                                request.requester(),
                                random.nextInt(4) == 0 ? random.nextInt(4) : -1,
                                request.address(),
                                Kind.values()[random.nextInt(3)],
                                random.nextBoolean());
                compare(recording.name() + " round " + round, setup.snapshot(), access, seen);
                setup.memory.writeLong(at, before);
            }
        }
        assertTrue(seen.size() >= 9, () -> "few events: " + seen);
    }
}
