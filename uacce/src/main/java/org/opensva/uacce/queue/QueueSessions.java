package org.opensva.uacce.queue;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.EngineSession;
import org.opensva.api.accelerator.JobParameters;

/**
 * The streams that the engines keep for one queue.
 *
 * <p><b>Threading.</b> Used by the worker that serves the queue, and closed once none does.
 */
final class QueueSessions {

    private @Nullable EngineSession @Nullable [] sessions;

    @Nullable EngineSession get(int number) {
        @Nullable EngineSession[] all = sessions;
        return all == null || number < 0 || number >= all.length ? null : all[number];
    }

    void keep(int number, @Nullable EngineSession session) {
        @Nullable EngineSession[] all = sessions;
        if (all == null) {
            all = new @Nullable EngineSession[JobParameters.SESSIONS];
            sessions = all;
        }
        EngineSession old = all[number];
        all[number] = session;
        if (old != null && !old.equals(session)) {
            old.close();
        }
    }

    void closeAll() {
        @Nullable EngineSession[] all = sessions;
        sessions = null;
        if (all != null) {
            for (EngineSession session : all) {
                if (session != null) {
                    close(session);
                }
            }
        }
    }

    /** An engine is a vendor's code: what it throws must not keep the queue from stopping. */
    private static void close(EngineSession session) {
        try {
            session.close();
        } catch (RuntimeException e) {
            return;
        }
    }
}
