package org.opensva.smmuv3.layout;

import java.util.List;

/**
 * Fields of the registers that locate the stream table and the queues.
 *
 * <p>Source: IHI 0070 G.b sections 6.3.24 to 6.3.33 and 6.3.95 to 6.3.98, checked against Linux
 * {@code arm-smmu-v3.h}. Queue indexes carry a wrap flag in the bit above the index: bit LOG2SIZE.
 */
public final class TableAndQueueRegisters {
    private TableAndQueueRegisters() {}

    /** SMMU_STRTAB_BASE: where the stream table is. */
    public static final class StrtabBase {
        /** Address bits [55:6] of the table. */
        public static final Field ADDR = new Field("ADDR", 0, 6, 50);

        /** Read-allocate hint. */
        public static final Field RA = new Field("RA", 0, 62, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_STRTAB_BASE", "6.3.24", 1, List.of(ADDR, RA), List.of());

        private StrtabBase() {}
    }

    /** SMMU_STRTAB_BASE_CFG: shape of the stream table. */
    public static final class StrtabBaseCfg {
        /** log2 of the StreamIDs; effective value at most SMMU_IDR1.SIDSIZE. */
        public static final Field LOG2SIZE = new Field("LOG2SIZE", 0, 0, 6);

        /** StreamID bits of the second level: 6, 8 or 10; others behave as 6. */
        public static final Field SPLIT = new Field("SPLIT", 0, 6, 5);

        /** 0 linear, 1 two-level; others behave as linear. */
        public static final Field FMT = new Field("FMT", 0, 16, 2);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_STRTAB_BASE_CFG",
                        "6.3.25",
                        1,
                        List.of(LOG2SIZE, SPLIT, FMT),
                        List.of());

        /** FMT: one array of STEs. */
        public static final int FMT_LINEAR = 0b00;

        /** FMT: an array of level 1 descriptors. */
        public static final int FMT_2LVL = 0b01;

        /**
         * The split point with reserved values folded to 6.
         *
         * @param value the register
         * @return 6, 8 or 10
         */
        public static int effectiveSplit(long value) {
            int split = (int) SPLIT.get(value);
            return split == 8 || split == 10 ? split : 6;
        }

        private StrtabBaseCfg() {}
    }

    /** SMMU_CMDQ_BASE: where the Command queue is. */
    public static final class CmdqBase {
        /** log2 of the entries; capped at the size that SMMU_IDR1 gives. */
        public static final Field LOG2SIZE = new Field("LOG2SIZE", 0, 0, 5);

        /** Address bits [55:5] of entry 0. */
        public static final Field ADDR = new Field("ADDR", 0, 5, 51);

        /** Read-allocate hint. */
        public static final Field RA = new Field("RA", 0, 62, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_CMDQ_BASE", "6.3.26", 1, List.of(LOG2SIZE, ADDR, RA), List.of());

        private CmdqBase() {}
    }

    /** SMMU_CMDQ_PROD: write index. */
    public static final class CmdqProd {
        /** Index and wrap flag of the next entry to be written. */
        public static final Field WR = new Field("WR", 0, 0, 20);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_CMDQ_PROD", "6.3.27", 1, List.of(WR), List.of());

        private CmdqProd() {}
    }

    /** SMMU_CMDQ_CONS: read index and error. */
    public static final class CmdqCons {
        /** Index and wrap flag of the next entry to be consumed. */
        public static final Field RD = new Field("RD", 0, 0, 20);

        /** Why command processing stopped; see the {@code CERROR_} values. */
        public static final Field ERR = new Field("ERR", 0, 24, 7);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_CMDQ_CONS", "6.3.28", 1, List.of(RD, ERR), List.of());

        /** ERR: no error; never reported. */
        public static final int CERROR_NONE = 0x00;

        /** ERR: illegal command. */
        public static final int CERROR_ILL = 0x01;

        /** ERR: the fetch of the command aborted. */
        public static final int CERROR_ABT = 0x02;

        /** ERR: a CMD_SYNC could not complete an earlier CMD_ATC_INV. */
        public static final int CERROR_ATC_INV_SYNC = 0x03;

        private CmdqCons() {}
    }

    /** SMMU_EVENTQ_BASE and SMMU_PRIQ_BASE: where an output queue is. */
    public static final class EventqBase {
        /** log2 of the entries; capped at the size that SMMU_IDR1 gives. */
        public static final Field LOG2SIZE = new Field("LOG2SIZE", 0, 0, 5);

        /** Address bits [55:5] of entry 0. */
        public static final Field ADDR = new Field("ADDR", 0, 5, 51);

        /** Write-allocate hint. */
        public static final Field WA = new Field("WA", 0, 62, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_EVENTQ_BASE", "6.3.29", 1, List.of(LOG2SIZE, ADDR, WA), List.of());

        private EventqBase() {}
    }

    /** SMMU_EVENTQ_PROD and SMMU_PRIQ_PROD: write index and overflow. */
    public static final class OutputQueueProd {
        /** Index and wrap flag of the next entry to be written. */
        public static final Field WR = new Field("WR", 0, 0, 20);

        /** Toggled on overflow. */
        public static final Field OVFLG = new Field("OVFLG", 0, 31, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_EVENTQ_PROD", "6.3.95", 1, List.of(WR, OVFLG), List.of());

        private OutputQueueProd() {}
    }

    /** SMMU_EVENTQ_CONS and SMMU_PRIQ_CONS: read index and acknowledge. */
    public static final class OutputQueueCons {
        /** Index and wrap flag of the next entry to be consumed. */
        public static final Field RD = new Field("RD", 0, 0, 20);

        /** Set to OVFLG to acknowledge an overflow. */
        public static final Field OVACKFLG = new Field("OVACKFLG", 0, 31, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_EVENTQ_CONS", "6.3.96", 1, List.of(RD, OVACKFLG), List.of());

        private OutputQueueCons() {}
    }
}
