package org.opensva.linux.uacce;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.DeviceBarrier;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.abi.Waiting;
import org.opensva.linux.node.DeviceQueue;
import org.opensva.linux.node.DeviceWindow;
import org.opensva.linux.uacce.spec.QueueManager;
import org.opensva.uacce.cdev.UacceCommands;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.locks.LockSupport;

/**
 * A queue of a HiSilicon queue manager, or of what behaves like one: a ring of descriptors and a
 * ring of completions in memory that the kernel has shared with the device, and doorbells.
 *
 * <p>A descriptor is complete in memory before the doorbell tells of it; a completion is read only
 * after its phase, and the descriptor that it names after that ({@code hisi_qm_send} and {@code
 * hisi_qm_recv_single} of UADK's {@code drv/hisi_qm_udrv.c}). Numbers that the device or the kernel
 * writes are checked before they are used as an index.
 *
 * <p><b>Threading.</b> As {@link DeviceQueue}.
 */
final class RingPair implements DeviceQueue {

    private static final int MAX_DESCRIPTOR = 4096;
    private static final long PAUSE_NANOS = 200_000;

    private final SystemCalls kernel;
    private final DeviceBarrier barrier;
    private final Descriptor node;
    private final Commands commands;
    private final QueueFormat format;
    private final Doorbell doorbell;
    private final DeviceWindow shared;
    private final DeviceWindow registers;
    private final Shape shape;

    /** What the device has, by the index of its descriptor. */
    private final @Nullable Slot[] slots;

    private final Deque<Refused> refused = new ArrayDeque<>();
    private int tail;
    private int head;
    private int phase = 1;
    private boolean started;
    private boolean broken;
    private boolean closed;

    private record Slot(long tag, QueueFormat.Outcome outcome) {}

    private record Refused(long tag, JobResult result) {}

    /**
     * What the kernel says about a queue.
     *
     * @param number which queue of the device
     * @param descriptorSize bytes
     * @param submissions entries of the submission ring
     * @param completions entries of the completion ring
     */
    record Shape(int number, int descriptorSize, int submissions, int completions) {

        long completionRing() {
            return (long) descriptorSize * submissions;
        }

        /** Refuses what does not fit: it would lead to accesses beyond the ends of the rings. */
        Shape checked(String name, int wanted, long size) {
            long needed =
                    completionRing()
                            + (long) QueueManager.CQE_SIZE * completions
                            + QueueManager.RECEIVE_DISABLED;
            boolean sound =
                    descriptorSize == wanted
                            && descriptorSize <= MAX_DESCRIPTOR
                            && submissions >= 2
                            && completions >= 2
                            && needed <= size;
            if (!sound) {
                throw new ErrnoException(
                        Errno.EIO,
                        "open(" + name + ")",
                        "the driver tells of %s in a region of %d bytes; descriptors have %d"
                                .formatted(this, size, wanted));
            }
            return this;
        }
    }

    /**
     * Where and what to tell the device.
     *
     * @param version whose values they are
     * @param offset of the doorbell in the MMIO region
     * @param stride distance of the doorbells of the two rings
     */
    record Doorbell(int version, int offset, int stride) {

        long place(int command) {
            return offset + (long) command * stride;
        }
    }

    /** Commands to a node, which the driver carries out. */
    interface Commands {

        /**
         * Gives a command.
         *
         * @param command its number
         * @param argument its structure, which is read and written; empty for none
         * @return what the driver answers, negative for an error
         */
        long command(int command, byte[] argument);

