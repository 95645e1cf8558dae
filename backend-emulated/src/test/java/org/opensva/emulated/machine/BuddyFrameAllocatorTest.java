package org.opensva.emulated.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.OutOfFramesException;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

class BuddyFrameAllocatorTest {

    private static final long BASE = 0x8000_0000L;

    private final ChunkedMemory memory = new ChunkedMemory(BASE, 1000L << 12);
    private static final long POISON = 0x0123_4567_89AB_CDEFL;
    private final BuddyFrameAllocator frames =
            new BuddyFrameAllocator(memory, BASE, 1000L << 12, POISON);

    @Test
    void blocksAreAlignedZeroedAndNeverOverlap() {
        Random random = new Random(3);
        List<long[]> held = new ArrayList<>();
        Set<Long> owned = new HashSet<>();
        for (int i = 0; i < 20_000; i++) {
            if (random.nextInt(5) < 3) {
                int order = random.nextInt(5);
                long address;
                try {
                    address = frames.allocate(order);
                } catch (OutOfFramesException e) {
                    release(held, owned, random);
                    continue;
                }
                assertEquals(0, address & ((4096L << order) - 1));
                for (long f = 0; f < 1L << order; f++) {
                    assertTrue(owned.add(address + f * 4096), "overlap");
                    assertEquals(0, memory.readLong(address + f * 4096 + 4088));
                    memory.writeLong(address + f * 4096 + 4088, 77);
                }
                held.add(new long[] {address, order});
            } else {
                release(held, owned, random);
            }
            assertEquals(owned.size(), frames.allocatedFrames());
        }
        while (!held.isEmpty()) {
            release(held, owned, random);
        }
        assertEquals(0, frames.allocatedFrames());
        assertEquals(BASE, frames.allocate(9) & -(512L << 12), "buddies merge again");
    }

    @Test
    void framesThatAreTakenOneAfterTheOtherMostlyLieSo() {
        int together = 0;
        long before = frames.allocate(0);
        for (int i = 1; i < 512; i++) {
            long next = frames.allocate(0);
            together += next == before + 4096 ? 1 : 0;
            before = next;
        }
        assertTrue(together > 480, together + " of 511 follow the one before");
    }

    private void release(List<long[]> held, Set<Long> owned, Random random) {
        if (held.isEmpty()) {
            return;
        }
        long[] block = held.remove(random.nextInt(held.size()));
        frames.free(block[0], (int) block[1]);
        for (long f = 0; f < 1L << block[1]; f++) {
            owned.remove(block[0] + f * 4096);
        }
    }

    @Test
    void everyFrameCanBeUsedAndThenNoMore() {
        for (int i = 0; i < 1000; i++) {
            frames.allocate(0);
        }
        assertThrows(OutOfFramesException.class, () -> frames.allocate(0));
        assertThrows(OutOfFramesException.class, () -> frames.allocate(3));
    }

    @Test
    void aFreedFrameIsPoisonedUnlessNobodyEverWroteNearIt() {
        long frame = frames.allocate(4);
        long untouched = frames.allocate(4);
        memory.writeLong(frame, 1);
        frames.free(frame, 4);
        frames.free(untouched, 4);
        assertEquals(POISON, memory.readLong(frame));
        assertEquals(POISON, memory.readLong(frame + 4088));
        assertEquals(0, memory.readLong(untouched));
        assertFalse(memory.isTouched(untouched));
    }

    @Test
    void theBlocksThatASplitMakesAreFreedEachOnItsOwnAndJoinAgain() {
        long block = frames.allocate(4);
        assertTrue(frames.split(block, 4, 1));
        assertThrows(IllegalArgumentException.class, () -> frames.free(block, 4));
        assertThrows(IllegalArgumentException.class, () -> frames.free(block + 4096, 0));
        assertThrows(IllegalArgumentException.class, () -> frames.split(block, 4, 1));
        assertThrows(IllegalArgumentException.class, () -> frames.split(block, 1, 2));
        assertEquals(16, frames.allocatedFrames());
        for (long piece = block; piece < block + (16L << 12); piece += 2L << 12) {
            frames.free(piece, 1);
        }
        assertEquals(0, frames.allocatedFrames());
        assertEquals(block, frames.allocate(4));
    }

    @Test
    void freeingWhatIsNotAllocatedIsRefused() {
        long frame = frames.allocate(0);
        long block = frames.allocate(2);
        assertThrows(IllegalArgumentException.class, () -> frames.free(frame, 1));
        assertThrows(IllegalArgumentException.class, () -> frames.free(block + 4096, 0));
        assertThrows(IllegalArgumentException.class, () -> frames.free(frame + 8, 0));
        assertThrows(IllegalArgumentException.class, () -> frames.free(0, 0));
        frames.free(frame, 0);
        assertThrows(IllegalArgumentException.class, () -> frames.free(frame, 0));
        frames.free(block, 2);
        assertThrows(IllegalArgumentException.class, () -> frames.free(block, 2));
    }

    @Test
    void threadsNeverShareAFrame() throws InterruptedException {
        Set<Long> seen = java.util.concurrent.ConcurrentHashMap.newKeySet();
        List<Thread> threads = new ArrayList<>();
        List<Throwable> problems = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int t = 0; t < 4; t++) {
            threads.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    for (int i = 0; i < 20_000; i++) {
                                        long frame = frames.allocate(0);
                                        assertTrue(seen.add(frame));
                                        seen.remove(frame);
                                        frames.free(frame, 0);
                                    }
                                } catch (Throwable e) {
                                    problems.add(e);
                                }
                            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(List.of(), problems);
        assertEquals(0, frames.allocatedFrames());
    }
}
