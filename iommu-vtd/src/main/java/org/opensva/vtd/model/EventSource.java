package org.opensva.vtd.model;

import org.opensva.vtd.layout.EventRegisters.EventControl;
import org.opensva.vtd.layout.Register;

/**
 * One of the unit's own events: its control, data and address registers, and the message that they
 * make (sections 7.3, 6.5.2.8 and 7.7; FECTL, IECTL, PECTL and PERFINTRCTL of chapter 11.4).
 *
 * <p>A condition sends the message, or with IM set makes it pending (IP); clearing IM sends what is
 * pending; and a pending message is dropped when software has dealt with the status that it would
 * have told of. Callers that change such status hold the lock of this object.
 */
final class EventSource {

    private final Registers registers;
    private final Messages messages;
    private final Register control;
    private final Register data;
    private final Register address;
    private final Register upperAddress;

    EventSource(
            Registers registers,
            Messages messages,
            Register control,
            Register data,
            Register address,
            Register upperAddress) {
        this.registers = registers;
        this.messages = messages;
        this.control = control;
        this.data = data;
        this.address = address;
        this.upperAddress = upperAddress;
    }

    /** An interrupt condition. */
    synchronized void raise() {
        long value = registers.get(control);
        if (EventControl.IM.isSet(value)) {
            registers.set(control, value | EventControl.IP.mask());
        } else {
            emit();
        }
    }

    /** Software has dealt with every status of the event. */
    synchronized void serviced() {
        registers.set(control, registers.get(control) & ~EventControl.IP.mask());
    }

    /** A write of the control register. */
    synchronized void control(long value, long touched) {
        long now = registers.merged(control, value, touched);
        if (EventControl.IP.isSet(now) && !EventControl.IM.isSet(now)) {
            now &= ~EventControl.IP.mask();
            emit();
        }
        registers.set(control, now);
    }

    private void emit() {
        long target = registers.get(upperAddress) << 32 | registers.get(address);
        messages.note(target, (int) registers.get(data));
    }
}
