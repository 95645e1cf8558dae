package org.opensva.uacce.client;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

/** Opens queues ready for jobs, and closes them in the order in which nothing is left behind. */
final class OpenedQueue {

    private OpenedQueue() {}

    /**
     * Opens a queue, maps its regions and starts it; what a backend does not have is left out. A
     * device that is isolated is left alone, as UADK does ({@code get_dev_info}).
     *
     * @throws ErrnoException as opening and starting; then nothing is open
     */
    static QueueHandle open(Accelerator accelerator, SvaProcess process) {
        if (isIsolated(accelerator)) {
            throw new ErrnoException(
                    Errno.EIO,
                    "open(" + accelerator.name() + ")",
                    "the device is isolated after errors");
        }
        QueueHandle queue = accelerator.open(process);
        boolean ready = false;
        try {
            if (queue.state() == QueueState.INIT) {
                for (QueueRegion region : accelerator.info().regionSizes().keySet()) {
                    optional(() -> queue.mapRegion(region));
                }
                optional(queue::start);
            }
            ready = true;
            return queue;
        } finally {
            if (!ready) {
                close(queue);
            }
        }
    }

    /** A device without the attribute is never isolated. */
    private static boolean isIsolated(Accelerator accelerator) {
        try {
            return accelerator
                    .sysfs()
                    .map(files -> files.read("isolate").strip().equals("1"))
                    .orElse(false);
        } catch (ErrnoException e) {
            return false;
        }
    }

    private static void optional(Runnable call) {
        try {
            call.run();
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EOPNOTSUPP && e.errno() != Errno.ENOSYS) {
                throw e;
            }
        }
    }

    /**
     * Stops and closes a queue. The stop comes first because the descriptor may not be the last: a
     * child may hold a copy, and closing would leave the device at work.
     */
    static void close(QueueHandle queue) {
        try {
            queue.putQueue();
        } catch (ErrnoException e) {
            // Dead, or never started, or of a process that has ended: there is nothing to stop.
            queue.close();
            return;
        }
        queue.close();
    }
}
