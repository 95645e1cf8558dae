package org.opensva.smmuv3.driver;

import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.PageRequestEntry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the PRI queue (Arm IHI 0070 G.b sections 3.13 and 8): collects the requests of a group
 * until the one marked Last, and hands complete groups on. What makes no sense is answered Invalid
 * Request if an answer is owed.
 */
final class PageRequestHandler {

    /**
     * A device that sends more is not following its allocation. It gets an answer for these, and
     * asks for the others again. Neither do more groups of it stay incomplete than it may have
     * requests outstanding: the oldest are void.
     */
    private static final int MAX_GROUP = 512;

    private record GroupKey(int pasid, int index) {}

    private final SmmuV3Driver driver;
    private final OutputQueue queue;

    /** What is not complete yet, by stream id; of each device the oldest group first. */
    private final Map<Integer, Map<GroupKey, List<PageFault>>> partial = new HashMap<>();

    private final long[] record = new long[PageRequestEntry.WORDS];

    PageRequestHandler(SmmuV3Driver driver, OutputQueue queue) {
        this.driver = driver;
        this.queue = queue;
    }

    /** Handles what is in the queue now. */
    synchronized void drain() {
        while (queue.poll(record)) {
            handle();
        }
        if (queue.acknowledgeOverflow()) {
            // The Last of a partial group may be among what was lost; the SMMU has answered that
            // one itself, and the device asks again (section 8.2).
            partial.clear();
        }
    }

    private void handle() {
        long w0 = record[0];
        int streamId = (int) PageRequestEntry.STREAMID.get(w0);
        int pasid =
                PageRequestEntry.SSV.isSet(w0)
                        ? (int) PageRequestEntry.SUBSTREAMID.get(w0)
                        : Pasid.NONE;
        int index = (int) PageRequestEntry.PRGINDEX.get(record[1]);
        SmmuDevice device = driver.device(streamId);
        PageFault fault = new PageFault(record[1] & PageRequestEntry.ADDRESS.mask(), access(w0));
        boolean last = PageRequestEntry.LAST.isSet(w0);
        if (device == null) {
            if (last && !PageRequestEntry.isStopMarker(w0)) {
                refuse(streamId, group(streamId, pasid, index, List.of(fault)));
            }
            return;
        }
        Map<GroupKey, List<PageFault>> groups =
                partial.computeIfAbsent(streamId, _ -> new LinkedHashMap<>());
        if (PageRequestEntry.isStopMarker(w0)) {
            // No answer is owed. What was asked for before it and never completed is void.
            groups.keySet().removeIf(key -> key.pasid == pasid);
            return;
        }
        GroupKey key = new GroupKey(pasid, index);
        List<PageFault> faults = groups.computeIfAbsent(key, _ -> new ArrayList<>());
        if (faults.size() < MAX_GROUP) {
            faults.add(fault);
        }
        if (!last) {
            if (groups.size() > SmmuV3Driver.OUTSTANDING_PAGE_REQUESTS) {
                groups.remove(groups.keySet().iterator().next());
            }
            return;
        }
        groups.remove(key);
        PageFaultGroup group = group(streamId, pasid, index, faults);
        if (pasid == Pasid.NONE || malformed(faults)) {
            refuse(streamId, group);
            return;
        }
        device.report(group);
    }

    private static PageFaultGroup group(
            int streamId, int pasid, int index, List<PageFault> faults) {
        return new PageFaultGroup(new RequesterId(streamId), pasid, index, false, faults);
    }

    private void refuse(int streamId, PageFaultGroup group) {
        driver.refuse(streamId, group, PageResponse.INVALID_REQUEST);
    }

    /** A device is gone, and what it has asked for and never completed with it. */
    synchronized void forget(int streamId) {
        partial.remove(streamId);
    }

    /** Privileged access is not something that a process can give. */
    private static boolean malformed(List<PageFault> faults) {
        return faults.stream().anyMatch(fault -> (fault.access() & Access.PRIVILEGED) != 0);
    }

    private static int access(long w0) {
        int access = 0;
        if (PageRequestEntry.R.isSet(w0)) {
            access |= Access.READ;
        }
        if (PageRequestEntry.W.isSet(w0)) {
            access |= Access.WRITE;
        }
        if (PageRequestEntry.X.isSet(w0)) {
            access |= Access.EXECUTE;
        }
        return PageRequestEntry.PRIV.isSet(w0) ? access | Access.PRIVILEGED : access;
    }
}
