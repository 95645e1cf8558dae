package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.ControlRegisters.Cr2;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Register;

/** What follows a fault of a transaction: an event, a stall, a termination (section 3.12). */
final class Faults {

    /** The event is to be recorded. */
    static final int RECORD = 1;

    /** The transaction stalls. */
    static final int STALL = 1 << 1;

    /** Termination is an abort. */
    static final int ABORT = 1 << 2;

    /** The event is C_BAD_STREAMID, whose recording has a switch of its own. */
    static final int BAD_STREAM = 1 << 3;

    private final Registers registers;
    private final EventQueue events;
    private final StallBuffer stalls;
    private final Signals signals;

    Faults(Registers registers, EventQueue events, StallBuffer stalls, Signals signals) {
        this.registers = registers;
        this.events = events;
        this.stalls = stalls;
        this.signals = signals;
    }

    /** What the fault of a request asks for. */
    static int disposition(Translation request) {
        return (request.recorded() ? RECORD : 0)
                | (request.stalls() ? STALL : 0)
                | (request.aborts() ? ABORT : 0)
                | (request.fault() == EventType.C_BAD_STREAMID ? BAD_STREAM : 0);
    }

    /**
     * Records, and waits if the transaction stalls. The caller is in no lane.
     *
     * @return what becomes of the transaction
     */
    StallBuffer.Answer handle(
            StreamPort port, int disposition, long w0, long w1, long w2, long w3) {
        if ((disposition & STALL) != 0) {
            return stalls.stall(port, w0, w1, w2, w3);
        }
        boolean wanted =
                (disposition & BAD_STREAM) == 0 || Cr2.RECINVSID.isSet(registers.get(Register.CR2));
        if ((disposition & RECORD) != 0 && wanted) {
            events.record(w0, w1, w2, w3);
            signals.deliver();
        }
        return (disposition & ABORT) != 0 ? StallBuffer.Answer.ABORT : StallBuffer.Answer.ZERO;
    }

    /** Records an event as it is. */
    void record(long w0, long w1, long w2, long w3) {
        events.record(w0, w1, w2, w3);
        signals.deliver();
    }
}
