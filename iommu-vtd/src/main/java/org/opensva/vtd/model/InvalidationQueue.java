package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.QueueError;
import org.opensva.vtd.layout.QueueRegisters.Iqa;
import org.opensva.vtd.layout.QueueRegisters.Iqh;
import org.opensva.vtd.layout.QueueRegisters.Iqt;
import org.opensva.vtd.layout.Register;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The invalidation queue (section 6.5.2).
 *
 * <p>Descriptors are fetched by the thread that gives cause to: one that writes IQT, enables the
 * queue or clears an error, or one that brings the completion of a device. No thread waits for a
 * device: a wait descriptor that has to stays behind in {@link PendingWaits}, and the queue goes on
 * unless it is a fence.
 *
 * <p>An error of the queue (IQE) leaves the head at the descriptor that caused it; it and a
 * time-out (ITE) stop fetching until software clears them, and a time-out aborts the waits that
 * have been fetched (sections 6.5.2.9 and 6.5.2.11).
 */
final class InvalidationQueue {

    private final Registers registers;
    private final PhysicalMemory memory;
    private final Messages messages;
    private final FaultRecording faults;
    private final DescriptorRules rules;
    private final DescriptorProcessor processor;
    private final PendingWaits waits;
    private final boolean scalable;
    private final boolean abortMode;
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicBoolean wanted = new AtomicBoolean();

    InvalidationQueue(
            VtdProfile profile,
            Registers registers,
            PhysicalMemory memory,
            Messages messages,
            FaultRecording faults,
            DescriptorProcessor processor,
            PendingWaits waits) {
        this.registers = registers;
        this.memory = memory;
        this.messages = messages;
        this.faults = faults;
        this.processor = processor;
        this.waits = waits;
        rules = new DescriptorRules(profile);
        scalable = profile.ecap(Ecap.SMTS);
        abortMode = profile.ecap(Ecap.ADMS);
    }

    /** There may be something to do. */
    void kick() {
        boolean mine = lock.tryLock();
        if (!mine) {
            wanted.set(true); // whoever has the lock looks again, or has just given it back
            mine = lock.tryLock();
        }
        while (mine) {
            try {
                if (lock.getHoldCount() > 1) {
                    wanted.set(true);
                    return; // a device answered from within a descriptor: the loop below goes on
                }
                do {
                    advance();
                } while (wanted.get() && wanted.getAndSet(false));
            } finally {
                lock.unlock();
            }
            mine = wanted.get() && lock.tryLock();
        }
        if (!lock.isHeldByCurrentThread()) {
            messages.send();
        }
    }

    /** Something that is waited for may have taken too long. */
    void checkTime() {
        if (waits.isWaiting()) {
            kick();
        }
    }

    /** Starts at the beginning; GSTS says already that the queue is on. */
    void enable() {
        kick();
    }

    /** Stops; GSTS says already that the queue is off. */
    void disable() {
        lock.lock();
        try {
            waits.abort();
            registers.set(Register.IQH, 0);
        } finally {
            lock.unlock();
        }
    }

    private boolean isEnabled() {
        return registers.has(Register.GSTS, Gsts.QIES);
    }

    private boolean isStopped() {
        return (registers.get(Register.FSTS) & (Fsts.IQE.mask() | Fsts.ITE.mask())) != 0;
    }

    private void advance() {
        while (isEnabled()) {
            waits.settle();
            if (isStopped() || waits.holdsBack() || !step()) {
                break;
            }
        }
        if (isEnabled()) {
            waits.checkTimeouts();
        }
    }

    /** Fetches and executes one descriptor; false if there is none or it cannot be. */
    private boolean step() {
        long iqa = registers.get(Register.IQA);
        long tail = Iqt.offset(registers.get(Register.IQT));
        long head = Iqh.offset(registers.get(Register.IQH));
        int bytes = Iqa.descriptorBytes(iqa);
        QueueError error = geometry(iqa, head, tail);
        if (error != null) {
            faults.queueError(error);
            return false;
        }
        if (head == tail) {
            return false;
        }
        error = modes(Iqa.DW.isSet(iqa));
        if (error == null) {
            error = fetch(Iqa.base(iqa) + head, bytes == 32);
        }
        if (error != null) {
            faults.queueError(error);
            return false;
        }
        long next = head + bytes == Iqa.bytes(iqa) ? 0 : head + bytes;
        registers.publish(Register.IQH, next);
        return true;
    }

    private static @Nullable QueueError geometry(long iqa, long head, long tail) {
        if (tail >= Iqa.bytes(iqa) || head >= Iqa.bytes(iqa)) {
            return QueueError.INVALID_TAIL;
        }
        return (tail | head) % Iqa.descriptorBytes(iqa) == 0 ? null : QueueError.MISALIGNED_TAIL;
    }

    /** Whether the descriptor width and the translation table mode go together. */
    private @Nullable QueueError modes(boolean wide) {
        int mode = Rtaddr.ttm(registers.rootTable());
        boolean known =
                switch (mode) {
                    case Rtaddr.TTM_LEGACY -> true;
                    case Rtaddr.TTM_SCALABLE -> scalable;
                    case Rtaddr.TTM_ABORT_DMA -> abortMode;
                    default -> false;
                };
        if (!known) {
            return QueueError.INVALID_TTM;
        }
        boolean fits = wide ? scalable || abortMode : mode != Rtaddr.TTM_SCALABLE;
        return fits ? null : QueueError.INVALID_WIDTH;
    }

    private @Nullable QueueError fetch(long at, boolean wide) {
        long w0;
        long w1;
        long w2 = 0;
        long w3 = 0;
        try {
            w0 = memory.readLong(at);
            w1 = memory.readLong(at + 8);
            if (wide) {
                w2 = memory.readLong(at + 16);
                w3 = memory.readLong(at + 24);
            }
        } catch (BusErrorException e) {
            return QueueError.FETCH_ERROR;
        }
        DescriptorType type = rules.type(w0, wide);
        if (type == null) {
            return QueueError.INVALID_TYPE;
        }
        QueueError error = rules.check(type, w0, w1, w2, w3);
        if (error != null) {
            return error;
        }
        if (type != DescriptorType.WAIT) {
            processor.execute(type, w0, w1);
            return null;
        }
        if (InvalidationDescriptor.SW.isSet(w0)
                && !memory.contains(InvalidationDescriptor.statusAddress(w1), 4)) {
            // Its status could never be written: better here, with the head at the descriptor.
            return QueueError.NOT_AVAILABLE;
        }
        waits.add(w0, w1);
        return null;
    }
}
