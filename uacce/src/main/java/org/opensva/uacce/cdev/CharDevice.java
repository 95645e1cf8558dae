package org.opensva.uacce.cdev;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.QueueRequest;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.queue.DeviceQueue;
import org.opensva.uacce.queue.HardwareQueue;
import org.opensva.uacce.queue.JobObserver;
import org.opensva.uacce.queue.QueueError;
import org.opensva.uacce.queue.QueueScheduler;
import org.opensva.uacce.queue.SharedPart;
import org.opensva.uacce.queue.SharedQueue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
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

    /** A part in the shared queue takes no queue of the device. */
    private static final int NO_NUMBER = -1;

    private final String name;
    private final Endpoint endpoint;
    private final SvaBinder binder;
    private final QueueScheduler scheduler;
    private final QueueSettings settings;
    private final Isolation isolation;
    private final boolean physical;
    private final @Nullable DeviceTelemetry telemetry;
    private final QueueNumbers numbers;

    /** Guards what follows, and that a PASID is not stopped while a queue with it is opened. */
    private final ReentrantLock control = new ReentrantLock();

    private final BoundSpaces spaces = new BoundSpaces();
    private final Set<QueueFile> files = new LinkedHashSet<>();
    private @Nullable SharedQueue shared;
    private volatile boolean resetting;
    private volatile boolean removed;

    /** One reset at a time. */
    private final ReentrantLock resets = new ReentrantLock();

    private final AtomicBoolean failNextReset = new AtomicBoolean();

    /**
     * Makes the driver of a device.
     *
     * @param name of the node
     * @param endpoint the device's bus interface, attached to its IOMMU
     * @param binder binds address spaces
     * @param scheduler serves the queues
     * @param settings of the queues
     * @param isolation whether the hardware is trusted; a virtual function has that of its physical
     *     function
     * @param physical false for a virtual function, whose errors its physical function processes
     * @param telemetry what is told about jobs, or null
     */
    public CharDevice(
            String name,
            Endpoint endpoint,
            SvaBinder binder,
            QueueScheduler scheduler,
            QueueSettings settings,
            Isolation isolation,
            boolean physical,
            @Nullable DeviceTelemetry telemetry) {
        this.name = name;
        this.endpoint = endpoint;
        this.binder = binder;
        this.scheduler = scheduler;
        this.settings = settings;
        this.isolation = isolation;
        this.physical = physical;
        this.telemetry = telemetry;
        numbers = new QueueNumbers(settings.instances());
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
        return settings.policy();
    }

    long regionSize() {
        return settings.regionSize();
    }

    long grace() {
        return settings.grace();
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
        return isPresent() ? numbers.free() : 0;
    }

    /**
     * Opens a queue for a process; see {@link org.opensva.api.accelerator.Accelerator#open}.
     *
     * @param process who opens
     * @param request what kind of queue
     * @return the open queue
     * @throws ErrnoException nothing is changed then
     */
    public Opened open(SvaProcess process, QueueRequest request) {
        AddressSpace space = process.addressSpace();
        checkUsable();
        if (request.limit() > settings.depth()) {
            throw refusal(Errno.EINVAL, "a queue holds %d jobs".formatted(settings.depth()));
        }
        if (request.shared() && request.priority() != QueueRequest.SHARED.priority()) {
            throw refusal(Errno.EINVAL, "the shared queue has one priority for all");
        }
        int number = request.shared() ? NO_NUMBER : numbers.take();
        if (number < 0 && !request.shared()) {
            throw refusal(Errno.EBUSY, "all queues are taken: close one first");
        }
        QueueFile file;
        try {
            file = bind(space, number, request);
        } catch (RuntimeException e) {
            giveBack(number);
            throw e;
        }
        try {
            return new Opened(file, process.files().install(file, true));
        } catch (RuntimeException e) {
            released(file);
            throw e;
        }
    }

    private void giveBack(int number) {
        if (number >= 0) {
            numbers.giveBack(number);
        }
    }

    private void checkUsable() {
        if (!isPresent()) {
            throw refusal(Errno.ENODEV, "the device is gone");
        }
        if (isolation.isIsolated()) {
            throw refusal(Errno.EPERM, "the device is isolated after hardware errors");
        }
        if (resetting) {
            throw refusal(Errno.EPERM, "the device is being reset");
        }
    }

    private ErrnoException refusal(Errno errno, String detail) {
        return new ErrnoException(errno, "open(" + name + ")", detail);
    }

    private QueueFile bind(AddressSpace space, int number, QueueRequest request) {
        control.lock();
        try {
            checkUsable();
            SvaBond bond = binder.bind(endpoint, space);
            QueueFile file =
                    request.shared()
                            ? join(bond, space, request)
                            : create(bond, space, number, request);
            try {
                spaces.add(file, space);
            } catch (RuntimeException e) {
                returned(file);
                bond.close();
                throw e;
            }
            files.add(file);
            return file;
        } finally {
            control.unlock();
        }
    }

    private QueueFile create(SvaBond bond, AddressSpace space, int number, QueueRequest request) {
        int pasid = bond.pasid().value();
        JobObserver observer = observer(pasid);
        return file(
                bond,
                number,
                new HardwareQueue(
                        pasid,
                        settings.depth(),
                        settings.regionSize(),
                        space::isAlive,
                        scheduler,
                        request.priority(),
                        limit(request),
                        observer),
                observer);
    }

    /** A part in the shared queue, which is made with the first one. */
    private QueueFile join(SvaBond bond, AddressSpace space, QueueRequest request) {
        SharedQueue queue = shared;
        if (queue == null) {
            queue =
                    new SharedQueue(
                            settings.depth(),
                            settings.regionSize(),
                            scheduler,
                            QueueRequest.SHARED.priority());
            shared = queue;
        }
        int pasid = bond.pasid().value();
        SharedPart part =
                queue.attach(pasid, space::isAlive, () -> observer(pasid), limit(request));
        return file(bond, NO_NUMBER, part, part.observer());
    }

    private int limit(QueueRequest request) {
        return request.limit() == 0 ? settings.depth() : request.limit();
    }

    private JobObserver observer(int pasid) {
        DeviceTelemetry recording = telemetry;
        return recording == null ? JobObserver.NONE : recording.queue(pasid);
    }

    private QueueFile file(SvaBond bond, int number, DeviceQueue queue, JobObserver observer) {
        JobSpans spans = observer instanceof JobSpans recording ? recording : null;
        if (spans != null) {
            bond.follow(spans);
        }
        return new QueueFile(this, number, bond, queue, spans, this::isPresent);
    }

    /** The last descriptor of a queue is closed, or opening it has failed halfway. */
    void released(QueueFile file) {
        if (file.tearDownOnce()) {
            tearDown(file, file.lastStop(), grace());
        }
    }

    private void tearDown(QueueFile file, boolean quiet, long patience) {
        DeviceQueue hardware = file.hardware();
        SvaBond bond = file.bond();
        control.lock();
        try {
            files.remove(file);
            boolean last = spaces.remove(file, bond.addressSpace());
            if (last) {
                stopPasid(bond);
            }
            if (quiet || hardware.awaitQuiet(patience)) {
                returned(file);
            } else {
                hardware.whenQuiet(() -> returned(file));
            }
            bond.close();
        } finally {
            control.unlock();
        }
    }

    /** No worker has the queue any more. */
    private void returned(QueueFile file) {
        giveBack(file.number());
        if (file.hardware() instanceof SharedPart part) {
            part.detach();
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

    /** Has the next reset fail. */
    public void failNextReset() {
        failNextReset.set(true);
    }

    /**
     * The hardware has reported an error: it is counted, and the device is reset.
     *
     * @param reset resets the device and what is reset with it
     */
    public void hardwareError(Runnable reset) {
        if (!isPresent()) {
            throw new ErrnoException(
                    Errno.ENODEV, "hardware error of " + name, "the device is gone");
        }
        if (physical && isolation.record()) {
            tellIsolated("hardware errors within the hour");
        }
        try {
            reset.run();
        } catch (ErrnoException e) {
            // What failed is the reset, which has isolated the device; the error is dealt with.
            return;
        }
    }

    private void tellIsolated(String why) {
        DeviceTelemetry recording = telemetry;
        if (recording != null) {
            recording.isolated(why);
        }
    }

    /**
     * Resets the device; see {@link org.opensva.api.accelerator.Accelerator#reset}. In the order of
     * {@code qm_controller_reset}: no queue is given out any more, the users are told, the jobs are
     * stopped, the translations are forgotten; a worker that does not let go in time fails the
     * reset.
     *
     * @throws ErrnoException {@code ENODEV}, {@code EIO}
     */
    public void reset() {
        resets.lock();
        try {
            boolean spoiled = failNextReset.getAndSet(false);
            boolean done = resetQueues() && !spoiled;
            if (!done) {
                if (physical && isolation.isolate()) {
                    tellIsolated("its reset has failed");
                }
                throw new ErrnoException(
                        Errno.EIO, "reset(" + name + ")", "the device did not come to rest");
            }
        } finally {
            resetting = false;
            resets.unlock();
        }
    }

    private boolean resetQueues() {
        List<QueueFile> open;
        control.lock();
        try {
            if (!isPresent()) {
                throw new ErrnoException(Errno.ENODEV, "reset(" + name + ")", "the device is gone");
            }
            resetting = true;
            open = new ArrayList<>(files);
        } finally {
            control.unlock();
        }
        open.forEach(file -> file.kill(QueueError.DEVICE_RESET));
        long deadline = System.nanoTime() + grace();
        boolean quiet = true;
        for (QueueFile file : open) {
            quiet &= file.hardware().awaitQuiet(left(deadline));
        }
        forgetTranslations(open);
        return quiet;
    }

    /** The queues that are still open keep their bonds until they are closed, and no more. */
    private void forgetTranslations(List<QueueFile> killed) {
        Set<Pasid> stopped = new HashSet<>();
        for (QueueFile file : killed) {
            control.lock();
            try {
                if (files.contains(file) && stopped.add(file.bond().pasid())) {
                    stopPasid(file.bond());
                }
            } finally {
                control.unlock();
            }
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
        long deadline = System.nanoTime() + grace();
        for (QueueFile file : open) {
            if (file.tearDownOnce()) {
                boolean quiet = file.hardware().stop(left(deadline));
                tearDown(file, quiet, left(deadline));
            }
        }
        endpoint.close();
        scheduler.shutDown(grace());
    }

    private static long left(long deadline) {
        return Math.max(0, deadline - System.nanoTime());
    }
}
