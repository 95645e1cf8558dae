package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.QueueError;

/**
 * Which descriptors an implementation has, and what must be 0 in each (sections 6.5.2 and 7.6.1).
 */
final class DescriptorRules {

    private final boolean[] present = new boolean[DescriptorType.values().length];
    private final boolean[] wideOnly = new boolean[DescriptorType.values().length];
    private final long[] reserved0 = new long[DescriptorType.values().length];
    private final int greatestAddressMask;
    private final int greatestIndexMask;
    private final boolean pageSelective;

    DescriptorRules(VtdProfile profile) {
        for (DescriptorType type : DescriptorType.values()) {
            int at = type.ordinal();
            present[at] = isPresent(type, profile);
            // These came with scalable mode and have no 128-bit form.
            wideOnly[at] = type.code() >= DescriptorType.PASID_IOTLB.code();
            reserved0[at] = type.reservedBits(0) | conditional(type, profile);
        }
        greatestAddressMask = (int) Cap.MAMV.get(profile.capability());
        greatestIndexMask = (int) Ecap.MHMV.get(profile.extendedCapability());
        pageSelective = profile.cap(Cap.PSI);
    }

    private static boolean isPresent(DescriptorType type, VtdProfile profile) {
        return switch (type) {
            case CONTEXT_CACHE, IOTLB, WAIT -> true;
            case DEVICE_TLB -> profile.ecap(Ecap.DT);
            case INTERRUPT_ENTRY_CACHE -> profile.ecap(Ecap.IR);
            case PASID_IOTLB, PASID_CACHE -> profile.ecap(Ecap.SMTS);
            case PASID_DEVICE_TLB -> profile.ecap(Ecap.SMTS) && profile.ecap(Ecap.DT);
            case PAGE_GROUP_RESPONSE -> profile.ecap(Ecap.PRS);
        };
    }

    private static long conditional(DescriptorType type, VtdProfile profile) {
        return switch (type) {
            // Throttling by physical function (ECAP.DIT) is not claimed.
            case DEVICE_TLB, PASID_DEVICE_TLB -> InvalidationDescriptor.placePfsid(0xffff);
            case WAIT -> profile.ecap(Ecap.PDS) ? 0 : InvalidationDescriptor.PD.mask();
            default -> 0;
        };
    }

    /** The type of a descriptor, or null if this implementation has no such descriptor. */
    @Nullable DescriptorType type(long w0, boolean wide) {
        DescriptorType type = DescriptorType.of(InvalidationDescriptor.type(w0));
        return type == null || !present[type.ordinal()] || wideOnly[type.ordinal()] && !wide
                ? null
                : type;
    }

    /**
     * Checks the fields of a descriptor.
     *
     * @return {@link QueueError#RESERVED_FIELD}, or null if all is well
     */
    @Nullable QueueError check(DescriptorType type, long w0, long w1, long w2, long w3) {
        boolean clear =
                (w0 & reserved0[type.ordinal()]) == 0
                        && (w1 & type.reservedBits(1)) == 0
                        && (w2 | w3) == 0;
        return clear && values(type, w0, w1) ? null : QueueError.RESERVED_FIELD;
    }

    private boolean values(DescriptorType type, long w0, long w1) {
        int granularity = InvalidationDescriptor.granularity(w0);
        return switch (type) {
            case CONTEXT_CACHE -> granularity != 0;
            case IOTLB ->
                    granularity != 0
                            && (granularity != InvalidationDescriptor.IOTLB_PAGE
                                    || !pageSelective
                                    || addressMask(w1));
            case PASID_CACHE -> granularity != 0b10;
            case PASID_IOTLB ->
                    granularity == InvalidationDescriptor.PASID_IOTLB_PASID
                            || granularity == InvalidationDescriptor.PASID_IOTLB_PAGE
                                    && addressMask(w1);
            case INTERRUPT_ENTRY_CACHE ->
                    !InvalidationDescriptor.IEC_G.isSet(w0)
                            || InvalidationDescriptor.IM.get(w0) <= greatestIndexMask;
            default -> true;
        };
    }

    private boolean addressMask(long w1) {
        return InvalidationDescriptor.AM.get(w1) <= greatestAddressMask;
    }
}
