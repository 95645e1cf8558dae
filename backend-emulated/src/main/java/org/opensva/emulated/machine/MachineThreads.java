package org.opensva.emulated.machine;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The threads of a machine: those of the platform, unless a virtual thread starts one; then it is a
 * virtual one too, and belongs to the same {@linkplain SeededSchedule schedule}.
 */
public final class MachineThreads {

    private MachineThreads() {}

    /**
     * Makes daemon threads.
     *
     * @param prefix of their names, which a number follows
     * @return a factory
     */
    public static ThreadFactory named(String prefix) {
        AtomicLong next = new AtomicLong();
        return task -> {
            Thread.Builder builder =
                    Thread.currentThread().isVirtual()
                            ? Thread.ofVirtual()
                            : Thread.ofPlatform().daemon();
            return builder.name(prefix, next.getAndIncrement()).unstarted(task);
        };
    }
}
