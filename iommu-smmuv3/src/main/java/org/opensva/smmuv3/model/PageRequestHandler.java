package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.Pasid;
import org.opensva.smmuv3.layout.ControlRegisters.Cr2;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.Register;

/** Page requests of devices on their way to the PRI queue, and automatic responses (chapter 8). */
final class PageRequestHandler {

    private final Registers registers;
    private final PageRequestQueue queue;
    private final Translator translator;
    private final Faults faults;
    private final Signals signals;
    private final boolean alwaysPasid;

    PageRequestHandler(
            SmmuProfile profile,
            Registers registers,
            PageRequestQueue queue,
            Translator translator,
            Faults faults,
            Signals signals) {
        this.registers = registers;
        this.queue = queue;
        this.translator = translator;
        this.faults = faults;
        this.signals = signals;
        alwaysPasid = Idr3.PPS.isSet(profile.idr3());
    }

    /** Takes a page request or Stop Marker of a device. */
    void receive(StreamPort port, PageRequest request) {
        PageRequestQueue.Reply reply = queue.receive(port.streamId(), request);
        signals.deliver();
        switch (reply) {
            case NONE -> {}
            case FAILURE -> port.respond(PageRequestQueue.failure(request));
            case OVERFLOW -> {
                boolean check = request.pasid() != Pasid.NONE && !alwaysPasid;
                port.respond(
                        PageRequestQueue.overflowResponse(
                                request, alwaysPasid, check ? entry(port, request) : null));
            }
        }
    }

    /** The stream table entry that says whether responses have a PASID (STE.PPAR). */
    private @Nullable StreamEntry entry(StreamPort port, PageRequest page) {
        StreamEntry entry;
        long w0 = 0;
        long w3 = 0;
        boolean record = false;
        Lane lane = port.lanes().enter();
        try {
            Translation request = lane.translation;
            request.begin(port.streamId(), page.pasid(), page.access(), false, true, 0);
            entry = translator.entry(port.state(), request);
            boolean illegal = entry != null && entry.kind() == StreamEntry.Kind.ILLEGAL;
            if (illegal) {
                request.configurationFault(EventType.C_BAD_STE, 0);
            }
            if (entry == null || illegal) {
                long control = registers.get(Register.CR2);
                record =
                        Cr2.REC_CFG_ATS.isSet(control)
                                && (request.fault() != EventType.C_BAD_STREAMID
                                        || Cr2.RECINVSID.isSet(control));
                w0 = request.eventWord0();
                w3 = request.eventWord3();
            }
        } finally {
            lane.leave();
        }
        if (record) {
            faults.record(w0, 0, 0, w3);
        }
        return entry;
    }
}
