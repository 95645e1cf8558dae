package org.opensva.emulated;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Takes a machine down, also one that was only half put together: stage by stage, within a stage
 * the youngest first, and on after a failure.
 */
final class Lifecycle implements AutoCloseable {

    /** The order in which a machine is taken down. */
    enum Stage {
        /** Nobody torments processes any more. */
        PRESSURE,
        /** Processes end, with their memory and files. */
        PROCESSES,
        /** Metrics are no longer observed. */
        METRICS,
        /** Accelerators stop. */
        ACCELERATORS,
        /** Endpoints are unplugged. */
        ENDPOINTS,
        /** The SVA core detaches devices. */
        SVA,
        /** The IOMMU's driver switches it off. */
        DRIVER,
        /** Nobody is interrupted any more. */
        INTERRUPTS,
        /** The IOMMU is gone. */
        IOMMU,
        /** Memory management gives back what is left. */
        MEMORY,
        /** Threads that take turns get none any more. */
        SCHEDULE
    }

    private static final System.Logger LOG = System.getLogger(Lifecycle.class.getName());

    private final Map<Stage, Deque<AutoCloseable>> parts = new EnumMap<>(Stage.class);
    private final Set<AutoCloseable> known = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean closed;

    /**
     * Takes over the closing of a part, once however often it is added; at once if the machine is
     * down already.
     */
    <T extends AutoCloseable> T add(Stage stage, T part) {
        synchronized (this) {
            if (!closed) {
                if (known.add(part)) {
                    parts.computeIfAbsent(stage, key -> new ArrayDeque<>()).push(part);
                }
                return part;
            }
        }
        close(stage, part);
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
        for (Map.Entry<Stage, Deque<AutoCloseable>> stage : parts.entrySet()) {
            stage.getValue().forEach(part -> close(stage.getKey(), part));
        }
    }

    private static void close(Stage stage, AutoCloseable part) {
        try {
            part.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            // What comes after must go down all the same.
            LOG.log(System.Logger.Level.WARNING, "taking down " + stage + " failed", e);
        }
    }
}
