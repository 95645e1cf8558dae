package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.InvalidationDescriptor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The walkers with all their caches agree with one that has none, on random tables. */
class RandomTablesTest {

    private static final int TABLES = Integer.getInteger("opensva.tables", 150_000);

    /** After so many the memory starts anew: what has been written once stays. */
    private static final int TABLES_A_MEMORY = 2_000;

    private static final int REQUESTS = 8;
    private static final long PASID = 1L << 40;
    private static final long SMTS = 1L << 43;

    /** Root, context and PASID tables; the tables below are elsewhere. */
    private static final long ROOT = 0x80_0000_0000L;

    private static final long LOWER = ROOT + 0x1000;
    private static final long UPPER = ROOT + 0x2000;
    private static final long DIRECTORY = ROOT + 0x10_0000;
    private static final long PASIDS = ROOT + 0x20_0000;

    private static final long[] LEGACY_CAPABILITIES = {0x80d2008c222f0606L, 0x0000_0000_00f0_0f4aL};
    private static final long[] FIRST_STAGE_ALONE = {0x81d2008c222f0606L, 0x0000_8800_00f0_0f4aL};

    private final Random random = new Random(20260423);
    private final Map<String, Integer> seen = new TreeMap<>();
    private final List<Long> written = new ArrayList<>();
    private TableMemory memory = new TableMemory(1L << 40);
    private VtdProfile profile = VtdProfile.sva();
    private TranslationUnit unit = new TranslationUnit(profile, memory);
    private final Translation out = new Translation();
    private int source;
    private long rtaddr;
    private boolean scalable;

    @Test
    void theFastWalkersAgreeWithTheSlowOne() {
        for (int table = 0; table < TABLES; table++) {
            if (table % TABLES_A_MEMORY == 0) {
                memory = new TableMemory(1L << 40);
                profile = profile(table / TABLES_A_MEMORY);
                unit = new TranslationUnit(profile, memory);
            }
            tables();
            long[] addresses = {address(), address(), address()};
            boolean served = scalable && (profile.extendedCapability() & PASID) != 0;
            int[] pasids = {-1, served || rarely() ? pasid() : -1, served ? pasid() : -1};
            for (int i = 0; i < REQUESTS; i++) {
                long address = addresses[random.nextInt(addresses.length)];
                if (random.nextInt(4) == 0) {
                    address += (random.nextInt(9) - 4) * 4096L;
                }
                request(pasids[random.nextInt(pasids.length)], address);
            }
            clear();
        }
        Set<String> missing = new TreeSet<>();
        for (FaultReason reason : FaultReason.values()) {
            boolean translation = reason.kind() != FaultReason.Kind.INTERRUPT;
            if (translation && !ELSEWHERE.contains(reason) && !seen.containsKey(reason.name())) {
                missing.add(reason.name());
            }
        }
        assertEquals(Set.of(), missing, () -> "never came up, of " + seen);
        assertTrue(seen.getOrDefault("", 0) > TABLES, () -> "translated: " + seen);
    }

    /** Reasons of requests that are not made here, and those without a condition. */
    private static final Set<FaultReason> ELSEWHERE =
            Set.of(
                    FaultReason.REQUEST_BLOCKED,
                    FaultReason.TABLE_MODE_FORBIDS_PAGE_REQUEST,
                    FaultReason.TABLE_MODE_RTA_4,
                    FaultReason.DEVICE_TLB_DISABLED,
                    FaultReason.PAGE_REQUEST_DISABLED,
                    FaultReason.RID_PASID_INVALID,
                    FaultReason.FIRST_STAGE_UPDATE_FAILED,
                    FaultReason.SECOND_STAGE_UPDATE_FAILED,
                    FaultReason.SCALABLE_SGN_9,
                    FaultReason.SCALABLE_SGN_10);

