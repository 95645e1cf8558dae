package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.vtd.model.TranslationBench.RID;
import static org.opensva.vtd.model.TranslationBench.USER_RW;
import static org.opensva.vtd.model.TranslationBench.assertTranslates;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.InvalidationDescriptor;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/** Invalidations that meet walks: nothing that was read before survives after. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TranslationRaceTest {

    private static final long VA = 0x7f12_3456_7000L;
    private static final long OLD = 0x5000_0000L;
    private static final long NEW = 0x6000_0000L;
    private static final int PASID = 3;
    private static final int DOMAIN = 9;
    private static final int PAGES = 8;
    private static final int WAYS = 7;
    private static final int ROUNDS = Integer.getInteger("opensva.vtd.races", 3000);

    private final TranslationBench bench = new TranslationBench();

    /** Every invalidation that covers the page, as software would send it. */
    private void invalidate(int way, long address) {
        TranslationUnit unit = bench.unit;
        switch (way) {
            case 0 -> unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
            case 1 ->
                    unit.invalidateIotlb(InvalidationDescriptor.IOTLB_DOMAIN, DOMAIN, 0, 0, false);
            case 2 ->
                    unit.invalidateIotlb(
                            InvalidationDescriptor.IOTLB_PAGE, DOMAIN, address, 0, false);
            case 3 ->
                    unit.invalidatePasidIotlb(
                            InvalidationDescriptor.PASID_IOTLB_PASID, DOMAIN, PASID, 0, 0, false);
            case 4 ->
                    unit.invalidatePasidIotlb(
                            InvalidationDescriptor.PASID_IOTLB_PAGE,
                            DOMAIN,
                            PASID,
                            address,
                            0,
                            false);
            default ->
                    unit.invalidatePasidIotlb(
                            InvalidationDescriptor.PASID_IOTLB_PAGE,
                            DOMAIN,
                            PASID,
                            address,
                            way == 5 ? 30 : 9,
                            false);
        }
    }

    @Test
    void aWalkThatAnInvalidationOvertakesLeavesNothingBehind() {
        bench.scalable(RID);
        long table = bench.page();
        bench.firstStage(RID, PASID, table, 4, DOMAIN);
        bench.mapFirst(table, 4, VA, OLD);
        bench.scalableMode();
        for (int way = 0; way < WAYS; way++) {
            for (int level = 1; level <= 4; level++) {
                bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
                long leaf = bench.entry(table, 4, 1, VA, 0);
                bench.memory.writeLong(leaf, OLD | USER_RW);
                long at = bench.entry(table, 4, level, VA, 0);
                long other = level == 1 ? 0 : bench.page();
                long before = bench.memory.peek(at);
                int kind = way;
                bench.memory.afterRead =
                        address -> {
                            if (address == at) {
                                bench.memory.afterRead = x -> {};
                                // The processor changes the entry that has just been read.
                                if (other == 0) {
                                    bench.memory.writeLong(leaf, NEW | USER_RW);
                                } else {
                                    copy(before & 0x000f_ffff_ffff_f000L, other);
                                    bench.memory.writeLong(at, other | USER_RW);
                                    moveLeaf(table);
                                }
                                invalidate(kind, VA);
                            }
                        };
                bench.read(PASID, VA);
                bench.memory.afterRead = address -> {};
                assertTranslates(NEW, bench.read(PASID, VA));
                assertTranslates(NEW, bench.read(PASID, VA));
            }
        }
    }

    private void copy(long from, long to) {
        for (int n = 0; n < 512; n++) {
            bench.memory.writeLong(to + 8 * n, bench.memory.peek(from + 8 * n));
        }
    }

    /** Gives VA a last table and a leaf of its own, so that the old way there stays as it was. */
    private void moveLeaf(long table) {
        for (int level = 3; level >= 2; level--) {
            long at = bench.entry(table, 4, level, VA, 0);
            long fresh = bench.page();
            copy(bench.memory.peek(at) & 0x000f_ffff_ffff_f000L, fresh);
            bench.memory.writeLong(at, fresh | USER_RW);
        }
        bench.memory.writeLong(bench.entry(table, 4, 1, VA, 0), NEW | USER_RW);
    }

    @Test
    void aContextAndAPasidThatAnInvalidationOvertakesAreNotKept() {
        bench.scalable(RID);
        long table = bench.page();
        long changed = bench.page();
        bench.mapFirst(table, 4, VA, OLD);
        bench.mapFirst(changed, 4, VA, NEW);
        bench.firstStage(RID, PASID, table, 4, DOMAIN);
        bench.scalableMode();
        long entry = bench.pasidEntry(RID, PASID);
        int[] granularities = {
            InvalidationDescriptor.PC_GLOBAL,
            InvalidationDescriptor.PC_DOMAIN,
            InvalidationDescriptor.PC_PASID
        };
        for (int granularity : granularities) {
            bench.firstStage(RID, PASID, table, 4, DOMAIN);
            bench.unit.invalidatePasid(InvalidationDescriptor.PC_GLOBAL, 0, 0);
            bench.memory.afterRead =
                    address -> {
                        if (address == entry + 16) {
                            bench.memory.afterRead = x -> {};
                            bench.firstStage(RID, PASID, changed, 4, DOMAIN);
                            bench.unit.invalidatePasid(granularity, DOMAIN, PASID);
                        }
                    };
            bench.read(PASID, VA);
            bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
            assertTranslates(NEW, bench.read(PASID, VA));
            bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
        }
        long context = bench.scalableContext(RID);
        long good = bench.memory.peek(context);
        bench.unit.invalidateContext(InvalidationDescriptor.CC_GLOBAL, 0, 0, 0);
        bench.memory.afterRead =
                address -> {
                    if (address == context) {
                        bench.memory.afterRead = x -> {};
                        bench.memory.writeLong(context, good & ~1);
                        bench.unit.invalidateContext(InvalidationDescriptor.CC_DEVICE, 0, RID, 0);
                    }
                };
        bench.read(PASID, VA);
        assertEquals(false, bench.read(PASID, VA).ok);
    }

    /**
     * Software sends both invalidations of an entry in one go. The request that has read the entry
     * and not yet begun its walk ends before the wait does, and leaves nothing to the next owner of
     * domain and PASID.
     */
    @Test
    void aWalkByAPasidThatWasInvalidatedBeforeItBeganLeavesNothingBehind() {
        bench.scalable(RID);
        long table = bench.page();
        long changed = bench.page();
        bench.mapFirst(table, 4, VA, OLD);
        bench.mapFirst(changed, 4, VA, NEW);
        bench.scalableMode();
        long entry = bench.pasidEntry(RID, PASID);
        for (boolean ats : new boolean[] {false, true}) {
            bench.firstStage(RID, PASID, table, 4, DOMAIN);
            bench.unit.invalidatePasid(InvalidationDescriptor.PC_GLOBAL, 0, 0);
            bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
            bench.memory.afterRead =
                    address -> {
                        if (address == entry + 16) {
                            bench.memory.afterRead = x -> {};
                            bench.firstStage(RID, PASID, changed, 4, DOMAIN);
                            bench.unit.invalidatePasid(
                                    InvalidationDescriptor.PC_PASID, DOMAIN, PASID);
                            bench.unit.invalidatePasidIotlb(
                                    InvalidationDescriptor.PASID_IOTLB_PASID,
                                    DOMAIN,
                                    PASID,
                                    0,
                                    0,
                                    false);
                        }
                    };
            if (ats) {
                bench.unit.translateForAts(RID, PASID, VA, Access.READ, new Translation());
            } else {
                bench.read(PASID, VA);
            }
            assertTranslates(NEW, bench.read(PASID, VA));
        }
    }

    /**
     * Devices translate while pages move. Each page's frames are numbered in order; a request that
     * begins after the invalidation of a frame must see a later one.
     */
    @Test
    void afterAnInvalidationNoRequestSeesWhatWasThereBefore() throws InterruptedException {
        bench.scalable(RID);
        long table = bench.page();
        bench.firstStage(RID, PASID, table, 4, DOMAIN);
        long[] leaves = new long[PAGES];
        AtomicLong[] floor = new AtomicLong[PAGES];
        for (int n = 0; n < PAGES; n++) {
            bench.mapFirst(table, 4, VA + n * 4096L, frame(n, 0));
            leaves[n] = bench.entry(table, 4, 1, VA + n * 4096L, 0);
            floor[n] = new AtomicLong();
        }
        bench.scalableMode();
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<String> failure = new AtomicReference<>("");
        LongAdder seen = new LongAdder();
        CountDownLatch running = new CountDownLatch(1000);
        List<Thread> devices = new ArrayList<>();
        for (int device = 0; device < 3; device++) {
            int seed = device;
            Thread thread =
                    new Thread(() -> {
                        Random random = new Random(seed);
                        Translation own = new Translation();
                        while (!stop.get()) {
                            int page = random.nextInt(PAGES);
                            long least = floor[page].get();
                            int access = random.nextBoolean() ? Access.WRITE : Access.READ;
                            long at = translate(VA + page * 4096L, access, own);
                            if (at < 0) {
                                continue; // unmapped for the moment
                            }
                            long version = (at - frame(page, 0)) >>> 20;
                            if (version < least) {
                                failure.set("page " + page + ": " + version + " < " + least);
                                stop.set(true);
                            }
                            seen.increment();
                            running.countDown();
                        }
                    });
            thread.start();
            devices.add(thread);
        }
        assertTrue(running.await(1, TimeUnit.MINUTES), "the devices never ran");
        Random random = new Random(99);
        try {
            for (int round = 1; round <= ROUNDS && !stop.get(); round++) {
                int page = random.nextInt(PAGES);
                bench.memory.writeLong(leaves[page], 0);
                invalidate(random.nextInt(WAYS), VA + page * 4096L);
                floor[page].set(round);
                bench.memory.writeLong(leaves[page], frame(page, round) | USER_RW);
            }
        } finally {
            stop.set(true);
            for (Thread thread : devices) {
                thread.join();
            }
        }
        assertEquals("", failure.get());
        assertTrue(seen.sum() > 0, "the devices never ran");
    }

    /** As a request does: the short way, or else the long one; -1 for a fault. */
    private long translate(long address, int access, Translation own) {
        boolean write = access == Access.WRITE;
        long found = bench.unit.shortWay().hit(RID, PASID, address, write, own);
        if (found != 0) {
            return CachedTranslation.locate(found, address);
        }
        bench.unit.translate(RID, PASID, address, access, own);
        return own.ok ? own.physical : -1;
    }

    private static long frame(int page, long version) {
        return (1L << 36) + page * 4096L + (version << 20);
    }
}
