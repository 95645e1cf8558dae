package org.opensva.smmuv3.layout;

import java.util.List;

/**
 * Fields of the control, error and interrupt registers.
 *
 * <p>Source: IHI 0070 G.b sections 6.3.9 to 6.3.23, checked against Linux {@code arm-smmu-v3.h}.
 */
public final class ControlRegisters {
    private ControlRegisters() {}

    /** SMMU_CR0 and SMMU_CR0ACK: enables. */
    public static final class Cr0 {
        /** Translation enabled. */
        public static final Field SMMUEN = new Field("SMMUEN", 0, 0, 1);

        /** PRI queue writes enabled. */
        public static final Field PRIQEN = new Field("PRIQEN", 0, 1, 1);

        /** Event queue writes enabled. */
        public static final Field EVENTQEN = new Field("EVENTQEN", 0, 2, 1);

        /** Command processing enabled. */
        public static final Field CMDQEN = new Field("CMDQEN", 0, 3, 1);

        /** Translated traffic is checked against STE.EATS. */
        public static final Field ATSCHK = new Field("ATSCHK", 0, 4, 1);

        /** VMID bits [VMW-1:0] are ignored by invalidations; above 4 reserved, as 0. */
        public static final Field VMW = new Field("VMW", 0, 6, 3);

        /** Device permission table walks enabled. */
        public static final Field DPT_WALK_EN = new Field("DPT_WALK_EN", 0, 10, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_CR0",
                        "6.3.9",
                        1,
                        List.of(SMMUEN, PRIQEN, EVENTQEN, CMDQEN, ATSCHK, VMW, DPT_WALK_EN),
                        List.of());

        private Cr0() {}
    }

    /** SMMU_CR1: attributes of table and queue accesses. */
    public static final class Cr1 {
        /** Queue inner cacheability: 0 none, 1 write-back, 2 write-through. */
        public static final Field QUEUE_IC = new Field("QUEUE_IC", 0, 0, 2);

        /** Queue outer cacheability. */
        public static final Field QUEUE_OC = new Field("QUEUE_OC", 0, 2, 2);

        /** Queue shareability. */
        public static final Field QUEUE_SH = new Field("QUEUE_SH", 0, 4, 2);

        /** Table inner cacheability. */
        public static final Field TABLE_IC = new Field("TABLE_IC", 0, 6, 2);

        /** Table outer cacheability. */
        public static final Field TABLE_OC = new Field("TABLE_OC", 0, 8, 2);

        /** Table shareability. */
        public static final Field TABLE_SH = new Field("TABLE_SH", 0, 10, 2);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_CR1",
                        "6.3.11",
                        1,
                        List.of(QUEUE_IC, QUEUE_OC, QUEUE_SH, TABLE_IC, TABLE_OC, TABLE_SH),
                        List.of());

