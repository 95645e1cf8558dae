package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** Waiting for what is under way, of devices that come and go on the list of active ones. */
class ActivityTest {

    private static final int DEVICES = 3;
    private static final int WAITERS = 2;
    private static final int ROUNDS = 250;

    private final Activity activity = new Activity();
    private final LaneSet[] devices = new LaneSet[DEVICES];

    ActivityTest() {
        for (int i = 0; i < DEVICES; i++) {
            devices[i] = new LaneSet(activity);
        }
    }

    @Test
    void lanesAreListedByTheFirstThatEntersAndNoLongerAfterAWait() {
        LaneSet device = devices[0];
        assertEquals(Activity.QUIET, device.activity());
        device.enter().leave();
        assertEquals(Activity.LISTED, device.activity());
        devices[1].enter().leave();
        activity.drain();
        assertEquals(Activity.QUIET, device.activity());
        assertEquals(Activity.QUIET, devices[1].activity());
        device.enter().leave();
        assertEquals(Activity.LISTED, device.activity());
        assertEquals(Activity.QUIET, devices[1].activity());
    }

    @Test
    void aWaitThatFindsNothingListedWaitsForWhatAnotherIsWaitingFor() throws InterruptedException {
        Lane lane = devices[0].enter();
        AtomicBoolean inside = new AtomicBoolean(true);
        AtomicReference<String> failure = new AtomicReference<>("");
        Runnable wait =
                () -> {
                    activity.drain();
                    if (inside.get()) {
                        failure.set("did not wait");
                    }
                };
        Thread first = Thread.ofPlatform().start(wait);
        while (devices[0].activity() != Activity.QUIET) {
            Thread.yield();
        }
        Thread second = Thread.ofPlatform().start(wait);
        for (int looks = 0; looks < 2000 && second.isAlive(); looks++) {
            Thread.yield();
        }
        inside.set(false);
        lane.leave();
        first.join();
        second.join();
        assertEquals("", failure.get());
    }

    /**
     * Each waiter owns a number that it moves on, as an invalidation does, then waits, then takes
     * back what the old number stood for. What a request looked up inside its lane is not taken
     * back before it leaves, whichever thread listed the lanes and whoever else is waiting.
     */
    @Test
    void nothingIsTakenBackFromWhoeverLookedItUpInsideALane() throws InterruptedException {
        AtomicLong[] current = new AtomicLong[WAITERS];
        AtomicLong[] takenBack = new AtomicLong[WAITERS];
        for (int i = 0; i < WAITERS; i++) {
            current[i] = new AtomicLong(1);
            takenBack[i] = new AtomicLong();
        }
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<String> failure = new AtomicReference<>("");
        CountDownLatch running = new CountDownLatch(1000);
        List<Thread> readers = new ArrayList<>();
        for (int n = 0; n < 4; n++) {
            int seed = n;
            readers.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                for (int i = seed; !stop.get(); i++) {
                                    Lane lane = devices[i % DEVICES].enter();
                                    try {
                                        int which = i / DEVICES % WAITERS;
                                        long found = current[which].get();
                                        Thread.onSpinWait();
                                        if (takenBack[which].get() >= found) {
                                            failure.set("used " + found + " after it was gone");
                                            stop.set(true);
                                        }
                                    } finally {
                                        lane.leave();
                                    }
                                    running.countDown();
                                }
                            }));
        }
        running.await();
        List<Thread> waiters = new ArrayList<>();
        for (int n = 0; n < WAITERS; n++) {
            int which = n;
            waiters.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                for (int round = 1; round <= ROUNDS && !stop.get(); round++) {
                                    current[which].set(round + 1);
                                    activity.drain();
                                    takenBack[which].set(round);
                                }
                            }));
        }
        for (Thread waiter : waiters) {
            waiter.join();
        }
        boolean finished = !stop.getAndSet(true);
        for (Thread reader : readers) {
            reader.join();
        }
        assertEquals("", failure.get());
        assertTrue(finished);
    }
}
