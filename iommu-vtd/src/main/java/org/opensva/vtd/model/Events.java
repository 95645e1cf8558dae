package org.opensva.vtd.model;

import org.opensva.vtd.layout.Register;

/** The events of the unit, each with its registers. */
final class Events {

    private final Messages messages;
    private final EventSource fault;
    private final EventSource invalidation;
    private final EventSource pageRequest;
    private final EventSource performance;

    Events(Registers registers, Messages messages) {
        this.messages = messages;
        fault =
                new EventSource(
                        registers,
                        messages,
                        Register.FECTL,
                        Register.FEDATA,
                        Register.FEADDR,
                        Register.FEUADDR);
        invalidation =
                new EventSource(
                        registers,
                        messages,
                        Register.IECTL,
                        Register.IEDATA,
                        Register.IEADDR,
                        Register.IEUADDR);
        pageRequest =
                new EventSource(
                        registers,
                        messages,
                        Register.PECTL,
                        Register.PEDATA,
                        Register.PEADDR,
                        Register.PEUADDR);
        performance =
                new EventSource(
                        registers,
                        messages,
                        Register.PERFINTRCTL,
                        Register.PERFINTRDATA,
                        Register.PERFINTRADDR,
                        Register.PERFINTRUADDR);
    }

    EventSource fault() {
        return fault;
    }

    EventSource invalidation() {
        return invalidation;
    }

    EventSource pageRequest() {
        return pageRequest;
    }

    EventSource performance() {
        return performance;
    }

    /** Sends what is pending; the caller holds no lock and is in no lane. */
    void send() {
        messages.send();
    }
}
