package org.opensva.linux.mm;

import org.opensva.api.process.AddressSpace.Subscription;

import java.util.ArrayList;
import java.util.List;

/**
 * How long the name of an address space lasts: as long as its memory, and as long as anybody holds
 * it ({@code mmgrab} of Linux). Until then nothing that belongs to the name, like its PASID, is
 * given to anybody else.
 *
 * <p><b>Threading.</b> Any thread may call. No lock is held while actions run.
 */
final class Identity {

    private final Runnable whenEnded;
    private final List<Runnable> actions = new ArrayList<>();
    private int holds;
    private boolean released;
    private boolean ended;

    Identity(Runnable whenEnded) {
        this.whenEnded = whenEnded;
    }

    Subscription hold() {
        synchronized (this) {
            holds++;
        }
        return new Subscription() {
            private boolean given;

            @Override
            public void close() {
                synchronized (Identity.this) {
                    if (given) {
                        return;
                    }
                    given = true;
                    holds--;
                }
                endIfOver();
            }
        };
    }

    /** Runs something when it ends; at once if it has ended. */
    void whenEnded(Runnable action) {
        synchronized (this) {
            if (!ended) {
                actions.add(action);
                return;
            }
        }
        action.run();
    }

    /** The memory has no users left. */
    void released() {
        synchronized (this) {
            released = true;
        }
        endIfOver();
    }

    private void endIfOver() {
        List<Runnable> now;
        synchronized (this) {
            if (!released || holds > 0 || ended) {
                return;
            }
            ended = true;
            now = List.copyOf(actions);
        }
        now.forEach(Runnable::run);
        whenEnded.run();
    }
}
