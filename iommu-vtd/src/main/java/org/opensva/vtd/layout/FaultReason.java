package org.opensva.vtd.layout;

import org.jspecify.annotations.Nullable;

/**
 * The fault reasons, by number.
 *
 * <p>Source: sections 7.1.3 (address translation) and 5.1.4 (interrupt remapping). Numbers and
 * condition names as in VirtualBox {@code iommu-intel.h}, descriptions as in Linux {@code
 * drivers/iommu/intel/dmar.c} and QEMU {@code intel_iommu_internal.h}; what is qualified as in
 * OpenVMM's tests of revision 4.1, QEMU and VirtualBox. Condition names are those of revision 4
 * ("SFS", "SSS", "LSS" for the older "SFL", "SSL", "LSL"). No source says it for the general
 * conditions SGN.9 and SGN.10, which count as qualified as the rest of their group does. QEMU does
 * not list {@link #CONTEXT_RESERVED} as qualified; OpenVMM and VirtualBox agree that it is.
 */
public enum FaultReason {
    /** The root entry is not present. */
    ROOT_NOT_PRESENT(0x01, Kind.LEGACY, "LRT.2", false),
    /** The context entry is not present. */
    CONTEXT_NOT_PRESENT(0x02, Kind.LEGACY, "LCT.2", true),
    /** The context entry is invalid: translation type, width or table pointer. */
    CONTEXT_INVALID(0x03, Kind.LEGACY, "LCT.4", true),
    /** The address is beyond the width of guest addresses or of the table. */
    ADDRESS_BEYOND_WIDTH(0x04, Kind.LEGACY, "LGN.1", true),
    /** No write permission. */
    WRITE_DENIED(0x05, Kind.LEGACY, "LGN.2", true),
    /** No read permission. */
    READ_DENIED(0x06, Kind.LEGACY, "LGN.3", true),
    /** A second-stage entry could not be read. */
    SECOND_STAGE_ACCESS(0x07, Kind.LEGACY, "LSS.1", true),
    /** The root entry could not be read. */
    ROOT_ACCESS(0x08, Kind.LEGACY, "LRT.1", false),
    /** The context entry could not be read. */
    CONTEXT_ACCESS(0x09, Kind.LEGACY, "LCT.1", false),
    /** A reserved field of a present root entry is not 0. */
    ROOT_RESERVED(0x0a, Kind.LEGACY, "LRT.3", false),
    /** A reserved field of a present context entry is not 0. */
    CONTEXT_RESERVED(0x0b, Kind.LEGACY, "LCT.3", true),
    /** A reserved field of a present second-stage entry is not 0. */
    SECOND_STAGE_RESERVED(0x0c, Kind.LEGACY, "LSS.2", true),
    /** The translation type blocks translated and translation requests. */
    REQUEST_BLOCKED(0x0d, Kind.LEGACY, "LCT.5", true),
    /** The result lies in the interrupt address range. */
    INTERRUPT_RANGE(0x0e, Kind.LEGACY, "LGN.4", true),
    /** A reserved field of a remappable interrupt request is not 0. */
    INTERRUPT_REQUEST_RESERVED(0x20, Kind.INTERRUPT, "IR", false),
    /** The interrupt index is beyond the table. */
    INTERRUPT_INDEX(0x21, Kind.INTERRUPT, "IR", false),
    /** The interrupt remapping table entry is not present. */
    IRTE_NOT_PRESENT(0x22, Kind.INTERRUPT, "IR", true),
    /** The interrupt remapping table entry could not be read. */
    IRTE_ACCESS(0x23, Kind.INTERRUPT, "IR", false),
    /** A reserved field of a present interrupt remapping table entry is not 0. */
    IRTE_RESERVED(0x24, Kind.INTERRUPT, "IR", true),
    /** A compatibility-format interrupt request is blocked. */
    COMPATIBILITY_BLOCKED(0x25, Kind.INTERRUPT, "IR", false),
    /** The source id does not pass the check of the entry. */
    SOURCE_ID_DENIED(0x26, Kind.INTERRUPT, "IR", true),
    /** The posted interrupt descriptor could not be accessed. */
    POSTED_DESCRIPTOR_ACCESS(0x27, Kind.INTERRUPT, "IR", true),
    /** A reserved field of the posted interrupt descriptor is not 0. */
    POSTED_DESCRIPTOR_RESERVED(0x28, Kind.INTERRUPT, "IR", true),
    /** The interrupt request without PASID is invalid. */
    INTERRUPT_REQUEST_INVALID(0x29, Kind.INTERRUPT, "IR", false),
    /** RTADDR.TTM is reserved or not supported. */
    TABLE_MODE_INVALID(0x30, Kind.TABLE_MODE, "RTA.1", false),
    /** RTADDR.TTM is legacy mode and the request has a PASID. */
    TABLE_MODE_FORBIDS_PASID(0x31, Kind.TABLE_MODE, "RTA.2", false),
    /** RTADDR.TTM is legacy mode and the request is a page request. */
    TABLE_MODE_FORBIDS_PAGE_REQUEST(0x32, Kind.TABLE_MODE, "RTA.3", false),
    /** Condition RTA.4: its number is public, its text is not. */
    TABLE_MODE_RTA_4(0x33, Kind.TABLE_MODE, "RTA.4", false),
    /** The scalable root entry could not be read. */
    SCALABLE_ROOT_ACCESS(0x38, Kind.SCALABLE, "SRT.1", false),
    /** The half of the scalable root entry is not present. */
    SCALABLE_ROOT_NOT_PRESENT(0x39, Kind.SCALABLE, "SRT.2", false),
    /** A reserved field of a present half of the scalable root entry is not 0. */
    SCALABLE_ROOT_RESERVED(0x3a, Kind.SCALABLE, "SRT.3", false),
    /** The scalable context entry could not be read. */
    SCALABLE_CONTEXT_ACCESS(0x40, Kind.SCALABLE, "SCT.1", false),
    /** The scalable context entry is not present. */
    SCALABLE_CONTEXT_NOT_PRESENT(0x41, Kind.SCALABLE, "SCT.2", true),
    /** A reserved field of a present scalable context entry is not 0. */
    SCALABLE_CONTEXT_RESERVED(0x42, Kind.SCALABLE, "SCT.3", true),
    /** The scalable context entry is invalid, for example RID_PASID beyond the directory. */
    SCALABLE_CONTEXT_INVALID(0x43, Kind.SCALABLE, "SCT.4", true),
    /** DTE is 0 and the request is translated or a translation request. */
    DEVICE_TLB_DISABLED(0x44, Kind.SCALABLE, "SCT.5", true),
    /** PASIDE is 0 and the request has a PASID. */
    PASID_DISABLED(0x45, Kind.SCALABLE, "SCT.6", true),
    /** The PASID is beyond the directory. */
    PASID_BEYOND_DIRECTORY(0x46, Kind.SCALABLE, "SCT.7", true),
    /** PRE is 0 and the request is a page request. */
    PAGE_REQUEST_DISABLED(0x47, Kind.SCALABLE, "SCT.8", true),
    /** RID_PASID does not serve the request. */
    RID_PASID_INVALID(0x48, Kind.SCALABLE, "SCT.9", true),
    /** The PASID directory entry could not be read. */
    PASID_DIRECTORY_ACCESS(0x50, Kind.SCALABLE, "SPD.1", false),
    /** The PASID directory entry is not present. */
    PASID_DIRECTORY_NOT_PRESENT(0x51, Kind.SCALABLE, "SPD.2", true),
    /** A reserved field of a present PASID directory entry is not 0. */
    PASID_DIRECTORY_RESERVED(0x52, Kind.SCALABLE, "SPD.3", true),
    /** The PASID table entry could not be read. */
    PASID_ENTRY_ACCESS(0x58, Kind.SCALABLE, "SPT.1", false),
    /** The PASID table entry is not present. */
    PASID_ENTRY_NOT_PRESENT(0x59, Kind.SCALABLE, "SPT.2", true),
    /** A reserved field of a present PASID table entry is not 0. */
    PASID_ENTRY_RESERVED(0x5a, Kind.SCALABLE, "SPT.3", true),
    /** The PASID table entry is invalid: translation type, width or paging mode. */
    PASID_ENTRY_INVALID(0x5b, Kind.SCALABLE, "SPT.4", true),
    /** Revision 3: ERE is 0 and execute permission is requested. */
    EXECUTE_DISABLED(0x5c, Kind.SCALABLE, "SPT.5", true),
    /** SRE is 0 and supervisor privilege is requested. */
    SUPERVISOR_DISABLED(0x5d, Kind.SCALABLE, "SPT.6", true),
    /** A first-stage entry could not be read. */
    FIRST_STAGE_ACCESS(0x70, Kind.SCALABLE, "SFS.1", true),
    /** A first-stage entry is not present. */
    FIRST_STAGE_NOT_PRESENT(0x71, Kind.SCALABLE, "SFS.2", true),
    /** A reserved field of a present first-stage entry is not 0. */
    FIRST_STAGE_RESERVED(0x72, Kind.SCALABLE, "SFS.3", true),
    /** The entry that FSPTPTR leads to could not be read. */
    FIRST_STAGE_ROOT_ACCESS(0x73, Kind.SCALABLE, "SFS.4", true),
    /** Nested: the address of a first-stage entry is beyond the second-stage width. */
    NESTED_TABLE_BEYOND_WIDTH(0x74, Kind.SCALABLE, "SFS.5", true),
    /** Nested: second stage denies reading the entry that FSPTPTR leads to. */
    NESTED_ROOT_READ_DENIED(0x75, Kind.SCALABLE, "SFS.6", true),
    /** Nested: second stage denies reading a first-stage entry. */
    NESTED_TABLE_READ_DENIED(0x76, Kind.SCALABLE, "SFS.7", true),
    /** Nested: second stage denies updating the flags of a first-stage entry. */
    NESTED_TABLE_WRITE_DENIED(0x77, Kind.SCALABLE, "SFS.8", true),
    /** A second-stage entry could not be read. */
    SCALABLE_SECOND_STAGE_ACCESS(0x78, Kind.SCALABLE, "SSS.1", true),
    /** A second-stage entry is not present or denies the access. */
    SCALABLE_SECOND_STAGE_DENIED(0x79, Kind.SCALABLE, "SSS.2", true),
    /** A reserved field of a present second-stage entry is not 0. */
    SCALABLE_SECOND_STAGE_RESERVED(0x7a, Kind.SCALABLE, "SSS.3", true),
    /** The entry that SSPTPTR leads to could not be read. */
    SCALABLE_SECOND_STAGE_ROOT_ACCESS(0x7b, Kind.SCALABLE, "SSS.4", true),
    /** Second-stage flags need an update and page walks do not snoop. */
    SECOND_STAGE_UPDATE_NOT_SNOOPED(0x7c, Kind.SCALABLE, "SSS.5", true),
    /** Second-stage flags could not be updated; the text is by analogy with SFS.10. */
    SECOND_STAGE_UPDATE_FAILED(0x7d, Kind.SCALABLE, "SSS.6", true),
    /** The address is not canonical. */
    NOT_CANONICAL(0x80, Kind.SCALABLE, "SGN.1", true),
    /** A user request and an entry with U/S 0. */
    USER_DENIED(0x81, Kind.SCALABLE, "SGN.2", true),
    /** No execute permission. */
    EXECUTE_DENIED(0x82, Kind.SCALABLE, "SGN.3", true),
    /** The address is beyond the width of the implementation. */
    SCALABLE_ADDRESS_BEYOND_WIDTH(0x83, Kind.SCALABLE, "SGN.4", true),
    /** The input of second stage is beyond its width. */
    SECOND_STAGE_INPUT_BEYOND_WIDTH(0x84, Kind.SCALABLE, "SGN.5", true),
    /** No write permission. */
    SCALABLE_WRITE_DENIED(0x85, Kind.SCALABLE, "SGN.6", true),
    /** No read permission. */
    SCALABLE_READ_DENIED(0x86, Kind.SCALABLE, "SGN.7", true),
    /** The result lies in the interrupt address range. */
    SCALABLE_INTERRUPT_RANGE(0x87, Kind.SCALABLE, "SGN.8", true),
    /** Condition SGN.9: its number is public, its text is not. */
    SCALABLE_SGN_9(0x88, Kind.SCALABLE, "SGN.9", true),
    /** Condition SGN.10: its number is public, its text is not. */
    SCALABLE_SGN_10(0x89, Kind.SCALABLE, "SGN.10", true),
    /** First-stage flags need an update and page walks do not snoop. */
    FIRST_STAGE_UPDATE_NOT_SNOOPED(0x90, Kind.SCALABLE, "SFS.9", true),
    /** First-stage flags could not be updated. */
    FIRST_STAGE_UPDATE_FAILED(0x91, Kind.SCALABLE, "SFS.10", true);

