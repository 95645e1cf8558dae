package org.opensva.conformance.cli.inspect.vtd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.conformance.cli.replay.RecordedFiles;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Explanation.Kind;
import org.opensva.conformance.inspect.Section;
import org.opensva.conformance.inspect.Section.Node;
import org.opensva.conformance.inspect.Seen;
import org.opensva.conformance.replay.RecordedMemory;
import org.opensva.conformance.replay.Recording;
import org.opensva.conformance.replay.Step;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.Register;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;

/** The explanation and the model, which share no code but the layouts, come to the same end. */
class ExplainerTest {

    private static final int ROUNDS = 1_500;

    /** What software has set up by some step of a recording. */
    private static final class Setup {
        private final Map<Long, Integer> words = new HashMap<>();
        private final Map<Long, Integer> written = new HashMap<>();
        private final RecordedMemory memory;

        Setup(Recording recording) {
            put(words, Register.CAP.offset(), 8, recording.claimed("CAP"));
            put(words, Register.ECAP.offset(), 8, recording.claimed("ECAP"));
            memory = new RecordedMemory(recording.ram());
            recording.memory().forEach(image -> store(image.address(), image.bytes()));
        }

        private static void put(Map<Long, Integer> words, long offset, int size, long value) {
            words.put(offset, (int) value);
            if (size == 8) {
                words.put(offset + 4, (int) (value >>> 32));
            }
        }

        void store(long address, String hex) {
            byte[] bytes = HexFormat.of().parseHex(hex);
            memory.write(address, bytes, 0, bytes.length);
        }

        /** Table addresses count from the command that takes them over. */
        void write(Step.RegisterWrite write) {
            put(written, write.offset(), write.size(), write.value());
            if (write.offset() == Register.GCMD.offset()) {
                take(Gcmd.SRTP.isSet(write.value()), Register.RTADDR);
                take(Gcmd.SIRTP.isSet(write.value()), Register.IRTA);
                long on = Gcmd.TE.mask() | Gcmd.IRE.mask();
                words.put((long) Register.GSTS.offset(), (int) (write.value() & on));
            }
        }

        private void take(boolean command, Register register) {
            if (command) {
                for (long at = register.offset(); at < register.offset() + 8L; at += 4) {
                    words.put(at, written.getOrDefault(at, 0));
                }
            }
        }

