package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** The walker with all its caches agrees with one that has none, on random tables. */
class RandomTablesTest {

    private static final int ACCESSES = Integer.getInteger("opensva.smmuv3.accesses", 100_000);
    private static final int OAS = 48;

    private final Random random = new Random(20240607);
    private final TestMachine machine =
            new TestMachine(
                    SmmuProfile.sva()
                            .withIdentification(
                                    SmmuProfile.sva().idr0(),
                                    Idr1.ATTR_PERMS_OVR.set(SmmuProfile.sva().idr1(), 0),
                                    SmmuProfile.sva().idr3(),
                                    SmmuProfile.sva().idr5(),
                                    0,
                                    2)
                            .withCaches(64, 16, 4));
    private final Map<String, Integer> seen = new TreeMap<>();
    private Granule lower = Granule.K4;
    private Granule upper = Granule.K4;

    @Test
    void theFastWalkerAgreesWithTheSlowOne() {
        long contexts = machine.allocate(64L << 8, 64L << 8);
        machine.stage1(contexts, 8);
        machine.enable();
        int done = 0;
        int asid = 1;
        while (done < ACCESSES) {
            long[] cd = context(asid++ & 0xffff);
            machine.writeWords(contexts + 64, cd);
            machine.invalidateConfiguration();
            long[] command = new long[2];
            CommandEncoder.tlbiNhAll(command, 0, 0);
            machine.command(command);
            machine.sync();
            long[] addresses = new long[4];
            for (int i = 0; i < addresses.length; i++) {
                addresses[i] = address(cd);
            }
            for (int i = 0; i < 40; i++) {
                long va = addresses[random.nextInt(addresses.length)];
                if (random.nextInt(4) == 0) {
                    va += (random.nextInt(9) - 4) * 4096L;
                }
                plant(cd, va);
                access(cd, va & -8L);
                done++;
            }
        }
        machine.close();
        for (String outcome :
                List.of(
                        "",
                        "F_TRANSLATION",
                        "F_PERMISSION",
                        "F_ACCESS",
                        "F_ADDR_SIZE",
                        "F_WALK_EABT")) {
            assertTrue(seen.getOrDefault(outcome, 0) > ACCESSES / 500, outcome + " in " + seen);
        }
    }

    private long[] context(int asid) {
        lower = Granule.values()[random.nextInt(3)];
        upper = Granule.values()[random.nextInt(3)];
        long[] words = machine.context(table(lower), lower, 64 - 16 - random.nextInt(24), asid);
        ContextDescriptor.EPD1.put(words, 0, random.nextInt(10) == 0 ? 1 : 0);
        ContextDescriptor.T1SZ.put(words, 0, 16 + random.nextInt(24));
        ContextDescriptor.TG1.put(words, 0, upper.tg1());
        words[2] |= table(upper);
        ContextDescriptor.HAD0.put(words, 0, random.nextInt(2));
        ContextDescriptor.HAD1.put(words, 0, random.nextInt(2));
        ContextDescriptor.TBI0.put(words, 0, random.nextInt(2));
        ContextDescriptor.TBI1.put(words, 0, random.nextInt(2));
        ContextDescriptor.WXN.put(words, 0, random.nextInt(2));
        ContextDescriptor.PAN.put(words, 0, random.nextInt(2));
        ContextDescriptor.HA.put(words, 0, random.nextInt(2));
        ContextDescriptor.HD.put(words, 0, random.nextInt(2));
        ContextDescriptor.AFFD.put(words, 0, random.nextInt(2));
        // Small sizes make address size faults; the tables themselves must stay within.
        ContextDescriptor.IPS.put(words, 0, random.nextInt(4) == 0 ? 0 : 5);
        return words;
    }

    /** Tables come from a small pool, so that they refer to each other in every way. */
    private long table(Granule granule) {
        long pool = TestMachine.RAM + (256L << 20);
        return pool + random.nextInt(96) * granule.bytes();
    }

