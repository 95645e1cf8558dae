package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.ControlRegisters.Gerror;
import org.opensva.smmuv3.layout.ControlRegisters.PriqIrqCfg2;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.PageRequestEntry;
import org.opensva.smmuv3.layout.Register;

import java.util.concurrent.atomic.LongAdder;

/** The PRI queue, its overflow and the automatic responses (chapter 8). */
final class PageRequestQueue {

    /** What is to be answered at once. */
    enum Reply {
        /** Nothing: the request is queued, or not the last of its group. */
        NONE,
        /** Response Failure, without a PASID. */
        FAILURE,
        /** Success; the PASID follows from the stream table entry. */
        OVERFLOW
    }

    private final Registers registers;
    private final Signals signals;
    private final OutputQueue queue;
    private final boolean implemented;
    private final LongAdder received = new LongAdder();

    PageRequestQueue(
            SmmuProfile profile, Registers registers, PhysicalMemory memory, Signals signals) {
        this.registers = registers;
        this.signals = signals;
        implemented = profile.has(Idr0.PRI);
        queue =
                new OutputQueue(
                        registers,
                        memory,
                        Register.PRIQ_BASE,
                        Register.PRIQ_PROD,
                        Register.PRIQ_CONS,
                        (int) Idr1.PRIQS.get(profile.idr1()),
                        4);
    }

    /** Takes a page request or a Stop Marker. */
    synchronized Reply receive(int streamId, PageRequest request) {
        received.increment();
        boolean marker = request.isStopMarker();
        long control = registers.get(Register.CR0);
        boolean enabled = Cr0.SMMUEN.isSet(control) && Cr0.PRIQEN.isSet(control);
        if (!implemented || !enabled || signals.active(Gerror.PRIQ_ABT_ERR)) {
            return marker ? Reply.NONE : Reply.FAILURE;
        }
        if (!queue.overflowed() && queue.isFull()) {
            queue.overflow();
        }
        if (queue.overflowed()) {
            return request.last() && !marker ? Reply.OVERFLOW : Reply.NONE;
        }
        int access = request.access();
        boolean pasid = request.pasid() != Pasid.NONE;
        try {
            queue.append(
                    PageRequestEntry.word0(
                            streamId,
                            pasid,
                            request.pasid(),
                            (access & Access.READ) != 0,
                            (access & Access.WRITE) != 0,
                            (access & Access.EXECUTE) != 0,
                            (access & Access.PRIVILEGED) != 0,
                            request.last()),
                    PageRequestEntry.word1(request.address(), request.groupIndex()));
        } catch (BusErrorException e) {
            signals.activate(Gerror.PRIQ_ABT_ERR);
            return marker ? Reply.NONE : Reply.FAILURE;
        }
        boolean onLast = PriqIrqCfg2.LO.isSet(registers.get(Register.PRIQ_IRQ_CFG2));
        if (onLast ? request.last() : queue.justBecameNonEmpty()) {
            signals.pageRequestQueue();
        }
        return Reply.NONE;
    }

    /** The automatic response to a request that met an overflow (section 8.1). */
    static PageGroupResponse overflowResponse(
            PageRequest request, boolean alwaysPasid, @Nullable StreamEntry entry) {
        if (request.pasid() == Pasid.NONE || alwaysPasid) {
            return new PageGroupResponse(
                    request.pasid(), request.groupIndex(), PageResponse.SUCCESS);
        }
        if (entry == null || entry.kind() == StreamEntry.Kind.ILLEGAL) {
            return failure(request);
        }
        int pasid = entry.pasidInAutoResponse() ? request.pasid() : Pasid.NONE;
        return new PageGroupResponse(pasid, request.groupIndex(), PageResponse.SUCCESS);
    }

    /** The automatic response of a queue that takes nothing (section 8.2). */
    static PageGroupResponse failure(PageRequest request) {
        return new PageGroupResponse(
                Pasid.NONE, request.groupIndex(), PageResponse.RESPONSE_FAILURE);
    }

    /** How many page requests came. */
    long received() {
        return received.sum();
    }
}
