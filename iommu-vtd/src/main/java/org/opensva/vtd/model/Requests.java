package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FaultRecord;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** What the requests of all devices have in common, and what follows them. */
final class Requests {

    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final TranslationUnit translation;
    private final TranslationRequests translationRequests;
    private final PageRequestQueue pageRequests;
    private final InterruptRemapper interrupts;
    private final ProtectedMemory protectedMemory;
    private final FaultRecording faults;
    private final Messages messages;
    private final InvalidationQueue queue;
    private final PerformanceCounters performance;

    Requests(
            TranslationUnit translation,
            PageRequestQueue pageRequests,
            InterruptRemapper interrupts,
            ProtectedMemory protectedMemory,
            FaultRecording faults,
            Messages messages,
            InvalidationQueue queue,
            PerformanceCounters performance) {
        this.translation = translation;
        this.pageRequests = pageRequests;
        this.interrupts = interrupts;
        this.protectedMemory = protectedMemory;
        this.faults = faults;
        this.messages = messages;
        this.queue = queue;
        this.performance = performance;
        translationRequests = new TranslationRequests(translation);
    }

    /** A request has ended. */
    void poll() {
        if (performance.poll()) {
            messages.send();
        }
    }

    boolean isProtected(long physical, int length) {
        return protectedMemory.blocks(physical, length);
    }

    /** Records a fault of a DMA request. */
    void fault(int source, int pasid, int access, long address, int reason, boolean translated) {
        record(
                source,
                pasid,
                access,
                address,
                reason,
                (access & Access.WRITE) != 0 ? FaultRecord.TYPE_WRITE : FaultRecord.TYPE_READ,
                translated ? FaultRecord.AT_TRANSLATED : FaultRecord.AT_UNTRANSLATED);
    }

    private void record(
            int source, int pasid, int access, long address, int code, int type, int at) {
        FaultReason reason = FaultReason.of(code);
        if (reason == null) {
            return;
        }
        long w1 = FaultRecord.encodeHigh(reason, source, type, at);
        if (pasid != Pasid.NONE) {
            w1 |=
                    FaultRecord.encodePasid(
                            pasid,
                            (access & Access.EXECUTE) != 0,
                            (access & Access.PRIVILEGED) != 0);
        }
        faults.record(FaultRecord.encodeLow(address), w1);
        messages.send();
    }

    /**
     * A request without PASID to the interrupt address range: a DWORD write is an interrupt, and
     * everything else is refused (section 3.14).
     *
     * @param moved how many bytes of the request were moved before
     * @return the outcome of the whole request
     */
    long interruptRange(
            RequesterPort port,
            int access,
            long address,
            byte[] data,
            int offset,
            int left,
            int moved) {
        boolean interrupt =
                (access & Access.WRITE) != 0 && left == 4 && (address & 3) == 0 && moved == 0;
        boolean delivered = false;
        if (port.isClosed()) {
            return DmaResult.of(DmaStatus.ABORTED, moved);
        }
        if (interrupt) {
            RemappedInterrupt result =
                    interrupts.request(port.source(), address, (int) INT.get(data, offset));
            delivered = result.outcome() != RemappedInterrupt.Outcome.BLOCKED;
        } else {
            interrupts.refuse(port.source());
        }
        messages.send();
        return delivered ? DmaResult.complete(4) : DmaResult.of(DmaStatus.ABORTED, moved);
    }

    /** A translation request. */
    int translate(RequesterPort port, int pasid, int access, long address, long[] entries) {
        int meaningful = pasid == Pasid.NONE ? Access.READ | Access.WRITE : Access.MASK;
        return translationRequests.translate(port, pasid, access & meaningful, address, entries);
    }

    /** Records a fault of a translation request. */
    void translationFault(int source, int pasid, int access, long address, int reason) {
        record(
                source,
                pasid,
                access,
                address,
                reason,
                FaultRecord.TYPE_READ,
                FaultRecord.AT_TRANSLATION_REQUEST);
    }

    /** A page request or a Stop Marker (sections 7.4 and 7.5). */
    void pageRequest(RequesterPort port, PageRequest page) {
        @Nullable PageResponse answer = null;
        int reason = 0;
        Lane lane = port.lanes().enter();
        try {
            Translation request = lane.request;
            request.counters.add(HardwareCounter.PAGE_REQUESTS, 1);
            int refused = translation.checkPageRequest(port.source(), page.pasid(), request);
            if (refused == 0) {
                // Queued within the lane: a wait that drains page requests waits for lanes.
                answer =
                        switch (pageRequests.take(port.source(), page)) {
                            case NONE -> null;
                            case SUCCESS -> PageResponse.SUCCESS;
                            case FAILURE -> PageResponse.RESPONSE_FAILURE;
                        };
            } else {
                reason = request.recordFault ? refused : 0;
                if (page.last() && !page.isStopMarker()) {
                    answer = PageResponse.INVALID_REQUEST;
                }
            }
        } finally {
            lane.leave();
        }
        if (reason != 0) {
            record(
                    port.source(),
                    page.pasid(),
                    page.access(),
                    page.address(),
                    reason,
                    FaultRecord.TYPE_PAGE_REQUEST,
                    FaultRecord.AT_UNTRANSLATED);
        }
        messages.send();
        if (answer != null) {
            port.respond(new PageGroupResponse(page.pasid(), page.groupIndex(), answer));
        }
    }

    /** A completion of a device has been taken. */
    void completed(int source, InvalidationTags.Outcome outcome) {
        if (outcome == InvalidationTags.Outcome.UNEXPECTED) {
            faults.completionError(source);
        }
        queue.kick();
    }
}