        private Cr1() {}
    }

    /** SMMU_CR2: recording and regimes. */
    public static final class Cr2 {
        /** EL2 streams are EL2-E2H, tagged by ASID. */
        public static final Field E2H = new Field("E2H", 0, 0, 1);

        /** C_BAD_STREAMID may be recorded. */
        public static final Field RECINVSID = new Field("RECINVSID", 0, 1, 1);

        /** No part in broadcast TLB maintenance. */
        public static final Field PTM = new Field("PTM", 0, 2, 1);

        /** Configuration errors of ATS and PRI are recorded. */
        public static final Field REC_CFG_ATS = new Field("REC_CFG_ATS", 0, 3, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_CR2",
                        "6.3.12",
                        1,
                        List.of(E2H, RECINVSID, PTM, REC_CFG_ATS),
                        List.of());

        private Cr2() {}
    }

    /** SMMU_STATUSR: dormancy. */
    public static final class Statusr {
        /** Nothing is cached or being prefetched. */
        public static final Field DORMANT = new Field("DORMANT", 0, 0, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_STATUSR", "6.3.13", 1, List.of(DORMANT), List.of());

        private Statusr() {}
    }

    /** SMMU_GBPA: attributes while translation is disabled. */
    public static final class Gbpa {
        /** Memory type, encoded as STE.MemAttr. */
        public static final Field MEMATTR = new Field("MemAttr", 0, 0, 4);

        /** Override the memory type. */
        public static final Field MTCFG = new Field("MTCFG", 0, 4, 1);

        /** Allocation hint override. */
        public static final Field ALLOCCFG = new Field("ALLOCCFG", 0, 8, 4);

        /** Shareability override, encoded as STE.SHCFG. */
        public static final Field SHCFG = new Field("SHCFG", 0, 12, 2);

        /** Privilege override, encoded as STE.PRIVCFG. */
        public static final Field PRIVCFG = new Field("PRIVCFG", 0, 16, 2);

        /** Instruction override, encoded as STE.INSTCFG. */
        public static final Field INSTCFG = new Field("INSTCFG", 0, 18, 2);

        /** Abort instead of bypass. */
        public static final Field ABORT = new Field("ABORT", 0, 20, 1);

        /** Written as 1 with a new value; 0 again once it is in force. */
        public static final Field UPDATE = new Field("Update", 0, 31, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_GBPA",
                        "6.3.14",
                        1,
                        List.of(MEMATTR, MTCFG, ALLOCCFG, SHCFG, PRIVCFG, INSTCFG, ABORT, UPDATE),
                        List.of());

        private Gbpa() {}
    }

    /** SMMU_IRQ_CTRL and SMMU_IRQ_CTRLACK: interrupt enables. */
    public static final class IrqCtrl {
        /** Global error interrupts. */
        public static final Field GERROR_IRQEN = new Field("GERROR_IRQEN", 0, 0, 1);

        /** PRI queue interrupts. */
        public static final Field PRIQ_IRQEN = new Field("PRIQ_IRQEN", 0, 1, 1);

        /** Event queue interrupts. */
        public static final Field EVENTQ_IRQEN = new Field("EVENTQ_IRQEN", 0, 2, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_IRQ_CTRL",
                        "6.3.16",
                        1,
                        List.of(GERROR_IRQEN, PRIQ_IRQEN, EVENTQ_IRQEN),
                        List.of());

        private IrqCtrl() {}
    }

    /** SMMU_GERROR and SMMU_GERRORN: an error is active where the two differ. */
    public static final class Gerror {
        /** A command could not be processed. */
        public static final Field CMDQ_ERR = new Field("CMDQ_ERR", 0, 0, 1);

        /** An Event queue access aborted. */
        public static final Field EVENTQ_ABT_ERR = new Field("EVENTQ_ABT_ERR", 0, 2, 1);

        /** A PRI queue access aborted. */
        public static final Field PRIQ_ABT_ERR = new Field("PRIQ_ABT_ERR", 0, 3, 1);

        /** A CMD_SYNC MSI aborted. */
        public static final Field MSI_CMDQ_ABT_ERR = new Field("MSI_CMDQ_ABT_ERR", 0, 4, 1);

        /** An Event queue MSI aborted. */
        public static final Field MSI_EVENTQ_ABT_ERR = new Field("MSI_EVENTQ_ABT_ERR", 0, 5, 1);

        /** A PRI queue MSI aborted. */
        public static final Field MSI_PRIQ_ABT_ERR = new Field("MSI_PRIQ_ABT_ERR", 0, 6, 1);

        /** A global error MSI aborted. */
        public static final Field MSI_GERROR_ABT_ERR = new Field("MSI_GERROR_ABT_ERR", 0, 7, 1);

        /** Service failure mode entered. */
        public static final Field SFM_ERR = new Field("SFM_ERR", 0, 8, 1);

        /** Error on a Command queue control page. */
        public static final Field CMDQP_ERR = new Field("CMDQP_ERR", 0, 9, 1);

        /** Device permission table lookup fault. */
        public static final Field DPT_ERR = new Field("DPT_ERR", 0, 10, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_GERROR",
                        "6.3.19",
                        1,
                        List.of(
                                CMDQ_ERR,
                                EVENTQ_ABT_ERR,
                                PRIQ_ABT_ERR,
                                MSI_CMDQ_ABT_ERR,
                                MSI_EVENTQ_ABT_ERR,
                                MSI_PRIQ_ABT_ERR,
                                MSI_GERROR_ABT_ERR,
                                SFM_ERR,
                                CMDQP_ERR,
                                DPT_ERR),
                        List.of());

        private Gerror() {}
    }

    /** SMMU_*_IRQ_CFG0: MSI address. */
    public static final class IrqCfg0 {
        /** Address bits [55:2]; zero sends no MSI. */
        public static final Field ADDR = new Field("ADDR", 0, 2, 54);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_*_IRQ_CFG0", "6.3.21", 1, List.of(ADDR), List.of());

        private IrqCfg0() {}
    }

    /** SMMU_*_IRQ_CFG1: MSI payload. */
    public static final class IrqCfg1 {
        /** Payload of the 32-bit MSI write. */
        public static final Field DATA = new Field("DATA", 0, 0, 32);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_*_IRQ_CFG1", "6.3.22", 1, List.of(DATA), List.of());

        private IrqCfg1() {}
    }

    /** SMMU_*_IRQ_CFG2: MSI attributes. */
    public static final class IrqCfg2 {
        /** Memory type of the MSI write, encoded as STE.MemAttr. */
        public static final Field MEMATTR = new Field("MemAttr", 0, 0, 4);

        /** Shareability of the MSI write. */
        public static final Field SH = new Field("SH", 0, 4, 2);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_*_IRQ_CFG2", "6.3.23", 1, List.of(MEMATTR, SH), List.of());

        private IrqCfg2() {}
    }

    /** SMMU_PRIQ_IRQ_CFG2: MSI attributes and the interrupt condition. */
    public static final class PriqIrqCfg2 {
        /** Memory type of the MSI write, encoded as STE.MemAttr. */
        public static final Field MEMATTR = new Field("MemAttr", 0, 0, 4);

        /** Shareability of the MSI write. */
        public static final Field SH = new Field("SH", 0, 4, 2);

        /** Interrupt on the last request of a group instead of on non-empty. */
        public static final Field LO = new Field("LO", 0, 31, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_PRIQ_IRQ_CFG2", "6.3.36", 1, List.of(MEMATTR, SH, LO), List.of());

        private PriqIrqCfg2() {}
    }
}
