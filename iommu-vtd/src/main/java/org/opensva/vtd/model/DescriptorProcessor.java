package org.opensva.vtd.model;

import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.DeviceTlbRange;
import org.opensva.vtd.layout.InvalidationDescriptor;

import java.util.concurrent.atomic.LongAdder;

/**
 * What each descriptor does (sections 6.5.2.1 to 6.5.2.7 and 7.6.1). Descriptors have been checked;
 * one thread at a time calls.
 */
final class DescriptorProcessor {

    private final Invalidations invalidations;
    private final DeviceTlbs deviceTlbs;
    private final Devices devices;
    private final LongAdder responses = new LongAdder();

    DescriptorProcessor(Invalidations invalidations, DeviceTlbs deviceTlbs, Devices devices) {
        this.invalidations = invalidations;
        this.deviceTlbs = deviceTlbs;
        this.devices = devices;
    }

    /** Executes a descriptor other than a wait. */
    void execute(DescriptorType type, long w0, long w1) {
        switch (type) {
            case CONTEXT_CACHE ->
                    invalidations.contextCache(
                            InvalidationDescriptor.granularity(w0),
                            InvalidationDescriptor.domainId(w0),
                            (int) InvalidationDescriptor.CC_SID.get(w0),
                            (int) InvalidationDescriptor.FM.get(w0));
            case PASID_CACHE ->
                    invalidations.pasidCache(
                            InvalidationDescriptor.granularity(w0),
                            InvalidationDescriptor.domainId(w0),
                            InvalidationDescriptor.pasid(w0));
            case IOTLB ->
                    invalidations.iotlb(
                            InvalidationDescriptor.granularity(w0),
                            InvalidationDescriptor.domainId(w0),
                            InvalidationDescriptor.ADDR.address(w1),
                            (int) InvalidationDescriptor.AM.get(w1),
                            InvalidationDescriptor.IH.isSet(w1));
            case PASID_IOTLB ->
                    invalidations.pasidIotlb(
                            InvalidationDescriptor.granularity(w0),
                            InvalidationDescriptor.domainId(w0),
                            InvalidationDescriptor.pasid(w0),
                            InvalidationDescriptor.ADDR.address(w1),
                            (int) InvalidationDescriptor.AM.get(w1),
                            InvalidationDescriptor.IH.isSet(w1));
            case DEVICE_TLB -> deviceTlb(w0, w1);
            case PASID_DEVICE_TLB -> pasidDeviceTlb(w0, w1);
            case INTERRUPT_ENTRY_CACHE -> interruptEntryCache(w0);
            case PAGE_GROUP_RESPONSE -> pageGroupResponse(w0, w1);
            case WAIT -> throw new IllegalArgumentException("a wait is not executed here");
        }
    }

    private void deviceTlb(long w0, long w1) {
        boolean range = InvalidationDescriptor.DEVICE_S.isSet(w1);
        invalidations.drain();
        deviceTlbs.invalidate(
                (int) InvalidationDescriptor.DEVICE_SID.get(w0),
                (int) InvalidationDescriptor.MIP.get(w0),
                Pasid.NONE,
                first(w1, range),
                12 + DeviceTlbRange.order(w1, range),
                false);
    }

    private void pasidDeviceTlb(long w0, long w1) {
        boolean range = InvalidationDescriptor.PASID_DEVICE_S.isSet(w1);
        invalidations.drain();
        deviceTlbs.invalidate(
                (int) InvalidationDescriptor.PASID_DEVICE_SID.get(w0),
                (int) InvalidationDescriptor.PASID_DEVICE_MIP.get(w0),
                InvalidationDescriptor.pasid(w0),
                first(w1, range),
                12 + DeviceTlbRange.order(w1, range),
                InvalidationDescriptor.PASID_DEVICE_G.isSet(w1));
    }

    private static long first(long w1, boolean range) {
        return DeviceTlbRange.firstAddress(w1, range) & -1L << 12;
    }

    private void interruptEntryCache(long w0) {
        if (InvalidationDescriptor.IEC_G.isSet(w0)) {
            invalidations.interruptEntries(
                    (int) InvalidationDescriptor.IIDX.get(w0),
                    (int) InvalidationDescriptor.IM.get(w0));
        } else {
            invalidations.interruptEntries();
        }
    }

    /** Only the last request of a group has an answer; nobody waits for one without LPIG. */
    private void pageGroupResponse(long w0, long w1) {
        responses.increment();
        RequesterPort port = devices.find((int) InvalidationDescriptor.RID.get(w0));
        if (port == null || !InvalidationDescriptor.LPIG.isSet(w1)) {
            return;
        }
        int pasid =
                InvalidationDescriptor.PP.isSet(w0) ? InvalidationDescriptor.pasid(w0) : Pasid.NONE;
        int code = (int) InvalidationDescriptor.RESPONSE_CODE.get(w0);
        port.respond(
                new PageGroupResponse(
                        pasid,
                        (int) InvalidationDescriptor.PRGI.get(w1),
                        PageResponse.ofCode(code)));
    }

    /** How many page group responses software sent. */
    long responses() {
        return responses.sum();
    }
}