    /** Small caches, so that entries are evicted as well. */
    private static VtdProfile profile(int which) {
        VtdProfile sva = VtdProfile.sva().withCaches(64, 16, 4, 4);
        return switch (which % 6) {
            case 0, 1 -> sva;
            case 2 -> sva.withAddressBits(46);
            case 3 -> sva.withFiveLevel(false);
            case 4 ->
                    VtdProfile.fromCapabilities(LEGACY_CAPABILITIES[0], LEGACY_CAPABILITIES[1])
                            .withCaches(64, 16, 4, 4);
            default ->
                    VtdProfile.fromCapabilities(FIRST_STAGE_ALONE[0], FIRST_STAGE_ALONE[1])
                            .withCaches(64, 16, 4, 4);
        };
    }

    private boolean rarely() {
        return random.nextInt(40) == 0;
    }

    private void write(long address, long value) {
        memory.writeLong(address, value);
        written.add(address);
    }

    private void clear() {
        written.forEach(address -> memory.writeLong(address, 0));
        written.clear();
    }

    /** Most often the value as it is, sometimes with one bit of it changed. */
    private long damaged(long value) {
        return random.nextInt(80) == 0 ? value ^ 1L << random.nextInt(64) : value;
    }

    /** Where a pointer leads, most often. */
    private long pointer(long address) {
        return random.nextInt(120) == 0 ? 1L << 43 : address;
    }

    // Root, context and PASID tables.

    private void tables() {
        source = random.nextInt(1 << 16);
        boolean claimed = (profile.extendedCapability() & SMTS) != 0;
        scalable = claimed ? random.nextInt(6) != 0 : rarely();
        int mode = rarely() ? 2 : scalable ? 1 : 0;
        rtaddr = pointer(ROOT) | (long) mode << 10;
        unit.rootTable(rtaddr);
        unit.enable(true);
        unit.invalidateContext(InvalidationDescriptor.CC_GLOBAL, 0, 0, 0);
        unit.invalidatePasid(InvalidationDescriptor.PC_GLOBAL, 0, 0);
        unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
        if (scalable) {
            scalable();
        } else {
            legacy();
        }
    }

    private void legacy() {
        long root = ROOT + (source >>> 8) * 16L;
        write(root, damaged(pointer(LOWER) | (rarely() ? 0 : 1)));
        write(root + 8, rarely() ? 1L << random.nextInt(64) : 0);
        long context = LOWER + (source & 0xff) * 16L;
        int type = random.nextInt(6);
        long fpd = random.nextInt(8) == 0 ? 2 : 0;
        write(context, damaged(table() | (type > 3 ? 0 : type) << 2 | fpd | 1));
        write(context + 8, damaged((long) random.nextInt(1 << 16) << 8 | width()));
    }

    private int width() {
        // What every profile has is 4 levels.
        return random.nextInt(30) == 0 ? random.nextInt(8) : random.nextInt(3) == 0 ? 3 : 2;
    }

    private void scalable() {
        boolean upper = (source & 0x80) != 0;
        write(
                ROOT + (source >>> 8) * 16L + (upper ? 8 : 0),
                damaged(pointer(upper ? UPPER : LOWER) | (rarely() ? 0 : 1)));
        long context = (upper ? UPPER : LOWER) + (source & 0x7f) * 32L;
        long pdts = random.nextInt(8);
        long switches = random.nextInt(20) == 0 ? random.nextInt(8) << 2 : 1 << 3;
        if ((profile.extendedCapability() & PASID) == 0) {
            switches = 0;
        }
        long fpd = random.nextInt(8) == 0 ? 2 : 0;
        write(context, damaged(pointer(DIRECTORY) | pdts << 9 | switches | fpd | 1));
        long rid = (profile.extendedCapability() & 1L << 49) == 0 ? 0 : random.nextInt(4);
        long privileged = rid != 0 && random.nextBoolean() ? 1L << 20 : 0;
        write(context + 8, damaged((rarely() ? rid << 14 : rid) | privileged));
        write(context + 16, damaged(0));
        write(context + 24, damaged(0));
        for (int pasid = 0; pasid < 4; pasid++) {
            pasidEntry(pasid);
        }
        long disabled = random.nextInt(8) == 0 ? 2 : 0;
        write(DIRECTORY, damaged(pointer(PASIDS) | disabled | 1));
        // The last PASIDs have a directory entry and no table entry.
        write(DIRECTORY + (0x1fffL >>> 6) * 8, PASIDS + 0x1000 | 1);
    }

