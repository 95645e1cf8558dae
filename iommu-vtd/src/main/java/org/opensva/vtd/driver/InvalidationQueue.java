package org.opensva.vtd.driver;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.vtd.driver.PendingWait.Outcome;
import org.opensva.vtd.driver.PendingWait.State;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.DescriptorEncoder;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.QueueError;
import org.opensva.vtd.layout.QueueRegisters.Iqa;
import org.opensva.vtd.layout.QueueRegisters.Iqercd;
import org.opensva.vtd.layout.QueueRegisters.Iqh;
import org.opensva.vtd.layout.Register;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.ObjIntConsumer;

/**
 * The producer of the invalidation queue, with descriptors of 256 bits (section 6.5.2; Linux:
 * {@code qi_submit_sync}).
 *
 * <p>Positions are counted without wrap-around here; registers hold them modulo the size of the
 * queue. One lock orders insertion and the handling of errors; waiting for completion is done
 * outside of it, on a status word that the hardware writes, so that a page response can be sent
 * while an invalidation waits for a slow device.
 */
final class InvalidationQueue {

    private static final int QUEUE_PAGES_LOG2 = 3;
    private static final int SIZE = (4096 << QUEUE_PAGES_LOG2) / 32;
    private static final int DESCRIPTOR_BYTES = 32;
    private static final long MASK = SIZE - 1;

    private static final int SPINS = 200;
    private static final long PARK_NANOS = 20_000;

    /**
     * A queue that makes no progress for this long is dead: the hardware gives up a silent device
     * much earlier.
     */
    private static final long STUCK_NANOS = 30_000_000_000L;

    private final RegisterFrame registers;
    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final ObjIntConsumer<String> errors;
    private final LongSupplier nanoTime;
    private final long base;
    private final long statusBase;
    private final ReentrantLock lock = new ReentrantLock();

    /**
     * What was written to each slot, two words each: memory may be damaged, and what was meant has
     * to be known then. Guarded by the lock, as is everything below that is not volatile.
     */
    private final long[] written = new long[SIZE * DescriptorBatch.WORDS];

    /** In the order of their positions; those that have ended leave with the next insertion. */
    private final Deque<PendingWait> pending = new ArrayDeque<>();

    /** Next position to write. Begins at one whole queue: status words begin as 0. */
    private long produced = SIZE;

    /** Everything before this position has been fetched. */
    private long fetched = SIZE;

    /** The position of the last descriptor that was refused and written again. */
    private long repeated;

    /**
     * Allocates the queue. It runs after {@link #enable}.
     *
     * @param errors hears of errors that somebody should know of: a text, and the requester id or
     *     -1
     * @param nanoTime the clock by which a queue that stands still is known
     */
    InvalidationQueue(
            RegisterFrame registers,
            PhysicalMemory memory,
            FrameAllocator frames,
            ObjIntConsumer<String> errors,
            LongSupplier nanoTime) {
        this.registers = registers;
        this.memory = memory;
        this.frames = frames;
        this.errors = errors;
        this.nanoTime = nanoTime;
        this.base = Blocks.allocate(frames, (long) SIZE * DESCRIPTOR_BYTES);
        try {
            this.statusBase = Blocks.allocate(frames, (long) SIZE * Integer.BYTES);
        } catch (RuntimeException e) {
            Blocks.free(frames, base, (long) SIZE * DESCRIPTOR_BYTES);
            throw e;
        }
    }

    /** Starts the queue, empty. */
    void enable() {
        registers.write(Register.IQT, 0);
        registers.write(
                Register.IQA,
                Iqa.QS.place(QUEUE_PAGES_LOG2) | Iqa.DW.mask() | Iqa.IQA.address(base));
        registers.command(Gcmd.QIE, true);
    }

    /** Stops the queue after what is in it, and gives its memory back. */
    void close() {
        try {
            registers.await(
                    Register.IQH,
                    Iqh.QH.mask(),
                    registers.read(Register.IQT) & Iqh.QH.mask(),
                    "empty the invalidation queue");
        } finally {
            registers.command(Gcmd.QIE, false);
            free();
        }
    }

    /** Gives the memory of a queue back that does not run. */
    void free() {
        Blocks.free(frames, base, (long) SIZE * DESCRIPTOR_BYTES);
        Blocks.free(frames, statusBase, (long) SIZE * Integer.BYTES);
    }

    /**
     * Inserts descriptors and returns at once.
     *
     * @return the waits of the batch, in order
     */
    List<PendingWait> submit(DescriptorBatch batch) {
        lock.lock();
        try {
            while (!pending.isEmpty() && pending.getFirst().outcome(memory) != null) {
                pending.removeFirst();
            }
            List<PendingWait> waits = new ArrayList<>(2);
            long first = produced;
            for (int i = 0; i < batch.count(); i++) {
                put(batch.words(), i * DescriptorBatch.WORDS, first, waits);
            }
            publish();
            return waits;
        } finally {
            lock.unlock();
        }
    }

    /** Inserts descriptors with one wait at their end, and returns when that has ended. */
    Outcome submitAndWait(DescriptorBatch batch) {
        batch.await(false);
        return await(submit(batch).getLast());
    }

    private void put(long[] words, int at, long first, List<PendingWait> waits) {
        if (isFull()) {
            publish();
            awaitSpace();
        }
        long w0 = words[at];
        long w1 = words[at + 1];
        if (isStatusWait(w0)) {
            long status = statusBase + (produced & MASK) * Integer.BYTES;
            PendingWait wait = new PendingWait(first, produced, status);
            w0 = InvalidationDescriptor.STDATA.set(w0, Integer.toUnsignedLong(wait.tag()));
            w1 = InvalidationDescriptor.STADDR.address(status);
            pending.addLast(wait);
            waits.add(wait);
        }
        write(produced++, w0, w1);
    }

