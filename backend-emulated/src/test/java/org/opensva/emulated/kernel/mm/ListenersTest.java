package org.opensva.emulated.kernel.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.emulated.machine.Processors;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** Who is told of a change, in which order, and who is not told any more. */
@Timeout(60)
class ListenersTest {

    private static final AddressRange RANGE = AddressRange.of(0x2000, 0x3000);

    private final List<String> told = Collections.synchronizedList(new ArrayList<>());

    private final Processors processors =
            new Processors(1, 64) {
                @Override
                protected void shootDown(int processor, View view, long page, long pages) {
                    told.add("processor 0x%x+0x%x".formatted(page, pages));
                    super.shootDown(processor, view, page, pages);
                }
            };
    private final Processors.View view = processors.view(7);
    private final SharedAsid asid =
            new SharedAsid(
                    new AsidSpace(
                            new ProcessorTlbs() {
                                @Override
                                public int asids() {
                                    return 4;
                                }

                                @Override
                                public void invalidate(
                                        int asid, AddressRange range, boolean lastLevelOnly) {
                                    told.add("broadcast " + asid);
                                }

                                @Override
                                public void synchronize() {
                                    told.add("complete");
                                }
                            }));
    private final Listeners listeners = new Listeners(asid, view, 12);

    /** Says what it hears, and then does something. */
    private final class Named implements AddressSpaceListener {
        private final String name;
        private Runnable then = () -> {};

        Named(String name) {
            this.name = name;
        }

        @Override
        public void invalidate(AddressRange range) {
            told.add(name + " " + Long.toHexString(range.start()));
            then.run();
        }

        @Override
        public void release() {
            told.add(name + " released");
            then.run();
        }
    }

    private final Named first = new Named("first");
    private final Named second = new Named("second");
    private final Named third = new Named("third");

    private void heard(String... expected) {
        assertEquals(List.of(expected), told);
        told.clear();
    }

    @Test
    void processorsForgetFirstThenTheBroadcastIsCompleteThenListenersHearInTheirOrder() {
        listeners.add(first, 7);
        listeners.add(second, 7);
        asid.pin();
        view.fill(2, 1);
        listeners.invalidate(RANGE, true);
        heard("processor 0x2+0x3", "broadcast 1", "complete", "first 2000", "second 2000");
        assertEquals(0, view.lookUp(2));
        view.fill(2, 1);
        listeners.forgetAll();
        heard("processor 0x0+0xffffffffffffffff", "broadcast 1", "complete");
        assertEquals(0, view.lookUp(2));
    }

    @Test
    void processorsForgetEveryPageThatTheRangeTouchesAndNoOther() {
        for (long page = 1; page <= 4; page++) {
            view.fill(page, page);
        }
        listeners.invalidate(new AddressRange(0x2800, 0x3001), true);
        heard("processor 0x2+0x2");
        assertEquals(1, view.lookUp(1));
        assertEquals(0, view.lookUp(2));
        assertEquals(0, view.lookUp(3));
        assertEquals(4, view.lookUp(4));
        listeners.invalidate(AddressRange.WHOLE, true);
        assertEquals(0, view.lookUp(1));
        assertEquals(0, view.lookUp(4));
    }

    @Test
    void aChangeIsWorthTellingIfAnybodyMayHaveCachedIt() {
        assertTrue(listeners.isEmpty());
        AddressSpace.Subscription subscription = listeners.add(first, 7);
        assertFalse(listeners.isEmpty(), "a subscriber");
        subscription.close();
        assertTrue(listeners.isEmpty());
        view.fill(2, 1);
        assertFalse(listeners.isEmpty(), "a processor");
        listeners.forgetAll();
        assertTrue(listeners.isEmpty());
        asid.pin();
        assertFalse(listeners.isEmpty(), "an IOTLB that takes part in broadcasts");
    }

    @Test
    void whoEndsItsSubscriptionWhileOthersAreToldHearsNothingMore() {
        listeners.add(first, 7);
        AddressSpace.Subscription ending = listeners.add(second, 7);
        listeners.add(third, 7);
        first.then = () -> elsewhere(ending::close);
        listeners.invalidate(RANGE, true);
        heard("first 2000", "third 2000");
        first.then = () -> {};
        AddressSpace.Subscription again = listeners.add(second, 7);
        first.then = () -> elsewhere(again::close);
        listeners.release();
        heard("first released", "third released");
    }

    private static void elsewhere(Runnable call) {
        Thread thread = Thread.ofPlatform().start(call);
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theEndOfASubscriptionWaitsForTheCallUnderWay() throws InterruptedException {
        endsAfter(() -> listeners.invalidate(RANGE, true), listeners.add(first, 7));
        endsAfter(listeners::release, listeners.add(first, 7));
    }

    private void endsAfter(Runnable call, AddressSpace.Subscription subscription)
            throws InterruptedException {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        first.then =
                () -> {
                    inside.countDown();
                    awaitUninterruptibly(goOn);
                    told.add("done");
                };
        Thread caller = Thread.ofPlatform().start(call);
        inside.await();
        told.clear();
        Thread ender =
                Thread.ofPlatform()
                        .start(() -> {
                            subscription.close();
                            told.add("ended");
                        });
        while (ender.getState() != Thread.State.WAITING
                && ender.getState() != Thread.State.TERMINATED) {
            Thread.onSpinWait();
        }
        goOn.countDown();
        ender.join();
        caller.join();
        heard("done", "ended");
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whoeverFailsToGoQuietTheOthersAreReleasedAndTheFailuresAreTold() {
        RuntimeException one = new IllegalStateException("one");
        RuntimeException two = new IllegalStateException("two");
        first.then = () -> fail(one);
        second.then = () -> fail(two);
        listeners.add(first, 7);
        listeners.add(second, 7);
        listeners.add(third, 7);
        assertSame(one, assertThrows(IllegalStateException.class, listeners::release));
        assertEquals(List.of(two), List.of(one.getSuppressed()));
        heard("first released", "second released", "third released");
        ErrnoException refused = assertThrows(ErrnoException.class, () -> listeners.add(third, 7));
        assertEquals(Errno.EINVAL, refused.errno());
    }

    private static void fail(RuntimeException failure) {
        throw failure;
    }
}