    private void pasidEntry(int pasid) {
        long entry = PASIDS + pasid * 64L;
        int type = rarely() ? random.nextInt(8) : 1 + random.nextInt(4);
        long ecap = profile.extendedCapability();
        boolean second = (ecap & 1L << 46) != 0;
        long ssade = second && random.nextBoolean() ? 1L << 9 : 0;
        long fpd = random.nextInt(8) == 0 ? 2 : 0;
        long w0 = (second ? table() : 0) | ssade | (long) type << 6 | fpd | 1;
        w0 |= (long) width() << 2;
        // One domain for each, as software has to have it: their second stages differ.
        long w1 = pasid + 1;
        if ((ecap & 1L << 48) != 0 && random.nextInt(10) != 0) {
            w1 |= 1L << 23;
        }
        boolean first = (ecap & 1L << 47) != 0;
        long mode = random.nextInt(16) == 0 ? random.nextInt(4) : random.nextInt(2);
        long w2 = first ? (type == 3 ? guestTable() : table()) | mode << 2 : 0;
        w2 |= first && random.nextBoolean() ? 1 << 4 : 0;
        w2 |= (ecap & 1L << 31) != 0 && random.nextInt(6) != 0 ? 1 : 0;
        w2 |= (ecap & 1L << 30) != 0 && random.nextInt(6) != 0 ? 2 : 0;
        w2 |= random.nextInt(4) == 0 ? 1 << 6 : 0;
        w2 |= (ecap & 1L << 34) != 0 && random.nextBoolean() ? 1 << 7 : 0;
        write(entry, damaged(w0));
        write(entry + 8, rarely() ? w1 ^ 1L << 16 + random.nextInt(48) : w1);
        write(entry + 16, damaged(w2));
        for (int i = 3; i < 8; i++) {
            write(entry + 8 * i, random.nextInt(400) == 0 ? 1L << random.nextInt(64) : 0);
        }
    }

    /** Tables come from a small pool, so that they refer to each other in every way. */
    private long table() {
        return pointer(0x100_0000 + random.nextInt(64) * 4096L);
    }

    /** Where the guest has its first-stage tables. */
    private long guestTable() {
        return random.nextInt(60) == 0 ? 1L << 51 : 0x7000_0000 + random.nextInt(16) * 4096L;
    }

    private int pasid() {
        return switch (random.nextInt(60)) {
            case 0 -> 0x1fff;
            case 1 -> random.nextInt(1 << 20);
            case 2 -> 64 + random.nextInt(4);
            default -> random.nextInt(4);
        };
    }

    // Paging entries.

    private long address() {
        int bits = new int[] {30, 38, 38, 47, 47, 47, 48, 56, 57, 64}[random.nextInt(10)];
        long address = random.nextLong() >>> 64 - bits;
        if (random.nextInt(8) == 0) {
            address = 0xfee0_0000L + random.nextInt(1 << 20);
        } else if (random.nextInt(6) == 0) {
            address |= -1L << Math.min(bits, 63);
        }
        return address & -8L;
    }

    /** The first time that a walk comes to an entry it is planted. */
    private void plant(long address, boolean firstStage, int level) {
        if (memory.peek(address) == 0 && address < ROOT) {
            write(address, firstStage ? firstStage(level) : secondStage(level));
        }
    }

    private long output(int level) {
        if (random.nextInt(25) == 0) {
            return 0xfee0_0000L & -1L << 3 + 9 * level;
        }
        if (random.nextInt(60) == 0) {
            return random.nextLong() & 0x000f_ffff_ffff_f000L;
        }
        // Guest tables and host tables are among the pages.
        long page = random.nextBoolean() ? table() : guestTable();
        return random.nextInt(30) == 0 ? page : page & -1L << 3 + 9 * level;
    }

