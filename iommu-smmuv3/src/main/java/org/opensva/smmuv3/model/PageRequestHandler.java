package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.Pasid;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;

/** Page requests of devices on their way to the PRI queue, and automatic responses (chapter 8). */
final class PageRequestHandler {

    private final PageRequestQueue queue;
    private final Translator translator;
    private final Faults faults;
    private final Signals signals;
    private final boolean alwaysPasid;

    PageRequestHandler(
            SmmuProfile profile,
            PageRequestQueue queue,
            Translator translator,
            Faults faults,
            Signals signals) {
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
        Fault fault = null;
        Lane lane = port.lanes().enter();
        try {
            Translation request = lane.translation;
            request.begin(port.streamId(), page.pasid(), page.access(), false, true, 0);
            entry = translator.entry(port.state(), request, lane);
            if (entry == null) {
                fault = Fault.of(request);
            } else if (entry.kind() == StreamEntry.Kind.ILLEGAL) {
                request.configurationFault(EventType.C_BAD_STE, 0);
                fault = Fault.of(request);
            }
        } finally {
            lane.leave();
        }
        if (fault != null) {
            faults.handleMessage(fault);
        }
        return entry;
    }
}