    private static boolean isStatusWait(long w0) {
        return InvalidationDescriptor.type(w0) == DescriptorType.WAIT.code()
                && InvalidationDescriptor.SW.isSet(w0);
    }

    private void write(long position, long w0, long w1) {
        int slot = (int) (position & MASK);
        written[slot * DescriptorBatch.WORDS] = w0;
        written[slot * DescriptorBatch.WORDS + 1] = w1;
        writeMemory(slot);
    }

    private void writeMemory(int slot) {
        long at = base + (long) slot * DESCRIPTOR_BYTES;
        memory.writeLong(at, written[slot * DescriptorBatch.WORDS]);
        memory.writeLong(at + 8, written[slot * DescriptorBatch.WORDS + 1]);
        memory.writeLong(at + 16, 0);
        memory.writeLong(at + 24, 0);
    }

    private void publish() {
        registers.write(Register.IQT, (produced & MASK) * DESCRIPTOR_BYTES);
    }

    private void awaitSpace() {
        long start = nanoTime.getAsLong();
        for (int i = 0; isFull(); i++) {
            pause(i, start);
            refresh();
        }
    }

    private boolean isFull() {
        return produced - fetched >= SIZE - 1;
    }

    /** Waits until a wait of this queue has ended. */
    Outcome await(PendingWait wait) {
        long start = 0;
        for (int i = 0; ; i++) {
            Outcome outcome = wait.outcome(memory);
            if (outcome != null) {
                return outcome;
            }
            if (i == 0) {
                start = nanoTime.getAsLong();
            }
            pause(i, start);
            if (i >= SPINS || (i & 15) == 15) {
                handleErrors();
            }
        }
    }

    private void pause(int round, long start) {
        if (round < SPINS) {
            Thread.onSpinWait();
            return;
        }
        LockSupport.parkNanos(PARK_NANOS);
        if (RegisterFrame.isGone(registers.read(Register.FSTS))
                || nanoTime.getAsLong() - start > STUCK_NANOS) {
            throw new ErrnoException(
                    Errno.EIO,
                    "invalidation wait",
                    "the invalidation queue makes no progress: IQH 0x%x, IQT 0x%x, FSTS 0x%x"
                            .formatted(
                                    registers.read(Register.IQH),
                                    registers.read(Register.IQT),
                                    registers.read(Register.FSTS)));
        }
    }

    /** Handles errors of the queue if there are any. May be called at any time, by any thread. */
    void handleErrors() {
        lock.lock();
        try {
            refresh();
        } finally {
            lock.unlock();
        }
    }

    /** Learns how far the hardware is, and gets it going again after an error. */
    private void refresh() {
        long status = registers.read(Register.FSTS);
        if (RegisterFrame.isGone(status)) {
            return; // and its head is nowhere
        }
        fetched = position();
        if (Fsts.ITE.isSet(status)) {
            timedOut();
        }
        if (Fsts.IQE.isSet(status)) {
            refused();
        }
        if (Fsts.ICE.isSet(status)) {
            int source = (int) Iqercd.ICESID.get(registers.read(Register.IQERCD));
            registers.write(Register.FSTS, Fsts.ICE.mask());
            errors.accept("invalidation completion that nobody waits for (FSTS.ICE)", source);
        }
    }

    private long position() {
        long head = Iqh.offset(registers.read(Register.IQH)) / DESCRIPTOR_BYTES;
        return produced - ((produced - head) & MASK);
    }

    /**
     * Section 6.5.2.10: a device has not completed an invalidation in time. The hardware has given
     * up every wait that it had fetched, whoever issued it, and fetches again once the error is
     * cleared (Linux: {@code qi_check_fault}). A wait that it will fetch only then may speak for
     * the very invalidation that was lost, so that it counts as given up, too.
     */
    private void timedOut() {
        Outcome outcome =
                new Outcome(
                        State.TIMED_OUT, (int) Iqercd.ITESID.get(registers.read(Register.IQERCD)));
        for (PendingWait wait : pending) {
            if (wait.first() < fetched && !wait.isWritten(memory)) {
                wait.fail(outcome);
            }
        }
        registers.write(Register.FSTS, Fsts.ITE.mask());
    }

    /**
     * Section 6.5.2.10: the head stands at a descriptor that the hardware cannot execute. What was
     * meant is written again, in case memory was damaged. Refused once more it becomes an
     * invalidation of every IOTLB entry, which is always allowed, and whoever waits for it is told.
     */
    private void refused() {
        long position = position();
        int slot = (int) (position & MASK);
        if (repeated == position) {
            QueueError error =
                    QueueError.of((int) Iqercd.IQEI.get(registers.read(Register.IQERCD)));
            errors.accept(
                    "invalidation descriptor 0x%x 0x%x is refused: %s"
                            .formatted(
                                    written[slot * DescriptorBatch.WORDS],
                                    written[slot * DescriptorBatch.WORDS + 1],
                                    error),
                    -1);
            PendingWait waiting = waitingFor(position);
            if (waiting != null) {
                waiting.fail(new Outcome(State.REFUSED, 0));
            }
            long[] harmless = new long[DescriptorBatch.WORDS];
            DescriptorEncoder.iotlb(
                    harmless, 0, InvalidationDescriptor.IOTLB_GLOBAL, 0, true, true, 0, 0, false);
            write(position, harmless[0], harmless[1]);
        } else {
            repeated = position;
            writeMemory(slot);
        }
        registers.write(Register.FSTS, Fsts.IQE.mask());
    }

    private @Nullable PendingWait waitingFor(long position) {
        for (PendingWait wait : pending) {
            if (wait.first() <= position && position <= wait.position()) {
                return wait;
            }
        }
        return null;
    }
}
