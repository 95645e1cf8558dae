package org.opensva.smmuv3.layout;

import java.util.List;

/**
 * The registers of a performance monitor counter group: offsets in its page 0, and fields. The
 * counters, their overflow status and the capture control are in its page 1 where {@link
 * Cfgr#RELOC_CTRS} is set, at the same offsets.
 *
 * <p>Source: IHI 0070 G.b sections 10.3 and 10.5.
 */
public final class CounterGroupRegisters {

    /** SMMU_PMCG_EVCNTR0: counters, 4 bytes each up to 32 bits and 8 bytes otherwise. */
    public static final int EVCNTR = 0x000;

    /** SMMU_PMCG_EVTYPER0: what is counted, 4 bytes each. */
    public static final int EVTYPER = 0x400;

    /** SMMU_PMCG_SVR0: captured counters, as far apart as the counters. */
    public static final int SVR = 0x600;

    /** SMMU_PMCG_SMR0: stream filters, 4 bytes each. */
    public static final int SMR = 0xa00;

    /** SMMU_PMCG_CNTENSET0: enables counters, 8 bytes. */
    public static final int CNTENSET0 = 0xc00;

    /** SMMU_PMCG_CNTENCLR0: disables counters, 8 bytes. */
    public static final int CNTENCLR0 = 0xc20;

    /** SMMU_PMCG_INTENSET0: enables interrupts of counters, 8 bytes. */
    public static final int INTENSET0 = 0xc40;

    /** SMMU_PMCG_INTENCLR0: disables interrupts of counters, 8 bytes. */
    public static final int INTENCLR0 = 0xc60;

    /** SMMU_PMCG_OVSCLR0: clears overflow status, 8 bytes. */
    public static final int OVSCLR0 = 0xc80;

    /** SMMU_PMCG_OVSSET0: sets overflow status, 8 bytes. */
    public static final int OVSSET0 = 0xcc0;

    /** SMMU_PMCG_CAPR: a 1 in bit 0 captures every counter. */
    public static final int CAPR = 0xd88;

    /** SMMU_PMCG_CFGR: what the group has; see {@link Cfgr}. */
    public static final int CFGR = 0xe00;

    /** SMMU_PMCG_CR: the global enable; see {@link Cr}. */
    public static final int CR = 0xe04;

    /** SMMU_PMCG_IIDR: the implementation, 0 where there is no such register. */
    public static final int IIDR = 0xe08;

    /** SMMU_PMCG_CEID0: a bit for each of the events 0 to 63 that can be counted, 8 bytes. */
    public static final int CEID0 = 0xe20;

    /** SMMU_PMCG_CEID1: a bit for each of the events 64 to 127, 8 bytes. */
    public static final int CEID1 = 0xe28;

    /** SMMU_PMCG_IRQ_CTRL: bit 0 enables the interrupt. */
    public static final int IRQ_CTRL = 0xe50;

    /** SMMU_PMCG_IRQ_CTRLACK: acknowledges {@link #IRQ_CTRL}. */
    public static final int IRQ_CTRLACK = 0xe54;

    /** SMMU_PMCG_IRQ_CFG0: address of the MSI in bits 55:2, 8 bytes. */
    public static final int IRQ_CFG0 = 0xe58;

    /** SMMU_PMCG_IRQ_CFG1: data of the MSI. */
    public static final int IRQ_CFG1 = 0xe60;

    /** SMMU_PMCG_IRQ_CFG2: attributes of the MSI, bits 5:0. */
    public static final int IRQ_CFG2 = 0xe64;

    /** SMMU_PMCG_IRQ_STATUS: bit 0 is set by an MSI that was aborted. */
    public static final int IRQ_STATUS = 0xe68;

    /** SMMU_PMCG_AIDR: version of the architecture, as SMMU_AIDR. */
    public static final int AIDR = 0xe70;

    /** Bytes of a page of registers. */
    public static final int PAGE_BYTES = 0x1000;

    /** Event: clock cycle. */
    public static final int EVENT_CYCLES = 0;

    /** Event: transaction or translation request. */
    public static final int EVENT_TRANSACTIONS = 1;

    /** Event: TLB miss. */
    public static final int EVENT_TLB_MISSES = 2;

    /** Event: configuration cache miss. */
    public static final int EVENT_CONFIGURATION_MISSES = 3;

    /** Event: translation table walk access. */
    public static final int EVENT_WALK_ACCESSES = 4;

    /** Event: configuration structure access. */
    public static final int EVENT_CONFIGURATION_ACCESSES = 5;

