package org.opensva.vtd.layout;

import java.util.List;

/**
 * Fields of the invalidation queue, interrupt remapping table and page request queue registers.
 *
 * <p>Source: sections 11.4.9 to 11.4.11, positions as in VirtualBox {@code iommu-intel.h}, Linux
 * {@code drivers/iommu/intel/iommu.h} and Intel's public register descriptions of processors.
 */
public final class QueueRegisters {
    private QueueRegisters() {}

    /** IQH: invalidation queue head; read-only. */
    public static final class Iqh {
        /**
         * Offset bits [18:4] of the next descriptor to fetch; bit 4 is 0 with 256-bit descriptors.
         */
        public static final Field QH = new Field("QH", 0, 4, 15);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("IQH_REG", "11.4.9", 1, List.of(QH), List.of());

        private Iqh() {}

        /**
         * Offset of the head within the queue.
         *
         * @param iqh IQH
         * @return bytes, 0 to 524272
         */
        public static long offset(long iqh) {
            return QH.address(iqh);
        }
    }

    /** IQT: invalidation queue tail. */
    public static final class Iqt {
        /**
         * Offset bits [18:4] of the next descriptor to write; bit 4 must be 0 with 256-bit
         * descriptors.
         */
        public static final Field QT = new Field("QT", 0, 4, 15);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("IQT_REG", "11.4.9", 1, List.of(QT), List.of());

        private Iqt() {}

        /**
         * Offset of the tail within the queue.
         *
         * @param iqt IQT
         * @return bytes, 0 to 524272
         */
        public static long offset(long iqt) {
            return QT.address(iqt);
        }
    }

    /** IQA: invalidation queue address. */
    public static final class Iqa {
        /** Size of the queue: 2^QS pages of 4 KB. */
        public static final Field QS = new Field("QS", 0, 0, 3);

        /** Descriptor width: 0 128 bits, 1 256 bits. */
        public static final Field DW = new Field("DW", 0, 11, 1);

        /** Address bits [63:12]. */
        public static final Field IQA = new Field("IQA", 0, 12, 52);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("IQA_REG", "11.4.9", 1, List.of(QS, DW, IQA), List.of());

        private Iqa() {}

        /**
         * The queue.
         *
         * @param iqa IQA
         * @return a byte address, 4 KB aligned
         */
        public static long base(long iqa) {
            return IQA.address(iqa);
        }

        /**
         * Length of the queue.
         *
         * @param iqa IQA
         * @return bytes, 4096 to 524288
         */
        public static int bytes(long iqa) {
            return 4096 << (int) QS.get(iqa);
        }

        /**
         * Length of a descriptor.
         *
         * @param iqa IQA
         * @return 16 or 32
         */
        public static int descriptorBytes(long iqa) {
            return 16 << (int) DW.get(iqa);
        }
    }

    /** ICS: invalidation completion status. */
    public static final class Ics {
        /** A wait descriptor with IF completed; write 1 to clear. */
        public static final Field IWC = new Field("IWC", 0, 0, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("ICS_REG", "11.4.9", 1, List.of(IWC), List.of());

        private Ics() {}
    }

    /** IQERCD: invalidation queue error record. Each part is valid while its bit of FSTS is set. */
    public static final class Iqercd {
        /** What set FSTS.IQE; see {@link QueueError}. */
        public static final Field IQEI = new Field("IQEI", 0, 0, 4);

        /** Source id of the time-out. */
        public static final Field ITESID = new Field("ITESID", 0, 32, 16);

        /** Source id of the bad completion. */
        public static final Field ICESID = new Field("ICESID", 0, 48, 16);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("IQERCD_REG", "11.4.9", 1, List.of(IQEI, ITESID, ICESID), List.of());

        private Iqercd() {}
    }

    /**
     * IRTA: interrupt remapping table address, taken over by {@link ControlRegisters.Gcmd#SIRTP}.
     */
    public static final class Irta {
        /** Size of the table: 2^(S + 1) entries. */
        public static final Field S = new Field("S", 0, 0, 4);

        /** Extended interrupt mode: 32-bit destination ids. */
        public static final Field EIME = new Field("EIME", 0, 11, 1);

        /** Address bits [63:12]. */
        public static final Field IRTA = new Field("IRTA", 0, 12, 52);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("IRTA_REG", "11.4.10", 1, List.of(S, EIME, IRTA), List.of());

        private Irta() {}

        /**
         * The table.
         *
         * @param irta IRTA
         * @return a byte address, 4 KB aligned
         */
        public static long base(long irta) {
            return IRTA.address(irta);
        }

        /**
         * Entries of the table.
         *
         * @param irta IRTA
         * @return 2 to 65536
         */
        public static int entries(long irta) {
            return 2 << (int) S.get(irta);
        }
    }

    /** PQH: page request queue head, written by software. */
    public static final class Pqh {
        /** Offset bits [18:5] of the next request to read. */
        public static final Field PQH = new Field("PQH", 0, 5, 14);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PQH_REG", "11.4.11", 1, List.of(PQH), List.of());

        private Pqh() {}

        /**
         * Offset of the head within the queue.
         *
         * @param pqh PQH
         * @return bytes, 0 to 524256
         */
        public static long offset(long pqh) {
            return PQH.address(pqh);
        }
    }

    /** PQT: page request queue tail, written by hardware. */
    public static final class Pqt {
        /** Offset bits [18:5] of the next request to write. */
        public static final Field PQT = new Field("PQT", 0, 5, 14);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PQT_REG", "11.4.11", 1, List.of(PQT), List.of());

        private Pqt() {}

        /**
         * Offset of the tail within the queue.
         *
         * @param pqt PQT
         * @return bytes, 0 to 524256
         */
        public static long offset(long pqt) {
            return PQT.address(pqt);
        }
    }

    /** PQA: page request queue address. */
    public static final class Pqa {
        /** Size of the queue: 2^PQS pages of 4 KB. */
        public static final Field PQS = new Field("PQS", 0, 0, 3);

        /** Address bits [63:12]. */
        public static final Field PQA = new Field("PQA", 0, 12, 52);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PQA_REG", "11.4.11", 1, List.of(PQS, PQA), List.of());

        private Pqa() {}

        /**
         * The queue.
         *
         * @param pqa PQA
         * @return a byte address, 4 KB aligned
         */
        public static long base(long pqa) {
            return PQA.address(pqa);
        }

        /**
         * Length of the queue.
         *
         * @param pqa PQA
         * @return bytes, 4096 to 524288
         */
        public static int bytes(long pqa) {
            return 4096 << (int) PQS.get(pqa);
        }
    }

    /** PRS: page request status. */
    public static final class Prs {
        /** A request was queued; write 1 to clear. */
        public static final Field PPR = new Field("PPR", 0, 0, 1);

        /** The queue overflowed; write 1 to clear. */
        public static final Field PRO = new Field("PRO", 0, 1, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PRS_REG", "11.4.11", 1, List.of(PPR, PRO), List.of());

        private Prs() {}
    }
}
