package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.Register;

import java.util.Random;
import java.util.stream.IntStream;

/**
 * Any value in any register, any bytes in memory, any message of a device: nothing is thrown,
 * nothing hangs, and the unit still works for software that sets it up properly.
 */
class HostileRegistersTest {

    private static final int ROUNDS = Integer.getInteger("opensva.vtd.rounds", 300);
    private static final int STEPS = 60;

    private static final VtdProfile[] PROFILES = {
        VtdProfile.sva(),
        VtdProfile.sva().withPageRequests(false),
        VtdProfile.fromCapabilities(0x80d2008c222f0606L, 0xf00f4eL),
        VtdProfile.fromCapabilities(0x81d2008c222f0686L, 0x8d9a20f00f4eL)
    };

    private static long noise(Random random) {
        return switch (random.nextInt(5)) {
            case 0 -> random.nextLong();
            case 1 -> random.nextInt(64) << 12;
            case 2 -> -1L;
            case 3 -> 1L << random.nextInt(64);
            default -> random.nextInt(1 << 20);
        };
    }

    private static void step(TestUnit t, TestDevice device, Random random) {
        byte[] data = new byte[random.nextInt(64)];
        int pasid = random.nextBoolean() ? Pasid.NONE : random.nextInt(Pasid.MAX + 1);
        int access = random.nextInt(16);
        long address = noise(random);
        switch (random.nextInt(9)) {
            case 0, 1, 2 -> {
                Register[] all = Register.values();
                long offset =
                        random.nextInt(4) == 0
                                ? random.nextInt(0x3000)
                                : all[random.nextInt(all.length)].offset();
                t.unit.write(offset, 1 << random.nextInt(4), noise(random));
                t.unit.read(offset, 1 << random.nextInt(4));
            }
            case 3 -> t.memory.writeLong(random.nextInt(1 << 16) * 8L, noise(random));
            case 4 -> device.port.write(pasid, access, address, data, 0, data.length);
            case 5 -> device.port.read(pasid, access, address, data, 0, data.length);
            case 6 -> device.port.translate(pasid, access, address, new long[random.nextInt(4)]);
            case 7 ->
                    device.port.request(
                            new PageRequest(
                                    pasid,
                                    address & -4096,
                                    access,
                                    random.nextInt(512),
                                    random.nextBoolean()));
            default -> {
                device.port.complete(
                        new InvalidateCompletion(random.nextInt(), 1 + random.nextInt(8)));
                t.unit.interrupt(
                        new RequesterId(random.nextInt(1 << 16)),
                        0xfee0_0000L | random.nextInt(1 << 20),
                        random.nextInt());
                t.now += random.nextInt(1 << 28);
            }
        }
    }

    @Test
    void nothingThatSoftwareOrDevicesDoBreaksTheUnit() {
        IntStream.range(0, ROUNDS)
                .forEach(round -> {
                    Random random = new Random(round);
                    VtdProfile profile = PROFILES[round % PROFILES.length];
                    try (TestUnit t = new TestUnit(profile)) {
                        TestDevice device = new TestDevice(t.unit, random.nextInt(256));
                        device.answers = random.nextBoolean();
                        for (int i = 0; i < 1 << 12; i++) {
                            t.memory.writeLong(i * 8L, noise(random));
                        }
                        for (int i = 0; i < STEPS; i++) {
                            step(t, device, random);
                        }
                        recover(t, round);
                    }
                });
    }

    /** Software takes over: everything off, errors cleared, and the queue works. */
    private static void recover(TestUnit t, int round) {
        for (int bit = 31; bit >= 23; bit--) {
            long held = t.get(Register.GSTS) & ~0x6900_0000L;
            t.set(Register.GCMD, held & ~(1L << bit));
        }
        t.set(Register.RTADDR, 0);
        t.set(Register.GCMD, 1L << 30);
        t.set(Register.PMEN, 0);
        t.now += 1L << 40;
        t.get(Register.FSTS);
        t.set(Register.FSTS, 0x7d);
        t.enableQueue();
        // What a silent device still owed is given up once more, and then nothing is owed.
        t.now += 1L << 40;
        t.get(Register.FSTS);
        t.set(Register.FSTS, 0x7d);
        t.memory.writeInt(TestUnit.STATUS, 0);
        t.submit(TestUnit.wait(round + 1));
        assertTrue(t.status() == round + 1, "round " + round + ": the queue is stuck");
        assertTrue((t.get(Register.FSTS) & Fsts.IQE.mask()) == 0);
    }
}
