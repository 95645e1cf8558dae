package org.opensva.vtd.layout;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * The invalidation queue descriptors, by type.
 *
 * <p>Source: section 6.5.2. Every other number is reserved and an invalid type: FSTS.IQE with
 * {@link QueueError#INVALID_TYPE}. In legacy mode only 1 to 5 are valid.
 */
public enum DescriptorType {
    /** Context-cache invalidation. */
    CONTEXT_CACHE(
            1,
            "6.5.2.1",
            "cc_inv_dsc",
            List.of(
                    InvalidationDescriptor.GRANULARITY,
                    InvalidationDescriptor.DID,
                    InvalidationDescriptor.CC_SID,
                    InvalidationDescriptor.FM),
            List.of()),
    /** IOTLB invalidation. */
    IOTLB(
            2,
            "6.5.2.3",
            "iotlb_inv_dsc",
            List.of(
                    InvalidationDescriptor.GRANULARITY,
                    InvalidationDescriptor.DW,
                    InvalidationDescriptor.DR,
                    InvalidationDescriptor.DID,
                    InvalidationDescriptor.AM,
                    InvalidationDescriptor.IH,
                    InvalidationDescriptor.ADDR),
            List.of()),
    /** Device-TLB invalidation; with ECAP.DT. */
    DEVICE_TLB(
            3,
            "6.5.2.5",
            "dev_tlb_inv_dsc",
            List.of(
                    InvalidationDescriptor.PFSID_LO,
                    InvalidationDescriptor.MIP,
                    InvalidationDescriptor.DEVICE_SID,
                    InvalidationDescriptor.PFSID_HI,
                    InvalidationDescriptor.DEVICE_S,
                    InvalidationDescriptor.ADDR),
            List.of()),
    /** Interrupt entry cache invalidation; with ECAP.IR. */
    INTERRUPT_ENTRY_CACHE(
            4,
            "6.5.2.7",
            "iec_inv_dsc",
            List.of(
                    InvalidationDescriptor.IEC_G,
                    InvalidationDescriptor.IM,
                    InvalidationDescriptor.IIDX),
            List.of()),
    /** Invalidation wait. */
    WAIT(
            5,
            "6.5.2.8",
            "inv_wait_dsc",
            List.of(
                    InvalidationDescriptor.IF,
                    InvalidationDescriptor.SW,
                    InvalidationDescriptor.FN,
                    InvalidationDescriptor.PD,
                    InvalidationDescriptor.STDATA,
                    InvalidationDescriptor.STADDR),
            List.of()),
    /** PASID-based IOTLB invalidation; in scalable mode. */
    PASID_IOTLB(
            6,
            "6.5.2.4",
            "p_iotlb_inv_dsc",
            List.of(
                    InvalidationDescriptor.GRANULARITY,
                    InvalidationDescriptor.DID,
                    InvalidationDescriptor.PASID,
                    InvalidationDescriptor.AM,
                    InvalidationDescriptor.IH,
                    InvalidationDescriptor.ADDR),
            List.of()),
    /** PASID-cache invalidation; in scalable mode. */
    PASID_CACHE(
            7,
            "6.5.2.2",
            "pc_inv_dsc",
            List.of(
                    InvalidationDescriptor.GRANULARITY,
                    InvalidationDescriptor.DID,
                    InvalidationDescriptor.PASID),
            List.of()),
    /** PASID-based device-TLB invalidation; in scalable mode with ECAP.DT. */
    PASID_DEVICE_TLB(
            8,
            "6.5.2.6",
            "p_dev_tlb_inv_dsc",
            List.of(
                    InvalidationDescriptor.PASID_DEVICE_MIP,
                    InvalidationDescriptor.PFSID_LO,
                    InvalidationDescriptor.PASID_DEVICE_SID,
                    InvalidationDescriptor.PASID,
                    InvalidationDescriptor.PFSID_HI,
                    InvalidationDescriptor.PASID_DEVICE_G,
                    InvalidationDescriptor.PASID_DEVICE_S,
                    InvalidationDescriptor.ADDR),
            List.of()),
    /** Page group response; in scalable mode with ECAP.PRS. */
    PAGE_GROUP_RESPONSE(
            9,
            "7.6.1",
            "page_grp_resp_dsc",
            List.of(
                    InvalidationDescriptor.PP,
                    InvalidationDescriptor.RESPONSE_CODE,
                    InvalidationDescriptor.RID,
                    InvalidationDescriptor.PASID,
                    InvalidationDescriptor.LPIG,
                    InvalidationDescriptor.PRGI),
            List.of(InvalidationDescriptor.PDP));

    private static final @Nullable DescriptorType[] BY_CODE = index();

    private final int code;
    private final Structure structure;
    private final long reserved0;
    private final long reserved1;

    DescriptorType(
            int code, String section, String name, List<Field> operands, List<Field> overlays) {
        this.code = code;
        List<Field> fields = new ArrayList<>();
        fields.add(InvalidationDescriptor.TYPE_LO);
        fields.add(InvalidationDescriptor.TYPE_HI);
        fields.addAll(operands);
        this.structure =
                new Structure(name, section, InvalidationDescriptor.WORDS_256, fields, overlays);
        this.reserved0 = ~structure.definedBits(0);
        this.reserved1 = ~structure.definedBits(1);
    }

    private static @Nullable DescriptorType[] index() {
        @Nullable DescriptorType[] index = new @Nullable DescriptorType[128];
        for (DescriptorType type : values()) {
            index[type.code] = type;
        }
        return index;
    }

    /**
     * The type with a number.
     *
     * @param code any value
     * @return the type, or null for a reserved number
     */
    public static @Nullable DescriptorType of(int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }

    /**
     * The number of the type.
     *
     * @return 1 to 9
     */
    public int code() {
        return code;
    }

    /**
     * The descriptor's fields.
     *
     * @return the structure, four words long; a 128-bit queue has the first two
     */
    public Structure structure() {
        return structure;
    }

    /**
     * The bits of one word that must be 0 whatever CAP and ECAP say; the comments of the fields
     * name those that depend on them.
     *
     * @param word 0 to 3
     * @return the mask
     */
    public long reservedBits(int word) {
        return switch (word) {
            case 0 -> reserved0;
            case 1 -> reserved1;
            default -> -1L;
        };
    }
}
