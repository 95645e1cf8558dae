package org.opensva.vtd.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.QueueError;
import org.opensva.vtd.layout.QueueRegisters.Ics;
import org.opensva.vtd.layout.Register;

/**
 * The wait descriptors that have been fetched and are not complete, in their order (section
 * 6.5.2.8). A wait completes when everything before it has: the unit's own invalidations, the
 * answers of devices, and with PD the page requests on their way into the queue. Only the thread
 * that holds the lock of the queue calls.
 */
final class PendingWaits {

    // More could be fetched while a device is silent, because their slots are free again.
    private static final int MOST = 1024;

    private static final int WORDS = 3;
    private static final int TICKET = 2;

    private final Registers registers;
    private final PhysicalMemory memory;
    private final FaultRecording faults;
    private final EventSource event;
    private final Invalidations invalidations;
    private final DeviceTlbs deviceTlbs;

    // A ring: of each wait the descriptor's words, and what devices have been asked for before it.
    private long[] pending = new long[16 * WORDS];
    private int first;
    private int count;
    private boolean fence;
    private volatile boolean waiting;

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
        if (count * WORDS == pending.length) {
            grow();
        }
        long ticket = deviceTlbs.issued();
        int at = wrapped(first + count * WORDS);
        pending[at] = w0;
        pending[at + 1] = w1;
        pending[at + TICKET] = ticket;
        count++;
        fence |= InvalidationDescriptor.FN.isSet(w0);
        if (!deviceTlbs.answered(ticket)) {
            waiting(true);
        }
    }

    private int wrapped(int at) {
        return at < pending.length ? at : at - pending.length;
    }

    private void grow() {
        long[] larger = new long[2 * pending.length];
        for (int i = 0; i < pending.length; i++) {
            larger[i] = pending[wrapped(first + i)];
        }
        pending = larger;
        first = 0;
    }

    /** Completes what can be completed. */
    void settle() {
        while (count > 0) {
            int at = first;
            if (!deviceTlbs.answered(pending[at + TICKET])) {
                return;
            }
            first = wrapped(at + WORDS);
            count--;
            complete(pending[at], pending[at + 1]);
        }
        fence = false;
        waiting(deviceTlbs.isOutstanding());
    }

    private void complete(long w0, long w1) {
        if (InvalidationDescriptor.SW.isSet(w0)) {
            try {
                memory.writeInt(
                        InvalidationDescriptor.statusAddress(w1),
                        InvalidationDescriptor.statusData(w0));
            } catch (BusErrorException e) {
                faults.queueError(QueueError.NOT_AVAILABLE);
                return;
            }
        }
        if (InvalidationDescriptor.IF.isSet(w0)) {
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
        return fence || count >= MOST;
    }

    /** Gives up on devices that have taken too long: ITE, and the waits are aborted. */
    void checkTimeouts() {
        int source = deviceTlbs.expire();
        if (source >= 0) {
            faults.timeoutError(source);
            abort();
        }
        waiting(count > 0 || deviceTlbs.isOutstanding());
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
        count = 0;
        fence = false;
    }
}