        /** Those of {@code ioctl(2)}. */
        static Commands of(SystemCalls kernel, Descriptor node) {
            return (command, argument) -> {
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment memory = arena.allocate(Math.max(argument.length, 1), 8);
                    MemorySegment.copy(argument, 0, memory, JAVA_BYTE, 0, argument.length);
                    long result =
                            kernel.call(
                                    SystemCall.IOCTL,
                                    node.number(),
                                    Integer.toUnsignedLong(command),
                                    argument.length == 0 ? 0 : memory.address());
                    MemorySegment.copy(memory, JAVA_BYTE, 0, argument, 0, argument.length);
                    return result;
                }
            };
        }
    }

    private RingPair(
            SystemCalls kernel,
            DeviceBarrier barrier,
            Descriptor node,
            Commands commands,
            QueueFormat format,
            Doorbell doorbell,
            DeviceWindow shared,
            DeviceWindow registers,
            Shape shape) {
        this.kernel = kernel;
        this.barrier = barrier;
        this.node = node;
        this.commands = commands;
        this.format = format;
        this.doorbell = doorbell;
        this.shared = shared;
        this.registers = registers;
        this.shape = shape;
        slots = new Slot[shape.submissions()];
    }

    /**
     * Sets a queue up that has just been opened.
     *
     * @param kernel where the node is open
     * @param barrier orders accesses
     * @param node its descriptor; stays the caller's
     * @param commands gives commands to it
     * @param device what sysfs says
     * @param format what its descriptors say
     * @param queueType what the queue is for
     * @param pageSize which the offsets of regions are multiples of
     * @return the queue, not started
     * @throws ErrnoException what the kernel answers, {@code EIO} if that makes no sense
     */
    static RingPair open(
            SystemCalls kernel,
            DeviceBarrier barrier,
            Descriptor node,
            Commands commands,
            UacceNode device,
            QueueFormat format,
            int queueType,
            int pageSize) {
        Doorbell doorbell = device.doorbell();
        long sharedSize = device.sharedSize();
        Shape shape =
                ask(commands, queueType, format.descriptorSize())
                        .checked(device.name(), format.descriptorSize(), sharedSize);
        if (doorbell.place(QueueManager.CQ) + Long.BYTES > device.mmioSize()) {
            throw new ErrnoException(
                    Errno.EIO,
                    "open(" + device.name() + ")",
                    "the MMIO region of %d bytes has no doorbell".formatted(device.mmioSize()));
        }
        DeviceWindow shared = DeviceWindow.map(kernel, node, pageSize, sharedSize);
        boolean done = false;
        try {
            DeviceWindow registers = DeviceWindow.map(kernel, node, 0, device.mmioSize());
            done = true;
            return new RingPair(
                    kernel, barrier, node, commands, format, doorbell, shared, registers, shape);
        } finally {
            if (!done) {
                shared.close();
            }
        }
    }

    private static Shape ask(Commands commands, int type, int descriptorSize) {
        byte[] context = new byte[QueueManager.CONTEXT_SIZE];
        QueueManager.CONTEXT_TYPE.set(context, type);
        KernelErrors.check(
                commands.command(UacceCommands.QM_SET_QP_CTX, context),
                "ioctl(UACCE_CMD_QM_SET_QP_CTX)");
        int number = (int) QueueManager.CONTEXT_NUMBER.get(context);
        byte[] info = new byte[QueueManager.INFO_SIZE];
        long told = commands.command(UacceCommands.QM_SET_QP_INFO, info);
        if (told == -KernelErrors.EINVAL) {
            // Before Linux 6.0: the command is not known, and every ring has this depth.
            return new Shape(
                    number, descriptorSize, QueueManager.DEFAULT_DEPTH, QueueManager.DEFAULT_DEPTH);
        }
        KernelErrors.check(told, "ioctl(UACCE_CMD_QM_SET_QP_INFO)");
        return new Shape(
                number,
                (int) Math.min(QueueManager.INFO_SQE_SIZE.get(info), MAX_DESCRIPTOR + 1),
                (int) QueueManager.INFO_SQ_DEPTH.get(info),
                (int) QueueManager.INFO_CQ_DEPTH.get(info));
    }

    /** One entry stays free: a full ring would look like an empty one. */
    @Override
    public int depth() {
        return Math.min(shape.submissions(), shape.completions()) - 1;
    }

    /** The driver begins anew at the first entries; completions of before must not be seen. */
    @Override
    public void start() {
        if (!started) {
            Arrays.fill(slots, null);
            shared.clear(
                    shape.completionRing(), (long) QueueManager.CQE_SIZE * shape.completions());
            barrier.full();
            tail = 0;
            head = 0;
            phase = 1;
            broken = false;
        }
        KernelErrors.check(control(UacceCommands.START_Q), "ioctl(UACCE_CMD_START_Q)");
        started = true;
    }

    @Override
    public void stop() {
        KernelErrors.check(control(UacceCommands.PUT_Q), "ioctl(UACCE_CMD_PUT_Q)");
        started = false;
    }

    private long control(int command) {
        return commands.command(command, new byte[0]);
    }

    @Override
    public boolean submit(long tag, Job job) {
        if (disabled(QueueManager.SEND_DISABLED) || broken) {
            throw new ErrnoException(
                    Errno.EIO, "submit", "the driver has disabled the queue after an error");
        }
        if (slots[tail] != null) {
            return false;
        }
        switch (format.encode(tail, job)) {
            case QueueFormat.Refusal refusal -> refused.add(new Refused(tag, refusal.result()));
            case QueueFormat.Work work -> {
                shared.store((long) tail * shape.descriptorSize(), work.descriptor());
                slots[tail] = new Slot(tag, work.outcome());
                tail = tail + 1 == shape.submissions() ? 0 : tail + 1;
                ring(QueueManager.SQ, tail, 0);
            }
        }
        return true;
    }

    private void ring(int command, int index, int priority) {
        barrier.full();
        registers.store(
                doorbell.place(command),
                QueueManager.doorbell(
                        doorbell.version(), shape.number(), command, index, priority));
    }

    private boolean disabled(int fromEnd) {
        return shared.loadAcquire(shared.size() - fromEnd) == 1;
    }

    @Override
    public void collect(Sink sink) {
        while (!refused.isEmpty()) {
            Refused first = refused.remove();
            sink.completed(first.tag(), first.result());
        }
        boolean some = false;
        byte[] completion = new byte[QueueManager.CQE_SIZE];
        byte[] descriptor = new byte[shape.descriptorSize()];
        while (!broken && next(completion)) {
            some = true;
            int index = (int) QueueManager.CQE_SQ_HEAD.get(completion);
            Slot slot = index < slots.length ? slots[index] : null;
            if (slot == null) {
                breakDown(sink);
                return;
            }
            slots[index] = null;
            shared.load((long) index * shape.descriptorSize(), descriptor);
            sink.completed(slot.tag(), slot.outcome().result(descriptor));
            if (++head == shape.completions()) {
                head = 0;
                phase ^= 1;
            }
        }
        if (some && !disabled(QueueManager.RECEIVE_DISABLED)) {
            ring(QueueManager.CQ, head, 1);
        }
    }

    private boolean next(byte[] completion) {
        long place = shape.completionRing() + (long) head * QueueManager.CQE_SIZE;
        int word = shared.loadAcquire(place + QueueManager.CQE_PHASE_WORD);
        if ((word >>> QueueManager.CQE_PHASE.low() & 1) != phase) {
            return false;
        }
        barrier.full();
        shared.load(place, completion);
        return true;
    }

    /** The device completes what it does not have: nothing that it says is believed any more. */
    private void breakDown(Sink sink) {
        broken = true;
        JobResult failure = QueueFormat.failed(JobStatus.DEVICE_ERROR);
        for (int i = 0; i < slots.length; i++) {
            Slot slot = slots[i];
            if (slot != null) {
                slots[i] = null;
                sink.completed(slot.tag(), failure);
            }
        }
    }

    @Override
    public void await(Duration timeout) {
        int events = Waiting.poll(kernel, node, timeout);
        if (events != 0 && (events & Waiting.POLLIN) == 0) {
            // A dead queue: what there is to know is known already.
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    @Override
    public void close(boolean present) {
        if (!closed) {
            closed = true;
            registers.close();
            shared.close();
        }
    }
}
