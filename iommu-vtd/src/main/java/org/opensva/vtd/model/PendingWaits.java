package org.opensva.vtd.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.QueueError;
import org.opensva.vtd.layout.QueueRegisters.Ics;
import org.opensva.vtd.layout.Register;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * The wait descriptors that have been fetched and are not complete, in their order (section
 * 6.5.2.8). A wait completes when everything before it has: the unit's own invalidations, the
 * answers of devices, and with PD the page requests on their way into the queue. Only the thread
 * that holds the lock of the queue calls.
 */
final class PendingWaits {

    // More could be fetched while a device is silent, because their slots are free again.
    private static final int MOST = 1024;

    private final Registers registers;
    private final PhysicalMemory memory;
    private final FaultRecording faults;
    private final EventSource event;
    private final Invalidations invalidations;
    private final DeviceTlbs deviceTlbs;
    private final Queue<Wait> pending = new ArrayDeque<>();
    private boolean fence;
    private volatile boolean waiting;

    private record Wait(long w0, long w1, long ticket) {}

    PendingWaits(
            Registers registers,
            PhysicalMemory memory,
            FaultRecording faults,
            EventSource event,
            Invalidations invalidations,
            DeviceTlbs deviceTlbs) {
        this.registers = registers;
        this.memory = memory;
        this.faults = faults;
        this.event = event;
        this.invalidations = invalidations;
        this.deviceTlbs = deviceTlbs;
    }

    /** Takes a wait descriptor. */
    void add(long w0, long w1) {
        if (InvalidationDescriptor.PD.isSet(w0)) {
            invalidations.drainAll(); // a page request enters its queue within a lane
        } else {
            invalidations.drain();
        }
        pending.add(new Wait(w0, w1, deviceTlbs.issued()));
        fence |= InvalidationDescriptor.FN.isSet(w0);
        waiting(true);
    }

    /** Completes what can be completed. */
    void settle() {
        for (Wait next = pending.peek(); next != null; next = pending.peek()) {
            if (!deviceTlbs.answered(next.ticket())) {
                return;
            }
            pending.remove();
            complete(next);
        }
        fence = false;
        waiting(deviceTlbs.isOutstanding());
    }

    private void complete(Wait wait) {
        if (InvalidationDescriptor.SW.isSet(wait.w0())) {
            try {
                memory.writeInt(
                        InvalidationDescriptor.statusAddress(wait.w1()),
                        InvalidationDescriptor.statusData(wait.w0()));
            } catch (BusErrorException e) {
                faults.queueError(QueueError.NOT_AVAILABLE);
                return;
            }
        }
        if (InvalidationDescriptor.IF.isSet(wait.w0())) {
            synchronized (event) {
                long status = registers.get(Register.ICS);
                if (!Ics.IWC.isSet(status)) {
                    registers.set(Register.ICS, status | Ics.IWC.mask());
                    event.raise();
                }
            }
        }
    }

    /** Whether nothing may be fetched until a wait has completed. */
    boolean holdsBack() {
        return fence || pending.size() >= MOST;
    }

    /** Gives up on devices that have taken too long: ITE, and the waits are aborted. */
    void checkTimeouts() {
        int source = deviceTlbs.expire();
        if (source >= 0) {
            faults.timeoutError(source);
            abort();
        }
        waiting(!pending.isEmpty() || deviceTlbs.isOutstanding());
    }

    /** One thread at a time writes, and a volatile write costs more than a look. */
    private void waiting(boolean now) {
        if (waiting != now) {
            waiting = now;
        }
    }

    /** Whether something is waited for that may take too long. */
    boolean isWaiting() {
        return waiting;
    }

    /** Forgets the waits: no status is written, no event raised. */
    void abort() {
        pending.clear();
        fence = false;
    }
}
