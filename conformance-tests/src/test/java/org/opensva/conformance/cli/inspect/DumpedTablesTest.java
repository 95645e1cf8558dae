package org.opensva.conformance.cli.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.conformance.cli.Console;
import org.opensva.conformance.cli.Main;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.PageRequestEntry;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;
import org.opensva.smmuv3.model.SmmuProfile;

import tools.jackson.databind.json.JsonMapper;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Dumps of every shape that tables can have: granules, levels, stages and substreams. */
class DumpedTablesTest {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final long RAM = 0x8000_0000L;
    private static final long RAM_BYTES = 1L << 28;
    private static final int STREAM = 0x43;
    private static final long PAGE_RW = 1L << 10 | 3L << 8 | 1L << 6 | 0b11;
    private static final long STAGE2_RW = 1L << 10 | 3L << 8 | 3L << 6 | 0xfL << 2 | 0b11;

    @TempDir Path folder;

    private final Map<Long, Long> words = new TreeMap<>();
    private final Map<Register, Long> registers = new EnumMap<>(Register.class);
    private long next = RAM;

    /** How contexts are found. */
    enum Contexts {
        SINGLE(0, StreamTableEntry.S1FMT_LINEAR, -1),
        LINEAR(4, StreamTableEntry.S1FMT_LINEAR, 9),
        SMALL_LEAVES(12, StreamTableEntry.S1FMT_4K_L2, 0x7c1),
        LARGE_LEAVES(20, StreamTableEntry.S1FMT_64K_L2, 0xf_fffe);

        final int bits;
        final int format;
        final int pasid;

        Contexts(int bits, int format, int pasid) {
            this.bits = bits;
            this.format = format;
            this.pasid = pasid;
        }
    }

    private long allocate(long bytes) {
        next = next + bytes - 1 & -bytes;
        long at = next;
        next += bytes;
        return at;
    }

    private void store(long address, long... values) {
        for (int i = 0; i < values.length; i++) {
            words.put(address + 8L * i, values[i]);
        }
    }

    private long load(long address) {
        return words.getOrDefault(address, 0L);
    }

    private void identify(SmmuProfile profile) {
        registers.put(Register.IDR0, profile.idr0());
        registers.put(Register.IDR1, profile.idr1());
        registers.put(Register.IDR3, profile.idr3());
        registers.put(Register.IDR5, profile.idr5());
        registers.put(Register.AIDR, profile.aidr());
        registers.put(Register.CR0, 0xdL);
        registers.put(Register.CR2, 2L);
    }

    private void map(
            long table, Granule granule, int first, long address, long target, long attributes) {
        long at = table + (address >>> granule.levelShift(first) << 3);
        for (int level = first; level < 3; level++) {
            if (load(at) == 0) {
                store(at, allocate(granule.bytes()) | 3);
            }
            long index = address >>> granule.levelShift(level + 1) & granule.bytes() / 8 - 1;
            at = (load(at) & -granule.bytes()) + (index << 3);
        }
        store(at, target | attributes);
    }

    private static int firstLevel(Granule granule, int bits) {
        return 3 - (bits - 1 - granule.shift()) / granule.bitsPerLevel();
    }

    /** At stage 2 up to sixteen tables side by side take the place of one above them. */
    private static int firstLevel2(Granule granule, int bits) {
        return firstLevel(granule, Math.max(bits - 4, granule.shift() + 1));
    }

    /** The table of a context; the address is in its lower half. */
    private long[] context(long table, Granule granule, int bits, int asid) {
        long[] cd = new long[8];
        ContextDescriptor.V.put(cd, 0, 1);
        ContextDescriptor.AA64.put(cd, 0, 1);
        ContextDescriptor.T0SZ.put(cd, 0, 64 - bits);
        ContextDescriptor.TG0.put(cd, 0, granule.tg0());
        ContextDescriptor.EPD1.put(cd, 0, 1);
        ContextDescriptor.IPS.put(cd, 0, 5);
        ContextDescriptor.R.put(cd, 0, 1);
        ContextDescriptor.A.put(cd, 0, 1);
        ContextDescriptor.ASID.put(cd, 0, asid);
        cd[1] |= table;
        return cd;
    }

    private long contexts(Contexts shape, long[] cd) {
        int index = Math.max(0, shape.pasid);
        if (shape.format == StreamTableEntry.S1FMT_LINEAR) {
            long table = allocate(64L << shape.bits);
            store(table + 64L * index, cd);
            return table;
        }
        int split = shape.format == StreamTableEntry.S1FMT_4K_L2 ? 6 : 10;
        long table = allocate(8L << shape.bits - split);
        long leaf = allocate(64L << split);
        store(table + 8L * (index >>> split), leaf | 1);
        store(leaf + 64L * (index & (1 << split) - 1), cd);
        return table;
    }