    /** What a fault reason belongs to. */
    public enum Kind {
        /** Address translation in legacy mode. */
        LEGACY,
        /** Interrupt remapping. */
        INTERRUPT,
        /** The translation table mode, before any table is read. */
        TABLE_MODE,
        /** Address translation in scalable mode. */
        SCALABLE
    }

    private static final @Nullable FaultReason[] BY_CODE = index();

    private final int code;
    private final Kind kind;
    private final String condition;
    private final boolean qualified;

    FaultReason(int code, Kind kind, String condition, boolean qualified) {
        this.code = code;
        this.kind = kind;
        this.condition = condition;
        this.qualified = qualified;
    }

    private static @Nullable FaultReason[] index() {
        @Nullable FaultReason[] index = new @Nullable FaultReason[256];
        for (FaultReason reason : values()) {
            index[reason.code] = reason;
        }
        return index;
    }

    /**
     * The reason with a number.
     *
     * @param code any value
     * @return the reason, or null for a reserved number
     */
    public static @Nullable FaultReason of(int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }

    /**
     * The number in {@link FaultRecord#FR}.
     *
     * @return 1 to 255
     */
    public int code() {
        return code;
    }

    /**
     * What the reason belongs to.
     *
     * @return the kind
     */
    public Kind kind() {
        return kind;
    }

    /**
     * The condition's name in the specification. Where several conditions share a number, their
     * common part.
     *
     * @return for example {@code SPT.4}; {@code IR} for interrupt remapping, whose conditions have
     *     no names
     */
    public String condition() {
        return condition;
    }

    /**
     * Whether the fault processing disable flag (FPD) of an entry used for the request keeps the
     * fault from being recorded. The request is blocked in any case.
     *
     * @return true for a qualified fault
     */
    public boolean isQualified() {
        return qualified;
    }
}
