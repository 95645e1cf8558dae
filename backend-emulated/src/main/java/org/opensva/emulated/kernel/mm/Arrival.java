package org.opensva.emulated.kernel.mm;

import java.util.concurrent.CountDownLatch;

/** Something that others wait for, whether they are interrupted or not. */
final class Arrival {

    private final CountDownLatch arrived = new CountDownLatch(1);

    /** It has happened; whoever waits goes on. */
    void announce() {
        arrived.countDown();
    }

    /** Waits until it has happened; no lock may be held. */
    void await() {
        boolean interrupted = false;
        while (true) {
            try {
                arrived.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