    private void stream(boolean twoLevels, long[] ste) {
        if (!twoLevels) {
            long table = allocate(64 << 8);
            registers.put(Register.STRTAB_BASE, table);
            registers.put(Register.STRTAB_BASE_CFG, 8L);
            store(table + 64L * STREAM, ste);
            return;
        }
        long level1 = allocate(8 << 2);
        long level2 = allocate(64 << 6);
        registers.put(Register.STRTAB_BASE, level1 & -64L);
        registers.put(Register.STRTAB_BASE_CFG, 8L | 6 << 6 | 1 << 16);
        store((level1 & -64L) + 8L * (STREAM >>> 6), level2 | 7);
        store(level2 + 64L * (STREAM & 63), ste);
    }

    private record Result(int status, String out, String err) {}

    private Path write(String name, Object document) throws IOException {
        return Files.writeString(folder.resolve(name), JSON.writeValueAsString(document));
    }

    private Result inspect(String... more) throws IOException {
        List<Object> listed = new ArrayList<>();
        registers.forEach((register, value) ->
                listed.add(
                        Map.of(
                                "name",
                                register.name(),
                                "offset",
                                "0x" + Long.toHexString(register.offset()),
                                "size",
                                register.bytes(),
                                "value",
                                "0x" + Long.toHexString(value))));
        List<Object> images = new ArrayList<>();
        words.forEach((address, value) ->
                images.add(
                        Map.of(
                                "addr",
                                "0x" + Long.toHexString(address),
                                "hex",
                                "%016x".formatted(Long.reverseBytes(value)))));
        Path first = write("registers.json", Map.of("registers", listed));
        Map<String, String> ram =
                Map.of(
                        "base", "0x" + Long.toHexString(RAM),
                        "size", "0x" + Long.toHexString(RAM_BYTES));
        Path second = write("memory.json", Map.of("ram", List.of(ram), "memory", images));
        return inspect(first, second, more);
    }

