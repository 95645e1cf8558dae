package org.opensva.uacce.cdev;

import io.opentelemetry.api.trace.Tracer;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.queue.HardwareQueue;
import org.opensva.uacce.queue.JobObserver;
import org.opensva.uacce.queue.QueueError;
import org.opensva.uacce.queue.QueueScheduler;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The driver of one accelerator: gives out queues, takes them back, and survives the removal of the
 * device with queues open.
 *
 * <p>A queue is torn down in the order of {@code uacce_fops_release}: stopped, returned, unbound;
 * before the unbinding the device ends the use of the PASID, if no other of its queues has it.
 *
 * <p><b>Threading.</b> Any thread may call. Opening and teardown of queues take turns.
 */
public final class CharDevice {

    private final String name;
    private final Endpoint endpoint;
    private final SvaBinder binder;
    private final QueueScheduler scheduler;
    private final ForeignHandlePolicy policy;
    private final int depth;
    private final long regionSize;
    private final long grace;
    private final @Nullable Tracer tracer;
    private final Semaphore instances;

    /** Guards what follows, and that a PASID is not stopped while a queue with it is opened. */
    private final ReentrantLock control = new ReentrantLock();

    private final BoundSpaces spaces = new BoundSpaces();
    private final Set<QueueFile> files = new LinkedHashSet<>();
    private volatile boolean removed;

    /**
     * Makes the driver of a device.
     *
     * @param name of the node
     * @param endpoint the device's bus interface, attached to its IOMMU
     * @param binder binds address spaces
     * @param scheduler serves the queues
     * @param policy for handles in foreign address spaces
     * @param instances how many queues there are
     * @param depth how many jobs a queue holds
     * @param regionSize size of each region in bytes
     * @param grace how long a stop waits for accepted work, in nanoseconds
     * @param tracer where spans of jobs go, or null
     */
    public CharDevice(
            String name,
            Endpoint endpoint,
            SvaBinder binder,
            QueueScheduler scheduler,
            ForeignHandlePolicy policy,
            int instances,
            int depth,
            long regionSize,
            long grace,
            @Nullable Tracer tracer) {
        this.name = name;
        this.endpoint = endpoint;
        this.binder = binder;
        this.scheduler = scheduler;
        this.policy = policy;
        this.instances = new Semaphore(instances);
        this.depth = depth;
        this.regionSize = regionSize;
        this.grace = grace;
        this.tracer = tracer;
    }

    /**
     * An open queue and its first descriptor.
     *
     * @param file the open file
     * @param fd the descriptor in the opener
     */
    public record Opened(QueueFile file, int fd) {}

    String name() {
        return name;
    }

    ForeignHandlePolicy policy() {
        return policy;
    }

    long regionSize() {
        return regionSize;
    }

    long grace() {
        return grace;
    }

    /**
     * Tells whether the device is there.
     *
     * @return false after removal
     */
    public boolean isPresent() {
        return !removed && endpoint.isPresent();
    }

    /**
     * How many queues are left.
     *
     * @return 0 after removal
     */
    public int availableInstances() {
        return isPresent() ? instances.availablePermits() : 0;
    }

    /**
     * Opens a queue for a process; see {@link org.opensva.api.accelerator.Accelerator#open}.
     *
     * @param process who opens
     * @return the open queue
     * @throws ErrnoException nothing is changed then
     */
    public Opened open(SvaProcess process) {
        AddressSpace space = process.addressSpace();
        checkPresent();
        if (!instances.tryAcquire()) {
            throw new ErrnoException(
                    Errno.EBUSY, "open(" + name + ")", "all queues are taken: close one first");
        }
        QueueFile file;
        try {
            file = bind(space);
        } catch (RuntimeException e) {
            instances.release();
            throw e;
        }
        try {
            return new Opened(file, process.files().install(file, true));
        } catch (RuntimeException e) {
            released(file);
            throw e;
        }
    }

    private void checkPresent() {
        if (!isPresent()) {
            throw new ErrnoException(Errno.ENODEV, "open(" + name + ")", "the device is gone");
        }
    }

    private QueueFile bind(AddressSpace space) {
        control.lock();
        try {
            checkPresent();
            SvaBond bond = binder.bind(endpoint, space);
            QueueFile file = create(bond, space);
            try {
                spaces.add(file, space);
            } catch (RuntimeException e) {
                bond.close();
                throw e;
            }
            files.add(file);
            return file;
        } finally {
            control.unlock();
        }
    }

    private QueueFile create(SvaBond bond, AddressSpace space) {
        int pasid = bond.pasid().value();
        Tracer recording = tracer;
        JobSpans spans =
                recording == null
                        ? null
                        : new JobSpans(recording, name, endpoint.requester().value(), pasid);
        HardwareQueue hardware =
                new HardwareQueue(
                        pasid,
                        depth,
                        regionSize,
                        space::isAlive,
                        scheduler,
                        spans == null ? JobObserver.NONE : spans);
        return new QueueFile(this, bond, hardware, spans, this::isPresent);
    }

    /** The last descriptor of a queue is closed, or opening it has failed halfway. */
    void released(QueueFile file) {
        if (file.tearDownOnce()) {
            tearDown(file, file.lastStop(), grace);
        }
    }

    private void tearDown(QueueFile file, boolean quiet, long patience) {
        HardwareQueue hardware = file.hardware();
        SvaBond bond = file.bond();
        control.lock();
        try {
            files.remove(file);
            boolean last = spaces.remove(file, bond.addressSpace());
            if (last) {
                stopPasid(bond);
            }
            if (quiet || hardware.awaitQuiet(patience)) {
                instances.release();
            } else {
                hardware.whenQuiet(instances::release);
            }
            bond.close();
        } finally {
            control.unlock();
        }
    }

    private void stopPasid(SvaBond bond) {
        try {
            endpoint.stopPasid(bond.pasid());
        } catch (ErrnoException e) {
            // A device that is gone has stopped everything; the rest of the teardown must go on.
            return;
        }
    }

    /** Removes the device; see {@link org.opensva.api.accelerator.Accelerator#remove}. */
    public void remove() {
        List<QueueFile> open;
        control.lock();
        try {
            if (removed) {
                return;
            }
            removed = true;
            open = new ArrayList<>(files);
        } finally {
            control.unlock();
        }
        open.forEach(file -> file.kill(QueueError.REMOVED));
        long deadline = System.nanoTime() + grace;
        for (QueueFile file : open) {
            if (file.tearDownOnce()) {
                boolean quiet = file.hardware().stop(left(deadline));
                tearDown(file, quiet, left(deadline));
            }
        }
        endpoint.close();
        scheduler.shutDown(grace);
    }

    private static long left(long deadline) {
        return Math.max(0, deadline - System.nanoTime());
    }
}
