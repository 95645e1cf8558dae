package org.opensva.ats.config;

/**
 * Layout of the extended capabilities: offsets inside each structure, and bits.
 *
 * <p>PCI Express Base 6.x section 10.5.1 (ATS), 10.5.2 (Page Request), 7.8.9 (PASID). Offsets, and
 * the bits that Linux names, are those of {@code include/uapi/linux/pci_regs.h}; Global Invalidate
 * Supported and Relaxed Ordering Supported are bits 6 and 7 of the ATS capability register.
 */
public final class Capabilities {

    /** Where extended capabilities begin in configuration space. */
    public static final int FIRST = 0x100;

    /** Capability id of ATS. */
    public static final int ATS_ID = 0x0f;

    /** Size of the ATS structure in bytes. */
    public static final int ATS_SIZE = 8;

    /** Offset of the ATS capability register, 16 bits. */
    public static final int ATS_CAP = 0x04;

    /** ATS capability: Invalidate Queue Depth, bits 4:0; 0 means 32. */
    public static final int ATS_CAP_QUEUE_DEPTH = 0x1f;

    /** ATS capability: Page Aligned Request. */
    public static final int ATS_CAP_PAGE_ALIGNED = 1 << 5;

    /** ATS capability: Global Invalidate Supported. */
    public static final int ATS_CAP_GLOBAL_INVALIDATE = 1 << 6;

    /** ATS capability: Relaxed Ordering Supported. */
    public static final int ATS_CAP_RELAXED_ORDERING = 1 << 7;

    /** Offset of the ATS control register, 16 bits. */
    public static final int ATS_CTRL = 0x06;

    /** ATS control: Smallest Translation Unit, bits 4:0; the unit is 2<sup>12+n</sup> bytes. */
    public static final int ATS_CTRL_STU = 0x1f;

    /** ATS control: Enable. */
    public static final int ATS_CTRL_ENABLE = 1 << 15;

    /** Capability id of the Page Request Interface. */
    public static final int PRI_ID = 0x13;

    /** Size of the Page Request structure in bytes. */
    public static final int PRI_SIZE = 16;

    /** Offset of the Page Request control register, 16 bits. */
    public static final int PRI_CTRL = 0x04;

    /** Page Request control: Enable. */
    public static final int PRI_CTRL_ENABLE = 1;

    /** Page Request control: Reset; reads as 0. */
    public static final int PRI_CTRL_RESET = 1 << 1;

    /** Offset of the Page Request status register, 16 bits. */
    public static final int PRI_STATUS = 0x06;

    /** Page Request status: Response Failure; cleared by writing 1. */
    public static final int PRI_STATUS_RF = 1;

    /** Page Request status: Unexpected Page Request Group Index; cleared by writing 1. */
    public static final int PRI_STATUS_UPRGI = 1 << 1;

    /** Page Request status: Stopped. */
    public static final int PRI_STATUS_STOPPED = 1 << 8;

    /** Page Request status: PRG Response PASID Required. */
    public static final int PRI_STATUS_PASID = 1 << 15;

    /** Offset of Outstanding Page Request Capacity, 32 bits. */
    public static final int PRI_MAX_REQ = 0x08;

    /** Offset of Outstanding Page Request Allocation, 32 bits. */
    public static final int PRI_ALLOC_REQ = 0x0c;

    /** Capability id of PASID. */
    public static final int PASID_ID = 0x1b;

    /** Size of the PASID structure in bytes. */
    public static final int PASID_SIZE = 8;

    /** Offset of the PASID capability register, 16 bits. */
    public static final int PASID_CAP = 0x04;

    /** PASID capability: Execute Permission Supported. */
    public static final int PASID_CAP_EXEC = 1 << 1;

    /** PASID capability: Privileged Mode Supported. */
    public static final int PASID_CAP_PRIV = 1 << 2;

    /** PASID capability: where Max PASID Width begins, five bits. */
    public static final int PASID_CAP_WIDTH_SHIFT = 8;

    /** Offset of the PASID control register, 16 bits. */
    public static final int PASID_CTRL = 0x06;

    /** PASID control: Enable. */
    public static final int PASID_CTRL_ENABLE = 1;

    /** PASID control: Execute Permission Enable. */
    public static final int PASID_CTRL_EXEC = 1 << 1;

    /** PASID control: Privileged Mode Enable. */
    public static final int PASID_CTRL_PRIV = 1 << 2;

    private Capabilities() {}
}
