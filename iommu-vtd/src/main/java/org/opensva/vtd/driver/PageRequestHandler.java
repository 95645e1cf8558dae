package org.opensva.vtd.driver;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.PageRequestDescriptor;
import org.opensva.vtd.layout.QueueRegisters.Pqa;
import org.opensva.vtd.layout.QueueRegisters.Pqh;
import org.opensva.vtd.layout.QueueRegisters.Pqt;
import org.opensva.vtd.layout.QueueRegisters.Prs;
import org.opensva.vtd.layout.Register;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the page-request queue (section 7.4; Linux: {@code prq_event_thread}): collects the
 * requests of a group until the one marked Last, and hands complete groups on. What makes no sense
 * is answered Invalid Request if an answer is owed.
 */
final class PageRequestHandler {

    private static final int QUEUE_PAGES_LOG2 = 2;
    private static final int QUEUE_BYTES = 4096 << QUEUE_PAGES_LOG2;

    /** How many requests the queue holds. */
    static final int CAPACITY = QUEUE_BYTES / PageRequestDescriptor.BYTES;

    /** A device that sends longer groups does not follow its allocation. */
    private static final int MAX_GROUP = CAPACITY;

    /** More incomplete groups than this are of devices that never complete any. */
    private static final int MAX_PARTIAL = 64 * CAPACITY;

    private record GroupKey(int source, int pasid, int index) {}

    /** What came of a group so far. */
    private static final class PartialGroup {
        private final List<PageFault> faults = new ArrayList<>(1);
        private boolean malformed;
    }

    private final VtdDriver driver;
    private final Capabilities unit;
    private final RegisterFrame registers;
    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final long base;
    private final Map<GroupKey, PartialGroup> partial = new HashMap<>();

    PageRequestHandler(
            VtdDriver driver,
            Capabilities unit,
            RegisterFrame registers,
            PhysicalMemory memory,
            FrameAllocator frames) {
        this.driver = driver;
        this.unit = unit;
        this.registers = registers;
        this.memory = memory;
        this.frames = frames;
        this.base = Blocks.allocate(frames, QUEUE_BYTES);
    }

    /** Starts the queue, empty (Linux: {@code intel_iommu_enable_prq}). */
    void enable() {
        registers.write(Register.PQH, 0);
        registers.write(Register.PQT, 0);
        registers.write(Register.PQA, Pqa.PQS.place(QUEUE_PAGES_LOG2) | Pqa.PQA.address(base));
        registers.write(Register.PRS, Prs.PPR.mask() | Prs.PRO.mask());
    }

    /** Stops the queue and gives its memory back. No device may be attached. */
    synchronized void close() {
        registers.write(Register.PQH, 0);
        registers.write(Register.PQT, 0);
        registers.write(Register.PQA, 0);
        Blocks.free(frames, base, QUEUE_BYTES);
    }

    /**
     * Handles what is in the queue now.
     *
     * @return whether the queue had overflowed
     */
    synchronized boolean drain() {
        // First, so that what comes while the queue is read raises the interrupt again.
        registers.write(Register.PRS, Prs.PPR.mask());
        readQueue();
        if (!Prs.PRO.isSet(registers.read(Register.PRS))) {
            return false;
        }
        // Nothing is queued while the flag stands. It may go once the queue is empty, and with it
        // every incomplete group: its Last may be among what the hardware answered itself, and the
        // device asks again (section 7.5).
        readQueue();
        partial.clear();
        registers.write(Register.PRS, Prs.PRO.mask());
        return true;
    }

    private void readQueue() {
        long head = Pqh.offset(registers.read(Register.PQH)) & QUEUE_BYTES - 1;
        long tail = Pqt.offset(registers.read(Register.PQT)) & QUEUE_BYTES - 1;
        while (head != tail) {
            try {
                while (head != tail) {
                    long w0 = memory.readLong(base + head);
                    long w1 = memory.readLong(base + head + 8);
                    head = head + PageRequestDescriptor.BYTES & QUEUE_BYTES - 1;
                    handle(w0, w1);
                }
            } finally {
                registers.write(Register.PQH, head);
            }
            tail = Pqt.offset(registers.read(Register.PQT)) & QUEUE_BYTES - 1;
        }
    }

    private void handle(long w0, long w1) {
        if (PageRequestDescriptor.type(w0) != PageRequestDescriptor.TYPE_PAGE_REQUEST) {
            return;
        }
        int source = PageRequestDescriptor.requesterId(w0);
        int pasid =
                PageRequestDescriptor.hasPasid(w0) ? PageRequestDescriptor.pasid(w0) : Pasid.NONE;
        if (PageRequestDescriptor.isStopMarker(w0, w1)) {
            // No answer is owed. What was asked for before it and never completed is void.
            forget(source, pasid);
            return;
        }
        boolean last = PageRequestDescriptor.last(w1);
        int index = PageRequestDescriptor.group(w1);
        VtdDevice device = driver.device(source);
        GroupKey key = new GroupKey(source, pasid, index);
        if (!last && partial.size() >= MAX_PARTIAL && !partial.containsKey(key)) {
            return;
        }
        PartialGroup collected = partial.computeIfAbsent(key, _ -> new PartialGroup());
        collected.malformed |= isMalformed(device, pasid, w0, w1);
        if (collected.faults.size() < MAX_GROUP) {
            collected.faults.add(new PageFault(PageRequestDescriptor.address(w1), access(w0, w1)));
        }
        if (!last) {
            return;
        }
        partial.remove(key);
        PageFaultGroup group =
                new PageFaultGroup(new RequesterId(source), pasid, index, false, collected.faults);
        if (device == null || collected.malformed) {
            driver.answer(group, PageResponse.INVALID_REQUEST);
        } else {
            device.report(group);
        }
    }

    /** The checks of Linux's {@code prq_event_thread}. */
    private boolean isMalformed(@Nullable VtdDevice device, int pasid, long w0, long w1) {
        boolean reads = PageRequestDescriptor.R.isSet(w1);
        boolean writes = PageRequestDescriptor.W.isSet(w1);
        return pasid == Pasid.NONE
                || PageRequestDescriptor.PRIV.isSet(w0) && (reads || writes)
                || PageRequestDescriptor.EXE.isSet(w0) && reads && !unit.executeRequests()
                || device != null && !isCanonical(device, pasid, PageRequestDescriptor.address(w1));
    }

    private static boolean isCanonical(VtdDevice device, int pasid, long address) {
        VtdDomain domain = device.domain(pasid);
        if (domain == null) {
            // Whoever serves faults knows no such PASID, and refuses.
            return true;
        }
        int unused = Long.SIZE - domain.addressBits();
        return address << unused >> unused == address;
    }

    private static int access(long w0, long w1) {
        int access = 0;
        if (PageRequestDescriptor.R.isSet(w1)) {
            access |= Access.READ;
        }
        if (PageRequestDescriptor.W.isSet(w1)) {
            access |= Access.WRITE;
        }
        if (PageRequestDescriptor.EXE.isSet(w0)) {
            access |= Access.EXECUTE;
        }
        return PageRequestDescriptor.PRIV.isSet(w0) ? access | Access.PRIVILEGED : access;
    }

    /** Drops the incomplete groups of a PASID. */
    synchronized void forget(int source, int pasid) {
        partial.keySet().removeIf(key -> key.source() == source && key.pasid() == pasid);
    }

    /** Drops the incomplete groups of a device. */
    synchronized void forget(int source) {
        partial.keySet().removeIf(key -> key.source() == source);
    }
}