    private boolean leaf(int level) {
        return level == 1 || level <= 3 && random.nextInt(4) == 0;
    }

    private long firstStage(int level) {
        // Ignored bits, Accessed and Dirty; XD less often.
        long entry = random.nextLong() & (0x7ffL << 52 | 0xf78);
        entry |= random.nextInt(6) == 0 ? 1L << 63 : 0;
        entry &= ~(1L << 7);
        entry |= random.nextInt(30) != 0 ? 1 : 0;
        entry |= random.nextInt(6) != 0 ? 2 : 0;
        entry |= random.nextInt(6) != 0 ? 4 : 0;
        boolean leaf = leaf(level);
        if (leaf && level > 1 || rarely()) {
            entry |= 1L << 7;
        }
        entry |= leaf ? output(level) : random.nextInt(3) == 0 ? guestTable() : table();
        return damaged(entry);
    }

    private long secondStage(int level) {
        long entry = random.nextLong() & (1L << 63 | 0x3ffL << 52 | 0x77c);
        entry &= ~(1L << 7);
        entry |= random.nextInt(8) != 0 ? 3 : random.nextInt(4);
        boolean leaf = leaf(level);
        if (leaf && level > 1 || rarely()) {
            entry |= 1L << 7;
        }
        entry |= random.nextInt(12) == 0 ? 1L << 11 : 0;
        entry |= leaf ? output(level) : table();
        return damaged(entry);
    }

    // Requests.

    private void request(int pasid, long address) {
        int kind = random.nextInt(5);
        boolean write = kind <= 1;
        boolean execute = kind == 2 && pasid >= 0;
        boolean privileged = random.nextInt(3) == 0;
        ReferenceWalker.Request request =
                new ReferenceWalker.Request(source, pasid, address, write, execute, privileged);
        ReferenceWalker.Answer expected = slow(request);
        int access =
                (write ? Access.WRITE : execute ? Access.EXECUTE : Access.READ)
                        | (privileged ? Access.PRIVILEGED : 0);
        unit.translate(source, pasid, address, access, out);
        String what = request + " of " + profile;
        assertEquals(name(expected.reason()), name(out.faultReason), what);
        assertEquals(expected.reason() == 0, out.ok, what);
        seen.merge(name(expected.reason()), 1, Integer::sum);
        if (out.ok) {
            assertEquals(
                    Long.toHexString(expected.physical()), Long.toHexString(out.physical), what);
            elsewhereOnThePage(request);
        } else {
            assertEquals(expected.recorded(), out.recordFault, what);
        }
        expected.entries()
                .forEach((at, value) ->
                        assertEquals(
                                Long.toHexString(value),
                                Long.toHexString(memory.peek(at)),
                                () -> "entry at 0x" + Long.toHexString(at) + ": " + what));
    }

    private ReferenceWalker.Answer slow(ReferenceWalker.Request request) {
        return ReferenceWalker.walk(
                memory,
                this::plant,
                new ReferenceWalker.Unit(
                        profile.capability(), profile.extendedCapability(), profile.addressBits()),
                rtaddr,
                request);
    }

    /** The region that the answer names is translated alike. */
    private void elsewhereOnThePage(ReferenceWalker.Request request) {
        long within = (1L << out.pageShift) - 1;
        long other = request.address() & ~within | random.nextLong() & within & -8L;
        ReferenceWalker.Answer answer =
                slow(
                        new ReferenceWalker.Request(
                                request.source(),
                                request.pasid(),
                                other,
                                request.write(),
                                request.execute(),
                                request.privileged()));
        assertEquals(0, answer.reason(), () -> "at 0x" + Long.toHexString(other) + ": " + request);
        assertEquals(
                Long.toHexString(out.physical - request.address() + other),
                Long.toHexString(answer.physical()));
    }

    private static String name(int reason) {
        return reason == 0 ? "" : String.valueOf(FaultReason.of(reason));
    }
}