        Snapshot snapshot() {
            return new Snapshot(words, memory.copy(List.of()));
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
        for (Path file : RecordedFiles.of("vtd")) {
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
                                            request.pasid(),
                                            request.address(),
                                            kind,
                                            false);
                            String where = recording.name() + " step " + index;
                            compare(where, setup.snapshot(), access, seen);
                        }
                    }
                    default -> {}
                }
                index++;
            }
        }
        assertTrue(seen.size() >= 28, () -> "few faults: " + seen);
    }

    private static MadeDump made(SplittableRandom random, int pasid, long address) {
        int leaf = 1 + random.nextInt(3);
        return switch (random.nextInt(7)) {
            case 0 -> MadeDump.legacy(3 + random.nextInt(3), leaf, address);
            case 1 -> MadeDump.legacyPassThrough();
            case 2 -> MadeDump.passThrough(pasid);
            case 3 -> MadeDump.second(pasid, 3 + random.nextInt(3), leaf, address);
            case 4 -> MadeDump.nested(pasid, 4 + random.nextInt(2), 4 + random.nextInt(2), address);
            default -> MadeDump.first(pasid, 4 + random.nextInt(2), leaf, address);
        };
    }

    /** Systems that no recording is of, sound ones and with a bit of some structure changed. */
    @Test
    void systemsOfEveryKindAreExplainedAsTheModelTakesThem() {
        SplittableRandom random = new SplittableRandom(41);
        Set<String> seen = new TreeSet<>();
        for (int round = 0; round < ROUNDS; round++) {
            int pasid = random.nextInt(3) == 0 ? 0 : random.nextInt(1 << 20);
            long address = random.nextLong() >>> 26 & -8L;
            MadeDump dump = made(random, pasid, address);
            for (int damage = random.nextInt(3); damage > 0; damage--) {
                long at = dump.written.get(random.nextInt(dump.written.size()));
                dump.memory.writeLong(at, dump.memory.readLong(at) ^ 1L << random.nextInt(64));
            }
            boolean legacy = (dump.words.get((long) Register.RTADDR.offset()) & 1 << 10) == 0;
            boolean own = legacy || pasid == 0 && random.nextBoolean();
            int asked = random.nextInt(20) == 0 ? random.nextInt(1 << 20) : pasid;
            Access access =
                    new Access(
                            random.nextInt(30) == 0 ? random.nextInt(1 << 16) : MadeDump.FUNCTION,
                            own ? -1 : asked,
                            random.nextInt(10) == 0 ? address ^ 1L << random.nextInt(64) : address,
                            Kind.values()[random.nextInt(3)],
                            random.nextInt(4) == 0);
            compare("round " + round, dump.snapshot(), access, seen);
        }
        assertTrue(seen.size() >= 25, () -> "few faults: " + seen);
    }

    private static long reached(MadeDump dump, int pasid, long address) {
        Access access = new Access(MadeDump.FUNCTION, pasid, address, Kind.WRITE, false);
        Set<String> none = new TreeSet<>();
        compare("sound", dump.snapshot(), access, none);
        assertEquals(Set.of(), none);
        return switch (Explainer.explain(dump.snapshot(), access).ending()) {
            case Explanation.Translated translated -> translated.address();
            case Explanation.Ending other -> throw new AssertionError(other.toString());
        };
    }

    @Test
    void soundSystemsOfEveryKindReachThePage() {
        long address = 0x12_3456_7ab8L;
        for (int levels = 3; levels <= 5; levels++) {
            for (int leaf = 1; leaf <= 3; leaf++) {
                long within = address & (1L << 3 + 9 * leaf) - 1;
                long page = MadeDump.OUTPUT & -1L << 3 + 9 * leaf;
                MadeDump second = MadeDump.second(5, levels, leaf, address);
                assertEquals(page | within, reached(second, 5, address));
                MadeDump legacy = MadeDump.legacy(levels, leaf, address);
                assertEquals(page | within, reached(legacy, -1, address));
                if (levels > 3) {
                    MadeDump first = MadeDump.first(0xfffff, levels, leaf, address);
                    assertEquals(page | within, reached(first, 0xfffff, address));
                }
            }
        }
        assertEquals(0x5432_1ab8L, reached(MadeDump.nested(7, 5, 4, address), 7, address));
        assertEquals(address, reached(MadeDump.passThrough(0), -1, address));
        assertEquals(address, reached(MadeDump.legacyPassThrough(), -1, address));
    }

    private static String text(List<Section> sections) {
        StringBuilder text = new StringBuilder();
        sections.forEach(section -> section.nodes().forEach(node -> add(text, node)));
        return text.toString();
    }

    private static void add(StringBuilder text, Node node) {
        text.append(node.text()).append('\n');
        node.children().forEach(child -> add(text, child));
    }

    @Test
    void everyKindOfSystemIsListedWithItsTables() {
        assertTrue(
                text(Overview.of(MadeDump.legacy(3, 2, 0x4000_0000L).snapshot()))
                        .contains(
                                "01:15.0 (0x1a8): second stage, domain 7\n"
                                        + "second-stage table of 3 levels at 0x203000: 1 page of 2"
                                        + " MB, from 0x40000000 to 0x401fffff\n"));
        assertTrue(
                text(Overview.of(MadeDump.legacyPassThrough().snapshot()))
                        .contains("01:15.0 (0x1a8): pass-through, domain 0\n"));
        String first = text(Overview.of(MadeDump.first(0x12345, 5, 1, -4096L).snapshot()));
        assertTrue(first.contains("PASID 0x12345: first stage, domain 9\n"), first);
        assertTrue(
                first.contains("1 page of 4 KB, from 0xfffffffffffff000 to 0xffffffffffffffff\n"),
                first);
        String nested = text(Overview.of(MadeDump.nested(3, 4, 5, 0x1000).snapshot()));
        assertTrue(nested.contains("PASID 0x3: first stage through second stage"), nested);
        assertTrue(nested.contains("second-stage table of 5 levels at "), nested);
        assertTrue(nested.contains("first-stage table of 4 levels at the guest's 0x40000000"));
    }

    /** Tables that lead to themselves from everywhere are listed in bounded time. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void tablesThatLeadToThemselvesAreCutShort(int mode) {
        RecordedMemory memory = new RecordedMemory(List.of(new Recording.Ram(0, 0x10_0000)));
        for (long at = 0; at < 0x2_0000; at += 8) {
            memory.writeLong(at, 0x1003 | (at & 0x38) * 0x200);
        }
        MadeDump claims = MadeDump.passThrough(0);
        claims.register(Register.RTADDR, 0x1000 | mode << 10);
        claims.register(Register.IQA, 0x1007);
        claims.register(Register.IRTA, 0x100f);
        List<Section> sections = Overview.of(new Snapshot(claims.words, memory));
        assertTrue(sections.size() > 5);
    }
}
