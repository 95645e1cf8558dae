package org.opensva.ats.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.Pasid;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

@Timeout(60)
class AccessGuardsTest {

    /** Long enough for whoever does not wait to have gone on; nothing is lost if it is not. */
    private static final Duration A_WHILE = Duration.ofMillis(5);

    private final AccessGuards guards = new AccessGuards(8);

    @Test
    void aDrainWaitsForWhoIsInsideAndForNobodyElse() {
        int slot = guards.enter(3);
        AccessGuards.Drain drain = guards.drain();
        int later = guards.enter(3);
        assertFalse(drain.isDone());
        guards.leave(slot);
        assertTrue(drain.isDone());
        assertFalse(guards.drained());
        guards.leave(later);
        assertTrue(guards.drained());
    }

    @Test
    void aSlotThatWasTakenAgainIsNotWaitedFor() {
        int slot = guards.enter(3);
        AccessGuards.Drain drain = guards.drain();
        guards.leave(slot);
        assertEquals(slot, guards.enter(3), "a thread returns to its slot");
        assertTrue(drain.isDone());
        guards.leave(slot);
    }

    @Test
    void aDrainOfOnePasidDoesNotWaitForOthers() {
        int one = guards.enter(3);
        int none = guards.enter(Pasid.NONE);
        int largest = guards.enter(Pasid.MAX);
        assertTrue(guards.drain(4).isDone());
        assertFalse(guards.drain(3).isDone());
        assertFalse(guards.drain(Pasid.NONE).isDone());
        assertFalse(guards.drain(Pasid.MAX).isDone());
        guards.leave(one);
        guards.leave(none);
        guards.leave(largest);
        assertTrue(guards.drain().isDone());
    }

    @Test
    void everyoneGetsASlotOfHisOwn() {
        int[] slots = new int[8];
        for (int i = 0; i < 8; i++) {
            slots[i] = guards.enter(i);
            for (int j = 0; j < i; j++) {
                assertNotEquals(slots[j], slots[i]);
            }
        }
        for (int slot : slots) {
            guards.add(slot, AccessGuards.Tally.HITS, 2);
            guards.add(slot, AccessGuards.Tally.MISSES, 5);
            guards.leave(slot);
        }
        assertEquals(8 + 16, guards.sum(AccessGuards.Tally.HITS), "each stay counts by itself");
        assertEquals(40, guards.sum(AccessGuards.Tally.MISSES));
        assertEquals(0, guards.sum(AccessGuards.Tally.BYTES_READ));
    }

    @Test
    void whenEverySlotIsTakenTheNextWaitsUntilOneIsFree() throws InterruptedException {
        int[] slots = new int[8];
        for (int i = 0; i < 8; i++) {
            slots[i] = guards.enter(i);
        }
        for (int freed : slots) {
            Thread[] waiting = new Thread[3];
            AtomicInteger inside = new AtomicInteger();
            for (int i = 0; i < 3; i++) {
                waiting[i] =
                        Thread.ofPlatform()
                                .start(() -> {
                                    int mine = guards.enter(9);
                                    inside.incrementAndGet();
                                    guards.leave(mine);
                                });
            }
            assertFalse(waiting[0].join(A_WHILE));
            assertEquals(0, inside.get());
            guards.leave(freed);
            for (Thread thread : waiting) {
                thread.join();
            }
            assertEquals(freed, guards.enter(3), "the only one that is free");
        }
        assertFalse(guards.drained());
        for (int slot : slots) {
            guards.leave(slot);
        }
        assertTrue(guards.drained());
    }

    @Test
    void anAccessInAnySlotIsWaitedFor() {
        for (int held = 0; held < 8; held++) {
            int[] slots = new int[8];
            for (int i = 0; i < 8; i++) {
                slots[i] = guards.enter(3);
            }
            for (int i = 0; i < 8; i++) {
                if (i != held) {
                    guards.leave(slots[i]);
                }
            }
            assertFalse(guards.drained());
            AccessGuards.Drain all = guards.drain();
            AccessGuards.Drain own = guards.drain(3);
            assertFalse(all.isDone());
            assertFalse(own.isDone());
            guards.leave(slots[held]);
            assertTrue(all.isDone());
            assertTrue(own.isDone());
            assertTrue(guards.drained());
        }
    }

    @Test
    void whoWaitsForADrainGoesOnWhenTheLastHasLeft() throws InterruptedException {
        int[] slots = new int[8];
        for (int i = 0; i < 8; i++) {
            slots[i] = guards.enter(3);
        }
        AccessGuards.Drain drain = guards.drain(3);
        assertFalse(drain.awaitBriefly());
        Thread waiting = Thread.ofPlatform().start(drain::await);
        for (int slot : slots) {
            assertFalse(waiting.join(Duration.ofMillis(2)));
            guards.leave(slot);
        }
        waiting.join();
        assertTrue(drain.awaitBriefly());
    }

    @Test
    void everyMachineHasAGuard() {
        AccessGuards mine = AccessGuards.forThisMachine();
        int one = mine.enter(3);
        int two = mine.enter(3);
        assertNotEquals(one, two);
        assertFalse(mine.drained());
        mine.leave(one);
        mine.leave(two);
        assertTrue(mine.drained());
    }

    @Test
    void aNumberOfSlotsThatIsNoPowerOfTwoIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new AccessGuards(6));
        assertThrows(IllegalArgumentException.class, () -> new AccessGuards(0));
        AccessGuards single = new AccessGuards(1);
        int slot = single.enter(Pasid.NONE);
        assertFalse(single.drained());
        single.leave(slot);
        assertTrue(single.drained());
    }

    @Test
    void anEpochThatEndedLetsNobodyBegin() {
        PasidStates states = new PasidStates(4);
        assertTrue(states.begin(15, 0));
        assertEquals(0, states.nextEpoch(15));
        assertTrue(states.isUnderWay(15, 0));
        assertFalse(states.begin(15, 0));
        assertTrue(states.begin(15, 1));
        states.end(15, 0);
        assertFalse(states.isUnderWay(15, 0));
        assertTrue(states.isUnderWay(15, 1));
        assertFalse(states.has(16));
        assertFalse(states.has(-2));
        assertTrue(states.has(Pasid.NONE));
    }
}
