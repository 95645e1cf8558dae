package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Register;

import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Whatever registers, tables, queues and devices hold or send: an outcome, never an exception. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class HostileBytesTest {

    private static final int ROUNDS = Integer.getInteger("opensva.smmuv3.rounds", 300);

    private static long noise(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1 -> -1L;
            case 2 -> few(random);
            case 3 -> ~few(random);
            // Pointers into memory are what carries a walk on.
            case 4, 5 -> TestMachine.RAM + (random.nextInt(1 << 14) << 6) | random.nextInt(64);
            case 6 -> 1L << random.nextInt(64);
            default -> random.nextLong();
        };
    }

    /** A number with few bits set. */
    private static long few(Random random) {
        long first = random.nextLong();
        long second = random.nextLong();
        return first & second & random.nextLong();
    }

    @Test
    void randomStructuresRegistersAndCommandsEndInAnOutcome() {
        int complete = 0;
        int aborted = 0;
        for (int round = 0; round < ROUNDS; round++) {
            Random random = new Random(round);
            SmmuProfile profile =
                    switch (random.nextInt(3)) {
                        case 0 -> SmmuProfile.sva();
                        case 1 -> SmmuProfile.nested();
                        default -> SmmuProfile.complete();
                    };
            // Stalls would wait for software, which is not here.
            profile =
                    profile.withCaches(64, 16, 4)
                            .withIdentification(
                                    profile.idr0() | 1L << 24,
                                    profile.idr1(),
                                    profile.idr3(),
                                    profile.idr5(),
                                    0,
                                    2);
            try (TestMachine machine = new TestMachine(profile)) {
                machine.enable();
                for (long at = TestMachine.RAM; at < TestMachine.RAM + (1 << 16); at += 8) {
                    machine.memory.writeLong(at, noise(random));
                }
                entry(machine, random);
                for (int step = 0; step < 120; step++) {
                    long result = step(machine, random);
                    if (DmaResult.status(result) == DmaStatus.COMPLETE) {
                        complete++;
                    } else {
                        aborted++;
                    }
                }
            }
        }
        assertTrue(complete > ROUNDS, "complete: " + complete);
        assertTrue(aborted > ROUNDS, "aborted: " + aborted);
    }

    /** A stream table entry that is often legal, with pointers to noise. */
    private static void entry(TestMachine machine, Random random) {
        long[] words = new long[8];
        for (int i = 0; i < 8; i++) {
            words[i] = random.nextInt(3) == 0 ? noise(random) : 0;
        }
        long table = TestMachine.RAM + (random.nextInt(1 << 10) << 6);
        words[0] = table | (4L | random.nextInt(4)) << 1 | 1 | (long) random.nextInt(21) << 59;
        words[0] |= (long) random.nextInt(4) << 4;
        words[1] = random.nextInt(4) | (long) random.nextInt(4) << 28;
        words[2] |= 1L << 51 | (long) (16 + random.nextInt(24)) << 32 | random.nextInt(4) << 6;
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), words);
        for (int i = 0; i < 64; i++) {
            long cd = TestMachine.RAM + (random.nextInt(1 << 10) << 6);
            long[] context =
                    machine.context(
                            TestMachine.RAM + (random.nextInt(1 << 4) << 12),
                            Granule.values()[random.nextInt(3)],
                            25 + random.nextInt(24),
                            random.nextInt(4));
            machine.writeWords(cd, context);
        }
    }

    private static long step(TestMachine machine, Random random) {
        byte[] data = new byte[random.nextInt(64)];
        long address = random.nextBoolean() ? random.nextInt(1 << 20) : noise(random);
        int pasid = random.nextInt(3) == 0 ? -1 : random.nextInt(1 << random.nextInt(21));
        int access = random.nextInt(16);
        switch (random.nextInt(12)) {
            case 0, 1 -> {
                return machine.port.read(pasid, access, address, data, 0, data.length);
            }
            case 2, 3 -> {
                return machine.port.write(pasid, access, address, data, 0, data.length);
            }
            case 4 -> machine.port.translate(pasid, access, address, new long[random.nextInt(5)]);
            case 5 -> {
                return machine.port.readTranslated(address, data, 0, data.length);
            }
            case 6 -> machine.command(random.nextInt(0x80) | noise(random) << 8, noise(random));
            case 7 -> {
                machine.acknowledgeErrors();
                long prod = machine.smmu.read(Register.CMDQ_PROD.offset(), 4);
                machine.smmu.write(Register.CMDQ_PROD.offset(), 4, prod);
            }
            case 8 -> register(machine, random);
            case 9 ->
                    machine.port.request(
                            new PageRequest(pasid, address, access, random.nextInt(512), true));
            case 10 ->
                    machine.port.complete(
                            new InvalidateCompletion(random.nextInt(), 1 + random.nextInt(8)));
            default -> machine.events();
        }
        return 0;
    }

    private static void register(TestMachine machine, Random random) {
        long offset =
                random.nextInt(4) == 0
                        ? random.nextInt(1 << 18) - 64
                        : random.nextInt(2) * 0x10000 + random.nextInt(0x220);
        int width = 1 << random.nextInt(4);
        machine.smmu.read(offset, width);
        // Most writes change nothing for long: translation has to stay on to be tested.
        if (random.nextInt(4) == 0) {
            machine.smmu.write(offset, width, noise(random));
        }
        if (random.nextInt(3) == 0) {
            machine.smmu.write(Register.CR0.offset(), 4, 0);
            machine.enable();
        }
    }
}
