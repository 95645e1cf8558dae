package org.opensva.uacce.cdev;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.OpenFile;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.queue.DeviceQueue;
import org.opensva.uacce.queue.QueueError;
import org.opensva.uacce.queue.QueueLayout;
import org.opensva.uacce.queue.SharedPart;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * One open queue, as the kernel sees it: what all descriptors of it, in all processes, share
 * (Linux: {@code struct uacce_queue} behind a {@code struct file}).
 *
 * <p>Each operation names the process that makes the call. Refusals are looked for in this order: a
 * foreign address space under the policy {@link ForeignHandlePolicy#REFUSE} is {@code EPERM}, a
 * dead queue is {@code ENXIO}, a wrong state or argument is {@code EINVAL}. The shared queue
 * refuses foreign address spaces under every policy: their submissions carry another PASID.
 *
 * <p><b>Threading.</b> Any thread may call. {@link #map} and the death of the address space take no
 * lock, because the kernel calls them with its own locks held.
 */
public final class QueueFile implements OpenFile {

    /** The largest type of {@code UACCE_CMD_QM_SET_QP_CTX} ({@code QM_MAX_QC_TYPE}). */
    private static final int MAX_QC_TYPE = 2;

    private final CharDevice device;
    private final int number;
    private final SvaBond bond;
    private final DeviceQueue hardware;
    private final @Nullable JobSpans spans;
    private final BooleanSupplier present;
    private final ReentrantLock control = new ReentrantLock();
    private final AtomicReference<QueueState> state = new AtomicReference<>(QueueState.INIT);
    private final AtomicBoolean tornDown = new AtomicBoolean();
    private final QueueRegions regions;

    QueueFile(
            CharDevice device,
            int number,
            SvaBond bond,
            DeviceQueue hardware,
            @Nullable JobSpans spans,
            BooleanSupplier present) {
        this.device = device;
        this.number = number;
        this.bond = bond;
        this.hardware = hardware;
        this.spans = spans;
        this.present = present;
        regions = new QueueRegions(device.name(), hardware, device.regionSize(), present);
    }

    @Override
    public String name() {
        return device.name();
    }

    /** Which queue of the device it is, or -1. */
    int number() {
        return number;
    }

    /**
     * Tells which kind of queue it is.
     *
     * @return true for a part in the shared queue
     */
    public boolean isShared() {
        return hardware instanceof SharedPart;
    }

    /**
     * The bond that the queue holds.
     *
     * @return the address space and the PASID
     */
    public SvaBond bond() {
        return bond;
    }

    /**
     * The queue of the device.
     *
     * @return the hardware side
     */
    public DeviceQueue hardware() {
        return hardware;
    }

    /**
     * Where spans of jobs go.
     *
     * @return null if nobody records them
     */
    public @Nullable JobSpans spans() {
        return spans;
    }

    /**
     * How long a stop waits for the work that was accepted.
     *
     * @return nanoseconds
     */
    public long grace() {
        return device.grace();
    }

    /**
     * The state.
     *
     * @return never back from {@link QueueState#ZOMBIE}
     */
    public QueueState state() {
        return state.get();
    }

    /**
     * Tells whether a process is in another address space than the queue is bound to.
     *
     * @param caller the process
     * @return true if it is foreign to the queue
     */
    public boolean isForeign(SvaProcess caller) {
        return caller.addressSpace().id() != bond.addressSpace().id();
    }

    /**
     * Starts the queue: {@code UACCE_CMD_START_Q}.
     *
     * @param caller who asks
     * @throws ErrnoException {@code EPERM}, {@code ENXIO}, {@code EINVAL} if it is not in state
     *     INIT or its SHARED region holds parameters that make no sense
     */
    public void start(SvaProcess caller) {
        admit(caller, "start");
        control.lock();
        try {
            if (alive("start") != QueueState.INIT) {
                throw error(Errno.EINVAL, "start", "the queue is started already");
            }
            if (!hardware.start()) {
                throw error(Errno.EINVAL, "start", "the ring parameters make no sense");
            }
            if (!state.compareAndSet(QueueState.INIT, QueueState.STARTED)) {
                hardware.kill(QueueError.REMOVED);
                alive("start");
            }
        } finally {
            control.unlock();
        }
    }

    /**
     * Stops the queue and returns it to INIT: {@code UACCE_CMD_PUT_Q} since Linux commit
     * 26c08dabe547.
     *
     * @param caller who asks
     * @throws ErrnoException {@code EPERM}; {@code ENXIO} if it is dead, or dies because the device
     *     does not let go of a job
     */
    public void put(SvaProcess caller) {
        admit(caller, "put");
        control.lock();
        try {
            alive("put");
            if (!hardware.stop(grace())) {
                state.set(QueueState.ZOMBIE);
                throw error(Errno.ENXIO, "put", "the device does not let go of a job");
            }
            if (!state.compareAndSet(QueueState.STARTED, QueueState.INIT)) {
                alive("put");
            }
        } finally {
            control.unlock();
        }
    }

    /**
     * A command by its number ({@code uacce_fops_unl_ioctl}, {@code hisi_qm_uacce_ioctl}).
     *
     * @param caller who asks
     * @param command its number, see {@link UacceCommands}
     * @param argument what belongs to it
     * @throws ErrnoException {@code EPERM}, {@code ENXIO}, {@code EINVAL} for an unknown command,
     *     {@code EFAULT} if the argument is no address of the caller, and the errors of the command
     */
    public void ioctl(SvaProcess caller, int command, long argument) {
        if (command == UacceCommands.START_Q) {
            start(caller);
        } else if (command == UacceCommands.PUT_Q) {
            put(caller);
        } else {
            admit(caller, "ioctl");
            alive("ioctl");
            driverCommand(caller, command, argument);
        }
    }

    private void driverCommand(SvaProcess caller, int command, long argument) {
        try {
            if (command == UacceCommands.QM_SET_QP_CTX) {
                setContext(caller, argument);
            } else if (command == UacceCommands.QM_SET_QP_INFO) {
                tellInfo(caller, argument);
            } else {
                throw error(Errno.EINVAL, "ioctl", "unknown command 0x%x".formatted(command));
            }
        } catch (CpuFaultException e) {
            throw error(Errno.EFAULT, "ioctl", "no argument at 0x%x".formatted(argument));
        }
    }

    /** Engines do every operation, so that the type changes nothing once it is one. */
    private void setContext(SvaProcess caller, long argument) {
        ByteBuffer context = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
        caller.load(argument, context.array(), 0, context.capacity());
        int type = Short.toUnsignedInt(context.getShort(2));
        if (type > MAX_QC_TYPE) {
            throw error(Errno.EINVAL, "ioctl", "there is no algorithm type " + type);
        }
        context.putShort(0, (short) number);
        caller.store(argument, context.array(), 0, context.capacity());
    }

    private void tellInfo(SvaProcess caller, long argument) {
        int depth = hardware.depth();
        if (isShared()) {
            throw error(Errno.EINVAL, "ioctl", "a shared queue has no rings");
        }
        if (depth > 0xffff) {
            throw error(Errno.EOVERFLOW, "ioctl", depth + " entries do not fit 16 bits");
        }
        ByteBuffer info = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        info.putInt(0, QueueLayout.ENTRY_SIZE);
        info.putShort(4, (short) depth);
        info.putShort(6, (short) depth);
        // The structure is read and written: an address that cannot be read is refused as well.
        caller.load(argument, new byte[info.capacity()], 0, info.capacity());
        caller.store(argument, info.array(), 0, info.capacity());
    }

    @Override
    public DeviceMapping map(SvaProcess caller, long offset, long length, Protection protection) {
        admit(caller, "mmap");
        alive("mmap");
        return regions.map(offset, length, caller.pageSize());
    }

    /**
     * The mapping that a region has now.
     *
     * @param type which region
     * @return the mapping, or null
     */
    public @Nullable DeviceMapping mapping(QueueRegion type) {
        return regions.mapping(type);
    }

    /**
     * Tells whether a mapping is still the one of its region.
     *
     * @param type which region
     * @param mapping what {@link #mapping} said, or null
     * @return false once it was unmapped
     */
    public boolean isMapped(QueueRegion type, @Nullable DeviceMapping mapping) {
        return mapping != null && mapping.equals(regions.mapping(type));
    }

    /**
     * Pushes jobs into the device, as a {@code write(2)} on an idxd node does: all or none.
     *
     * @param caller who asks
     * @param owner who will collect the results
     * @param jobs the jobs, as many as the queue can hold at most
     * @param accepted gets each ticket before the device can see the job, or null
     * @return a ticket for each
     * @throws ErrnoException {@code EPERM}, {@code ENXIO}, {@code EINVAL} if the queue is not
     *     started, {@code EIO} if it has failed, {@code EAGAIN} if there is no room
     */
    public long[] submit(
            SvaProcess caller, Object owner, List<Job> jobs, @Nullable LongConsumer accepted) {
        admit(caller, "submit");
        started("submit");
        long[] tickets = hardware.submit(owner, jobs, accepted);
        if (tickets.length != jobs.size()) {
            started("submit");
            throw error(Errno.EAGAIN, "submit", "the queue is full");
        }
        return tickets;
    }

    /**
     * Refuses what needs a queue that runs.
     *
     * @param operation for the message
     * @throws ErrnoException {@code ENXIO}, {@code EINVAL}, {@code EIO}
     */
    public void started(String operation) {
        if (alive(operation) != QueueState.STARTED) {
            throw error(Errno.EINVAL, operation, "the queue is not started");
        }
        if (hardware.failed()) {
            throw error(Errno.EIO, operation, "the queue has stopped after an error");
        }
    }

    /**
     * Refuses what needs a queue that is not dead.
     *
     * @param operation for the message
     * @return the state that was found, which another thread may change at any moment
     * @throws ErrnoException {@code ENXIO}
     */
    public QueueState alive(String operation) {
        QueueState found = state.get();
        if (found == QueueState.ZOMBIE || !present.getAsBoolean()) {
            throw error(Errno.ENXIO, operation, "the queue is dead");
        }
        return found;
    }

    /**
     * Submits a command to the shared queue in the name of the opener.
     *
     * @param caller who asks
     * @param command as {@link SharedPart#enqueue}
     * @return true if it was taken
     * @throws ErrnoException {@code EPERM}, {@code ENXIO}, {@code EINVAL} if the queue is not
     *     started or not shared, {@code EIO} if it has failed
     */
    public boolean enqueue(SvaProcess caller, byte[] command) {
        admit(caller, "submit");
        started("submit");
        if (hardware instanceof SharedPart part) {
            return part.enqueue(command);
        }
        throw error(Errno.EINVAL, "submit", "the queue is not shared");
    }

    /**
     * Refuses a foreign caller, if that is the policy; of a shared queue always.
     *
     * @param caller who asks
     * @param operation for the message
     * @throws ErrnoException {@code EPERM}
     */
    public void admit(SvaProcess caller, String operation) {
        boolean refuse = device.policy() == ForeignHandlePolicy.REFUSE || isShared();
        if (refuse && isForeign(caller)) {
            throw error(Errno.EPERM, operation, "the queue is bound to another process's memory");
        }
    }

    /**
     * Makes an error of this queue.
     *
     * @param errno the error
     * @param operation the operation
     * @param detail what was found
     * @return to be thrown
     */
    public ErrnoException error(Errno errno, String operation, String detail) {
        return new ErrnoException(errno, operation + "(" + name() + ")", detail);
    }

    /** The address space has died. Called with the locks of memory management held. */
    void spaceDied() {
        kill(QueueError.ADDRESS_SPACE_GONE);
    }

    /** The queue is dead from now on. Does not wait. */
    void kill(QueueError why) {
        state.set(QueueState.ZOMBIE);
        hardware.kill(why);
    }

    /**
     * The last stop, with what can still be finished.
     *
     * @return false if a worker does not let go
     */
    boolean lastStop() {
        state.set(QueueState.ZOMBIE);
        control.lock();
        try {
            return hardware.stop(grace());
        } finally {
            control.unlock();
        }
    }

    /** True the first time. */
    boolean tearDownOnce() {
        return tornDown.compareAndSet(false, true);
    }

    @Override
    public void release() {
        device.released(this);
    }
}
