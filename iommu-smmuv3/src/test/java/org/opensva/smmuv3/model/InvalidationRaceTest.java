package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Opcode;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/** Devices write while pages are taken away: after CMD_SYNC the old page never changes again. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class InvalidationRaceTest {

    private static final int ASID = 4;
    private static final int PAGES = 8;
    private static final long VA = 0x60_0000L;
    private static final int ROUNDS = Integer.getInteger("opensva.smmuv3.races", 200);

    private final TestMachine machine = new TestMachine(SmmuProfile.sva().withCaches(256, 64, 64));
    private final long[] command = new long[2];
    private final long[] before = new long[512];
    private long table;

    private void invalidate(int way, long va) {
        switch (way) {
            case 0 -> CommandEncoder.tlbiAddress(command, 0, Opcode.TLBI_NH_VA, 0, ASID, va, true);
            case 1 -> CommandEncoder.tlbiNhAsid(command, 0, 0, ASID);
            case 2 ->
                    CommandEncoder.tlbiRange(
                            command, 0, Opcode.TLBI_NH_VA, 0, ASID, va, true, Granule.K4, 1, 0, 0);
            case 3 -> CommandEncoder.tlbiAddress(command, 0, Opcode.TLBI_NH_VAA, 0, 0, va, false);
            default -> CommandEncoder.tlbiNsnhAll(command, 0);
        }
        machine.command(command);
        machine.sync();
        assertTrue(machine.allConsumed());
    }

    /** Devices that write what comes to their mind to any of the pages. */
    private List<Thread> writers(AtomicBoolean stop, LongAdder written) {
        List<Thread> writers = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            int seed = t;
            Thread writer =
                    new Thread(() -> {
                        Random random = new Random(seed);
                        byte[] data = new byte[8];
                        while (!stop.get()) {
                            random.nextBytes(data);
                            long va = VA + random.nextInt(PAGES * 512) * 8L;
                            if (DmaResult.isComplete(
                                    machine.port.write(1, Access.WRITE, va, data, 0, 8))) {
                                written.increment();
                            }
                        }
                    });
            writer.start();
            writers.add(writer);
        }
        return writers;
    }

    @Test
    void afterSyncThePageThatWasUnmappedNeverChanges() throws InterruptedException {
        long contexts = machine.allocate(64L << 8, 64L << 8);
        table = machine.newTable(Granule.K4);
        machine.writeWords(contexts + 64, machine.context(table, Granule.K4, 48, ASID));
        machine.stage1(contexts, 8);
        machine.enable();
        long[] frames = new long[2 * PAGES];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = machine.allocate(4096, 4096);
        }
        for (int i = 0; i < PAGES; i++) {
            machine.map(table, VA + i * 4096, frames[i], TestMachine.PAGE_RW);
        }
        AtomicBoolean stop = new AtomicBoolean();
        LongAdder written = new LongAdder();
        List<Thread> writers = writers(stop, written);
        Random random = new Random(99);
        try {
            for (int round = 0; round < ROUNDS; round++) {
                int which = random.nextInt(PAGES);
                long va = VA + which * 4096L;
                long old = frames[which];
                machine.unmap(table, va);
                invalidate(random.nextInt(5), va);
                for (int i = 0; i < 512; i++) {
                    before[i] = machine.memory.readLong(old + 8 * i);
                }
                // The frame is ours now. Another one takes its place, so that devices keep going.
                int spare = PAGES + random.nextInt(PAGES);
                frames[which] = frames[spare];
                frames[spare] = old;
                machine.map(table, va, frames[which], TestMachine.PAGE_RW);
                for (int i = 0; i < 20; i++) {
                    Thread.onSpinWait();
                }
                for (int i = 0; i < 512; i++) {
                    long now = machine.memory.readLong(old + 8 * i);
                    assertEquals(before[i], now, "round " + round + ", word " + i);
                }
                machine.events();
            }
        } finally {
            stop.set(true);
            for (Thread writer : writers) {
                writer.join();
            }
            machine.close();
        }
        assertTrue(written.sum() > ROUNDS, "the devices hardly ran: " + written.sum());
    }

    /**
     * A CD is as much cached as a translation: what a device used last must not outlive its
     * invalidation either, at whatever moment that comes.
     */
    @Test
    void afterSyncNobodyUsesTheTablesOfTheContextThatWasReplaced() throws InterruptedException {
        long contexts = machine.allocate(64L << 8, 64L << 8);
        long[] tables = {machine.newTable(Granule.K4), machine.newTable(Granule.K4)};
        long[] frames = new long[2];
        for (int i = 0; i < 2; i++) {
            frames[i] = machine.allocate(4096L * PAGES, 4096);
            for (int page = 0; page < PAGES; page++) {
                long at = 4096L * page;
                machine.map(tables[i], VA + at, frames[i] + at, TestMachine.PAGE_RW);
            }
        }
        machine.writeWords(contexts + 64, machine.context(tables[0], Granule.K4, 48, ASID));
        machine.stage1(contexts, 8);
        machine.enable();
        AtomicBoolean stop = new AtomicBoolean();
        LongAdder written = new LongAdder();
        List<Thread> writers = writers(stop, written);
        try {
            for (int round = 1; round <= ROUNDS; round++) {
                int now = round & 1;
                machine.writeWords(
                        contexts + 64, machine.context(tables[now], Granule.K4, 48, ASID));
                CommandEncoder.cfgiCd(command, 0, TestMachine.STREAM, 1, round % 3 != 0);
                machine.command(command);
                // Until then the old tables may still be walked, and what they say be kept.
                machine.sync();
                CommandEncoder.tlbiNhAsid(command, 0, 0, ASID);
                machine.command(command);
                machine.sync();
                assertTrue(machine.allConsumed());
                long old = frames[1 - now];
                for (int i = 0; i < PAGES * 512; i++) {
                    machine.memory.writeLong(old + 8L * i, 0);
                }
                for (int i = 0; i < PAGES * 512; i++) {
                    assertEquals(
                            0, machine.memory.readLong(old + 8L * i), "round " + round + ", " + i);
                }
            }
        } finally {
            stop.set(true);
            for (Thread writer : writers) {
                writer.join();
            }
            machine.close();
        }
        assertTrue(written.sum() > ROUNDS, "the devices hardly ran: " + written.sum());
    }
}
