package org.opensva.smmuv3.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.ControlRegisters.Gerror;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.Register;

import java.util.concurrent.atomic.LongAdder;

/** The Event queue and the rules by which events reach it (sections 7.2 and 7.4). */
final class EventQueue {

    private final Registers registers;
    private final Signals signals;
    private final OutputQueue queue;
    private final LongAdder recorded = new LongAdder();

    EventQueue(SmmuProfile profile, Registers registers, PhysicalMemory memory, Signals signals) {
        this.registers = registers;
        this.signals = signals;
        queue =
                new OutputQueue(
                        registers,
                        memory,
                        Register.EVENTQ_BASE,
                        Register.EVENTQ_PROD,
                        Register.EVENTQ_CONS,
                        (int) Idr1.EVENTQS.get(profile.idr1()),
                        5);
    }

    /** Records the event of a terminated transaction, or loses it as the architecture says. */
    void record(Fault fault) {
        write(fault, fault.w1(), true);
    }

    /**
     * Records the event of a stalled transaction.
     *
     * @return false if the queue is not writable; such an event is not lost and no overflow
     */
    boolean recordStall(Fault fault, int tag) {
        return write(fault, fault.w1() | EventRecord.stalled(tag), false);
    }

    private synchronized boolean write(Fault fault, long w1, boolean overflows) {
        if (!Cr0.EVENTQEN.isSet(registers.get(Register.CR0))
                || signals.active(Gerror.EVENTQ_ABT_ERR)) {
            return false;
        }
        if (queue.isFull()) {
            if (overflows) {
                queue.overflow();
            }
            return false;
        }
        try {
            queue.append(fault.w0(), w1, fault.w2(), fault.w3());
        } catch (BusErrorException e) {
            // The record is lost, also that of a stall, which software then has to terminate
            // (section 7.2.2).
            signals.activate(Gerror.EVENTQ_ABT_ERR);
            return true;
        }
        recorded.increment();
        if (queue.justBecameNonEmpty()) {
            signals.eventQueue();
        }
        return true;
    }

    /** How many events have been recorded. */
    long recorded() {
        return recorded.sum();
    }
}