    private static Result inspect(Path first, Path second, String... more) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Console console =
                new Console(
                        new ByteArrayInputStream(new byte[0]),
                        out,
                        err,
                        StandardCharsets.UTF_8,
                        Console.Terminals.NONE,
                        Map.of());
        List<String> args = new ArrayList<>(List.of("inspect", "smmuv3"));
        args.addAll(List.of("--registers", first.toString(), "--memory", second.toString()));
        args.addAll(List.of(more));
        int status = Main.execute(console, args.toArray(String[]::new));
        return new Result(
                status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private void assertReaches(long iova, int pasid, long physical, String what)
            throws IOException {
        List<String> args = new ArrayList<>();
        args.addAll(List.of("--stream", Integer.toString(STREAM)));
        args.addAll(List.of("--iova", "0x" + Long.toHexString(iova)));
        if (pasid >= 0) {
            args.addAll(List.of("--pasid", Integer.toString(pasid)));
        }
        Result result = inspect(args.toArray(String[]::new));
        assertEquals(0, result.status(), what + result.out() + result.err());
        assertTrue(result.out().contains("0x" + Long.toHexString(physical)), what + result.out());
        assertTrue(result.out().endsWith("the model agrees\n"), what + result.out());
    }

    private static long[] stage1(long table, Contexts shape) {
        long[] ste = new long[8];
        StreamTableEntry.V.put(ste, 0, 1);
        StreamTableEntry.CONFIG.put(ste, 0, StreamTableEntry.CONFIG_S1);
        StreamTableEntry.S1CDMAX.put(ste, 0, shape.bits);
        StreamTableEntry.S1FMT.put(ste, 0, shape.format);
        StreamTableEntry.S1DSS.put(ste, 0, StreamTableEntry.S1DSS_TERMINATE);
        ste[0] |= table;
        return ste;
    }

    private void stage2(long[] ste, long table, Granule granule, int bits) {
        StreamTableEntry.V.put(ste, 0, 1);
        int config = (int) StreamTableEntry.CONFIG.get(ste[0]);
        StreamTableEntry.CONFIG.put(ste, 0, config | StreamTableEntry.CONFIG_S2);
        StreamTableEntry.S2VMID.put(ste, 0, 5);
        StreamTableEntry.S2T0SZ.put(ste, 0, 64 - bits);
        int level = firstLevel2(granule, bits);
        StreamTableEntry.S2SL0.put(ste, 0, (granule == Granule.K4 ? 2 : 3) - level);
        StreamTableEntry.S2TG.put(ste, 0, granule.tg0());
        StreamTableEntry.S2PS.put(ste, 0, 5);
        StreamTableEntry.S2AA64.put(ste, 0, 1);
        StreamTableEntry.S2R.put(ste, 0, 1);
        ste[3] |= table;
    }

    @ParameterizedTest
    @EnumSource(Contexts.class)
    void stage1OfEveryGranuleIsFoundThroughEveryKindOfContextTable(Contexts shape)
            throws IOException {
        for (Granule granule : Granule.values()) {
            for (boolean twoLevels : new boolean[] {false, true}) {
                for (int bits : new int[] {36, 39, 42, 47, 48}) {
                    words.clear();
                    next = RAM;
                    identify(SmmuProfile.sva());
                    long table = allocate(granule.bytes());
                    long page = allocate(granule.bytes());
                    long iova = (0x1234_5678_9abcL & (1L << bits) - 1) & -granule.bytes();
                    map(table, granule, firstLevel(granule, bits), iova, page, PAGE_RW);
                    long[] cd = context(table, granule, bits, 7);
                    stream(twoLevels, stage1(contexts(shape, cd), shape));
                    String what = shape + " " + granule + " " + bits + " " + twoLevels + "\n";
                    assertReaches(iova + 0x123, shape.pasid, page + 0x123, what);
                    Result all = inspect();
                    assertEquals(0, all.status(), all.err());
                    assertTrue(all.out().contains("stage 1"), what + all.out());
                    assertTrue(all.out().contains("ASID=7"), what + all.out());
                }
            }
        }
    }

    @Test
    void stage2AndNestedTablesOfEveryGranuleAreFollowed() throws IOException {
        for (Granule outer : Granule.values()) {
            for (int bits : new int[] {36, 40, 44, 48}) {
                words.clear();
                next = RAM;
                identify(SmmuProfile.nested());
                // The first table may be several side by side.
                long table = allocate(outer.bytes() * 16);
                long page = allocate(outer.bytes());
                int first = firstLevel2(outer, bits);
                long ipa = 0x9_8765_4321L & -outer.bytes();
                map(table, outer, first, ipa, page, STAGE2_RW);
                long[] ste = new long[8];
                stage2(ste, table, outer, bits);
                stream(true, ste);
                assertReaches(ipa + 0x45, -1, page + 0x45, "stage 2 " + outer + " " + bits + "\n");
            }
            for (Granule inner : Granule.values()) {
                words.clear();
                next = RAM;
                identify(SmmuProfile.nested());
                long second = allocate(outer.bytes() * 16);
                int first = firstLevel2(outer, 40);
                long table = allocate(inner.bytes());
                long page = allocate(inner.bytes());
                long iova = 0x77_1234_0000L & -inner.bytes();
                map(table, inner, firstLevel(inner, 39), iova, page, PAGE_RW);
                Contexts shape = Contexts.SMALL_LEAVES;
                long contexts = contexts(shape, context(table, inner, 39, 3));
                long end = next;
                // The guest sees its memory where it is.
                for (long at = RAM; at < end; at += outer.bytes()) {
                    map(second, outer, first, at, at, STAGE2_RW);
                }
                long[] ste = stage1(contexts, shape);
                stage2(ste, second, outer, 40);
                stream(false, ste);
                String what = "nested " + inner + " in " + outer + "\n";
                assertReaches(iova + 0x89, shape.pasid, page + 0x89, what);
            }
        }
    }

    // ---- queues ----

    @Test
    void everyCommandEventAndPageRequestIsDecodedByName() throws IOException {
        identify(SmmuProfile.nested());
        long commands = allocate(16 << 7);
        int count = 0;
        for (Opcode opcode : Opcode.values()) {
            store(commands + 16L * count++, opcode.code(), 0);
        }
        registers.put(Register.CMDQ_BASE, commands | 7);
        registers.put(Register.CMDQ_PROD, (long) count);
        registers.put(Register.CMDQ_CONS, 2L);
        long events = allocate(32 << 5);
        int records = 0;
        for (EventType type : EventType.values()) {
            store(events + 32L * records++, type.number() | (long) STREAM << 32, 0, 0, 0);
        }
        registers.put(Register.EVENTQ_BASE, events | 5);
        registers.put(Register.EVENTQ_PROD, (long) records);
        long requests = allocate(16 << 4);
        for (int i = 0; i < 16; i++) {
            store(
                    requests + 16L * i,
                    PageRequestEntry.word0(STREAM, true, 9, true, i > 7, false, false, i == 15),
                    PageRequestEntry.word1(0x5000L + 4096 * i, i));
        }
        registers.put(Register.PRIQ_BASE, requests | 4);
        registers.put(Register.PRIQ_PROD, 1L << 31 | 0x13);
        registers.put(Register.PRIQ_CONS, 0x3L);
        String out = inspect().out();
        List<String> lines = out.lines().toList();
        for (Opcode opcode : Opcode.values()) {
            String state = opcode.ordinal() < 2 ? "consumed" : "pending";
            String name = opcode.structure().name();
            assertTrue(
                    lines.stream().anyMatch(l -> l.matches(".*" + state + " +" + name + " at .*")),
                    name + "\n" + out);
        }
        for (EventType type : EventType.values()) {
            assertTrue(
                    lines.stream()
                            .anyMatch(l ->
                                    l.matches(".*pending +" + type.name() + " at .*")
                                            && l.contains("StreamID=0x43")),
                    type.name());
        }
        assertTrue(out.contains("full, overflowed"), out);
        assertEquals(
                16, lines.stream().filter(l -> l.matches(".*pending +PAGE_REQUEST at .*")).count());
        assertTrue(out.contains("PRGIndex=0xf"), out);
        // What is no command and no event is told by its number.
        store(commands, 0xee, 0);
        store(events, 0x77, 0, 0, 0);
        out = inspect().out();
        assertTrue(out.contains("unknown command 0xee"), out);
        assertTrue(out.contains("unknown event 0x77"), out);
    }

    // ---- hostile files ----

    @Test
    void hostileDumpsEndInOneLineOrInADecodingButNeverOtherwise() throws IOException {
        identify(SmmuProfile.nested());
        Path memory =
                write("m.json", Map.of("ram", List.of(Map.of("base", "0x0", "size", "0x1000"))));
        Path sound = write("r.json", Map.of("registers", List.of()));
        String[] broken = {
            "",
            "{",
            "[]",
            "null",
            "{\"registers\": 5}",
            "{\"registers\": [5]}",
            "{\"registers\": [{\"name\": \"IDR0\"}]}",
            "{\"registers\":"
                    + " [{\"name\":\"IDR0\",\"offset\":\"0x0\",\"size\":3,\"value\":\"0x0\"}]}",
            "{\"registers\": [{\"name\":\"IDR0\",\"offset\":\"0x0\",\"size\":4,\"value\":\"x\"}]}",
            "{\"registers\": [{\"name\":\"IDR0\",\"offset\":\"0x0\",\"size\":4,"
                    + "\"value\":\"0x100000000\"}]}",
            "{\"registers\": [{\"name\":\"IDR0\",\"offset\":\"0x0\",\"size\":4,\"val",
            "{\"registers\": " + "[".repeat(5000),
        };
        for (String text : broken) {
            Path file = Files.writeString(folder.resolve("broken.json"), text);
            Result result = inspect(file, memory);
            assertEquals(2, result.status(), text + result.out());
            assertEquals(1, result.err().lines().count(), text + result.err());
            Result other = inspect(sound, file);
            assertEquals(2, other.status(), text);
            assertEquals(1, other.err().lines().count(), text + other.err());
        }
        assertEquals(2, inspect(sound, memory).status(), "no IDR0");
    }

    @Test
    void tablesThatPointToThemselvesAndHugeSpansAreListedInBoundedTime() throws IOException {
        identify(SmmuProfile.nested());
        long page = allocate(4096);
        for (int i = 0; i < 512; i++) {
            store(page + 8L * i, page | 31);
        }
        registers.put(Register.STRTAB_BASE, page);
        registers.put(Register.STRTAB_BASE_CFG, 32L | 10 << 6 | 1 << 16);
        for (Register base :
                List.of(Register.CMDQ_BASE, Register.EVENTQ_BASE, Register.PRIQ_BASE)) {
            registers.put(base, page | 31);
        }
        registers.put(Register.CMDQ_PROD, -1L & 0xffff_ffffL);
        assertEquals(0, inspect().status());
        assertEquals(0, inspect("--json").status());
        assertEquals(0, inspect("--stream", "0xffffffff", "--iova", "0xffffffffffffffff").status());
        // Every entry of a table is the table itself.
        for (int i = 0; i < 512; i++) {
            store(page + 8L * i, page | 3);
        }
        long[] cd = context(page, Granule.K4, 48, 1);
        stream(false, stage1(contexts(Contexts.SINGLE, cd), Contexts.SINGLE));
        Result loop = inspect("--stream", Integer.toString(STREAM), "--iova", "0x1000");
        assertEquals(0, loop.status(), loop.out());
        assertTrue(loop.out().endsWith("the model agrees\n"), loop.out());
    }
}
