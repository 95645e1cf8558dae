package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.ControlRegisters.Cr2;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Register;

/** What follows a fault: an event, a stall, a termination (section 3.12). */
final class Faults {

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

    /**
     * Records the fault of a transaction, and waits if it stalls. The caller is in no lane.
     *
     * @param translated whether it was a translated transaction, of whose faults SMMU_CR2.RECINVSID
     *     hides none (section 3.9.1.3)
     * @return what becomes of the transaction
     */
    StallBuffer.Answer handle(StreamPort port, Fault fault, boolean translated) {
        if (fault.stalls()) {
            return stalls.stall(port, fault);
        }
        if (fault.recorded() && (translated || isWanted(fault))) {
            append(fault);
        }
        return fault.aborts() ? StallBuffer.Answer.ABORT : StallBuffer.Answer.ZERO;
    }

    /** Records a fault that an ATS or PRI message met, if software wants to know of those. */
    void handleMessage(Fault fault) {
        if (Cr2.REC_CFG_ATS.isSet(registers.get(Register.CR2))) {
            record(fault);
        }
    }

    /** Records a fault; one of an unknown stream only if software wants to know of those. */
    void record(Fault fault) {
        if (isWanted(fault)) {
            append(fault);
        }
    }

    private boolean isWanted(Fault fault) {
        return fault.type() != EventType.C_BAD_STREAMID
                || Cr2.RECINVSID.isSet(registers.get(Register.CR2));
    }

    private void append(Fault fault) {
        events.record(fault);
        signals.deliver();
    }
}