    /** Event: ATS translation request. */
    public static final int EVENT_ATS_REQUESTS = 6;

    /** Event: ATS translated transaction. */
    public static final int EVENT_ATS_TRANSLATED = 7;

    private CounterGroupRegisters() {}

    /** SMMU_PMCG_EVTYPERn: what a counter counts. */
    public static final class Evtyper {
        /** Event. */
        public static final Field EVENT = new Field("EVENT", 0, 0, 16);

        /** Filter by PARTID. */
        public static final Field FILTER_PARTID = new Field("FILTER_PARTID", 0, 16, 1);

        /** Filter by PMG. */
        public static final Field FILTER_PMG = new Field("FILTER_PMG", 0, 17, 1);

        /** PARTID space. */
        public static final Field FILTER_MPAM_SP = new Field("FILTER_MPAM_SP", 0, 18, 2);

        /** Count Realm streams. */
        public static final Field FILTER_REALM_SID = new Field("FILTER_REALM_SID", 0, 28, 1);

        /** SMR is a span of StreamIDs. */
        public static final Field FILTER_SID_SPAN = new Field("FILTER_SID_SPAN", 0, 29, 1);

        /** Count Secure streams. */
        public static final Field FILTER_SEC_SID = new Field("FILTER_SEC_SID", 0, 30, 1);

        /** An overflow captures. */
        public static final Field OVFCAP = new Field("OVFCAP", 0, 31, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_PMCG_EVTYPERn",
                        "10.5.2.2",
                        1,
                        List.of(
                                EVENT,
                                FILTER_PARTID,
                                FILTER_PMG,
                                FILTER_MPAM_SP,
                                FILTER_REALM_SID,
                                FILTER_SID_SPAN,
                                FILTER_SEC_SID,
                                OVFCAP),
                        List.of());

        private Evtyper() {}
    }

    /** SMMU_PMCG_CFGR: what a group has. */
    public static final class Cfgr {
        /** Number of counters minus one. */
        public static final Field NCTR = new Field("NCTR", 0, 0, 6);

        /** Bits of a counter minus one: 31, 35, 39, 43, 47 or 63. */
        public static final Field SIZE = new Field("SIZE", 0, 8, 6);

        /** Counters are in page 1. */
        public static final Field RELOC_CTRS = new Field("RELOC_CTRS", 0, 20, 1);

        /** Message signalled interrupts. */
        public static final Field MSI = new Field("MSI", 0, 21, 1);

        /** Counters can be captured. */
        public static final Field CAPTURE = new Field("CAPTURE", 0, 22, 1);

        /** One filter for all counters. */
        public static final Field SID_FILTER_TYPE = new Field("SID_FILTER_TYPE", 0, 23, 1);

        /** MSIs with PARTID and PMG. */
        public static final Field MPAM = new Field("MPAM", 0, 24, 1);

        /** Filters by PARTID and PMG. */
        public static final Field FILTER_PARTID_PMG = new Field("FILTER_PARTID_PMG", 0, 25, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_PMCG_CFGR",
                        "10.5.2.13",
                        1,
                        List.of(
                                NCTR,
                                SIZE,
                                RELOC_CTRS,
                                MSI,
                                CAPTURE,
                                SID_FILTER_TYPE,
                                MPAM,
                                FILTER_PARTID_PMG),
                        List.of());

        private Cfgr() {}
    }

    /** SMMU_PMCG_CR: control. */
    public static final class Cr {
        /** Counters count. */
        public static final Field E = new Field("E", 0, 0, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_PMCG_CR", "10.5.2.14", 1, List.of(E), List.of());

        private Cr() {}
    }

    /** SMMU_PMCG_IRQ_CTRL and SMMU_PMCG_IRQ_CTRLACK: the interrupt. */
    public static final class IrqCtrl {
        /** Enables the interrupt. */
        public static final Field IRQEN = new Field("IRQEN", 0, 0, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_PMCG_IRQ_CTRL", "10.5.2.19", 1, List.of(IRQEN), List.of());

        private IrqCtrl() {}
    }

    /** SMMU_PMCG_IRQ_STATUS: what became of MSIs. */
    public static final class IrqStatus {
        /** An MSI was aborted. */
        public static final Field IRQ_ABT = new Field("IRQ_ABT", 0, 0, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_PMCG_IRQ_STATUS", "10.5.2.24", 1, List.of(IRQ_ABT), List.of());

        private IrqStatus() {}
    }
}
