package org.opensva.conformance.zoo;

import com.google.inject.Module;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A machine that keeps the contract and helps nobody: its link is slow, mappings are never where
 * the last one ended, and queues are full for a moment now and then. The suite must not mind.
 */
final class Awkward implements Defect {

    private static final int FULL = 7;
    private static final int GAPS = 5;

    private final SlowLink link = new SlowLink();
    private final AtomicInteger maps = new AtomicInteger();

    @Override
    public Module layers() {
        return link.layers();
    }

    @Override
    public Backend around(Backend machine) {
        Backend opened = WrappedBackend.withAccelerators(link.around(machine), Busy::new);
        return WrappedBackend.withProcesses(opened, Scattered::new);
    }

    /** Leaves gaps of changing size between its mappings. */
    private final class Scattered extends ForwardingProcess {
        Scattered(SvaProcess to) {
            super(to);
        }

        @Override
        public long mmap(MapRequest request) {
            if (request.fixed() || request.address() != 0) {
                return super.mmap(request);
            }
            long length = (1L + maps.getAndIncrement() % GAPS) * pageSize();
            long gap = super.mmap(MapRequest.anonymous(length));
            long address = super.mmap(request);
            super.munmap(gap, length);
            return address;
        }

        @Override
        public SvaProcess fork() {
            return new Scattered(super.fork());
        }

        @Override
        public SvaProcess vfork() {
            return new Scattered(super.vfork());
        }
    }

    private static final class Busy extends ForwardingAccelerator {
        Busy(Accelerator to) {
            super(to);
        }

        @Override
        public QueueHandle open(SvaProcess process) {
            return new Full(super.open(process));
        }
    }

    /** Has no room for every seventh job, the first time it is asked. */
    private static final class Full extends ForwardingHandle {
        private final AtomicInteger asked = new AtomicInteger();

        Full(QueueHandle to) {
            super(to);
        }

        @Override
        QueueHandle around(QueueHandle copy) {
            return new Full(copy);
        }

        @Override
        public long submit(Job job) {
            if (asked.incrementAndGet() % FULL == 0) {
                throw new ErrnoException(Errno.EAGAIN, "submit", "the queue is full at the moment");
            }
            return super.submit(job);
        }
    }
}