    private long address(long[] cd) {
        boolean high = random.nextBoolean();
        int bits = 64 - (int) (high ? ContextDescriptor.T1SZ : ContextDescriptor.T0SZ).get(cd[0]);
        long va = random.nextLong() & (1L << bits) - 1;
        if (high) {
            va |= -1L << bits;
        }
        if (random.nextInt(8) == 0) {
            va ^= (long) random.nextInt(256) << 56;
        }
        return random.nextInt(30) == 0 ? va ^ 1L << bits : va;
    }

    /** Puts descriptors where the walk of an address will look for them. */
    private void plant(long[] cd, long va) {
        boolean high = (va & 1L << 55) != 0;
        Granule granule = high ? upper : lower;
        int bits = 64 - (int) (high ? ContextDescriptor.T1SZ : ContextDescriptor.T0SZ).get(cd[0]);
        int level = StageConfig.startLevel(granule, bits);
        long base =
                StageConfig.align(
                        ContextDescriptor.ttb(cd[high ? 2 : 1]), granule, bits, level, OAS);
        long index = (va & (1L << bits) - 1) >>> granule.levelShift(level);
        while (true) {
            long at = base + 8 * index;
            if (!machine.memory.contains(at, 8)) {
                return;
            }
            long descriptor = machine.memory.readLong(at);
            if (descriptor == 0) {
                descriptor = descriptor(granule, level);
                machine.memory.writeLong(at, descriptor);
            }
            if (level == 3 || (descriptor & 3) != 3) {
                return;
            }
            level++;
            base = descriptor & 0xffff_ffff_f000L & -granule.bytes();
            index = va >>> granule.levelShift(level) & (1L << granule.bitsPerLevel()) - 1;
        }
    }

    private long descriptor(Granule granule, int level) {
        long noise = random.nextLong() & ~0xffff_ffff_f003L;
        if (random.nextInt(3) != 0) {
            noise |= 1L << 10;
        }
        int kind = random.nextInt(100);
        if (kind < 3) {
            return noise & ~1L | 2;
        }
        if (level < 3 && kind < 88) {
            noise &= random.nextInt(3) == 0 ? -1L : ~(0x1fL << 59);
            long next =
                    switch (random.nextInt(60)) {
                        case 0 -> TestMachine.NO_MEMORY & -granule.bytes();
                        case 1 -> 1L << 45;
                        default -> table(granule);
                    };
            return noise | next | 3;
        }
        long target =
                random.nextInt(20) == 0
                        ? random.nextLong() & 0xffff_ffff_f000L
                        : TestMachine.RAM + (random.nextInt(1 << 16) << 12);
        int type = random.nextInt(20) == 0 ? 1 : level == 3 ? 3 : 1;
        return noise | target | type;
    }

    private void access(long[] cd, long va) {
        boolean write = random.nextInt(3) == 0;
        boolean fetch = !write && random.nextInt(3) == 0;
        boolean privileged = random.nextBoolean();
        ReferenceWalker.Answer expected =
                ReferenceWalker.walk(machine.memory, cd, OAS, va, write, fetch, privileged);
        seen.merge(expected.fault(), 1, Integer::sum);
        // A translation request shows the address without moving data.
        int access =
                (write ? Access.WRITE : fetch ? Access.EXECUTE : Access.READ)
                        | (privileged ? Access.PRIVILEGED : 0);
        Lane lane = new Lane();
        assertTrue(lane.tryEnter());
        SmmuTap.Result actual = SmmuTap.translate(machine, 1, access, va, write, lane);
        lane.leave();
        String name = actual.fault();
        assertEquals(expected.fault(), name, () -> "0x" + Long.toHexString(va));
        if (expected.fault().isEmpty()) {
            assertEquals(expected.physical(), actual.physical());
        }
        if (expected.updatedAt() != 0) {
            assertEquals(expected.updated(), machine.memory.readLong(expected.updatedAt()));
        }
    }
}
