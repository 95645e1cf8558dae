package org.opensva.vtd.model;

import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.PageRequestDescriptor;
import org.opensva.vtd.layout.QueueRegisters.Pqa;
import org.opensva.vtd.layout.QueueRegisters.Pqh;
import org.opensva.vtd.layout.QueueRegisters.Pqt;
import org.opensva.vtd.layout.QueueRegisters.Prs;
import org.opensva.vtd.layout.Register;

/**
 * The page request queue, its overflow and its event (sections 7.4, 7.7 and 11.4.11).
 *
 * <p>A request that finds the queue full sets PRO, and while PRO is set no request is queued: the
 * last one of a group is answered Success by the hardware, so that the device tries again, and the
 * others are dropped.
 */
final class PageRequestQueue {

    /** What the hardware answers by itself. */
    enum Reply {
        /** Nothing. */
        NONE,
        /** Success: try again. */
        SUCCESS,
        /** Response Failure: the queue is out of order. */
        FAILURE
    }

    private final Registers registers;
    private final PhysicalMemory memory;
    private final EventSource event;
    private final boolean implemented;

    PageRequestQueue(
            VtdProfile profile, Registers registers, PhysicalMemory memory, EventSource event) {
        this.registers = registers;
        this.memory = memory;
        this.event = event;
        implemented = profile.ecap(Ecap.PRS);
    }

    /** Takes a page request or a Stop Marker of a device that may make them. */
    Reply take(int source, PageRequest request) {
        if (!implemented) {
            return answer(request, Reply.FAILURE);
        }
        synchronized (event) {
            long status = registers.get(Register.PRS);
            if (Prs.PRO.isSet(status)) {
                return answer(request, Reply.SUCCESS);
            }
            long pqa = registers.get(Register.PQA);
            int mask = Pqa.bytes(pqa) - 1;
            long tail = Pqt.offset(registers.get(Register.PQT)) & mask;
            long next = tail + PageRequestDescriptor.BYTES & mask;
            if (next == (Pqh.offset(registers.get(Register.PQH)) & mask)) {
                condition(status, status | Prs.PRO.mask());
                return answer(request, Reply.SUCCESS);
            }
            try {
                write(Pqa.base(pqa) + tail, source, request);
            } catch (BusErrorException e) {
                return answer(request, Reply.FAILURE);
            }
            registers.set(Register.PQT, next);
            if (request.last()) {
                condition(status, status | Prs.PPR.mask());
            }
            return Reply.NONE;
        }
    }

    /** Only the last request of a group is answered, and a Stop Marker never. */
    private static Reply answer(PageRequest request, Reply reply) {
        return request.last() && !request.isStopMarker() ? reply : Reply.NONE;
    }

    private void write(long at, int source, PageRequest request) {
        int access = request.access();
        boolean pasid = request.pasid() != Pasid.NONE;
        // The words that rule the rest come last.
        memory.writeLong(at + 24, 0);
        memory.writeLong(at + 16, 0);
        memory.writeLong(
                at + 8,
                PageRequestDescriptor.encodeHigh(
                        request.address(),
                        request.groupIndex(),
                        request.last(),
                        (access & (Access.READ | Access.EXECUTE)) != 0,
                        (access & Access.WRITE) != 0));
        memory.writeLong(
                at,
                PageRequestDescriptor.encodeLow(
                        source,
                        pasid,
                        pasid ? request.pasid() : 0,
                        pasid && (access & Access.EXECUTE) != 0,
                        pasid && (access & Access.PRIVILEGED) != 0));
    }

    private void condition(long before, long after) {
        registers.set(Register.PRS, after);
        if (before == 0 && after != 0) {
            event.raise();
        }
    }

    /** A write of PRS. */
    void clear(long value) {
        synchronized (event) {
            long now = registers.merged(Register.PRS, value, -1L);
            registers.set(Register.PRS, now);
            if (now == 0) {
                event.serviced();
            }
        }
    }
}
