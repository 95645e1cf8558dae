package org.opensva.api.process;

/**
 * The formats in which a process's page tables can be written, so that the processor and an IOMMU
 * walk the same ones.
 */
public enum PageTableFormat {
    /** Armv8 VMSAv8-64 stage 1 (Arm ARM section D8; Arm IHI 0070 section 3.4). */
    VMSAV8_64,
    /** x86-64 with four levels (Intel SDM volume 3 section 4.5; VT-d section 3.6 first-stage). */
    X86_64_4LEVEL,
    /** x86-64 with five levels. */
    X86_64_5LEVEL
}
