package org.opensva.linux;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Takes a backend down, also one that was only half put together: what was made last goes first,
 * and a failure keeps nothing else from going.
 */
final class Shutdown implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Shutdown.class.getName());

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private boolean closed;

    /** Takes over the closing of a part; at once if the backend is down already. */
    <T extends AutoCloseable> T add(T part) {
        synchronized (this) {
            if (!closed) {
                parts.push(part);
                return part;
            }
        }
        close(part);
        return part;
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        parts.forEach(Shutdown::close);
    }

    private static void close(AutoCloseable part) {
        try {
            part.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            LOG.log(System.Logger.Level.WARNING, "taking down a backend failed", e);
        }
    }
}
