package org.opensva.vtd.layout;

import java.util.List;

/**
 * Fields of the registers that control translation, context-cache invalidation through registers
 * and protected memory.
 *
 * <p>Source: sections 11.4.4 to 11.4.6 and 11.4.8, positions as in VirtualBox {@code iommu-intel.h}
 * and Linux {@code drivers/iommu/intel/iommu.h}.
 */
public final class ControlRegisters {
    private ControlRegisters() {}

    /**
     * GCMD: global command. Software may change one bit of a write at a time, against {@link Gsts}.
     * SRTP, SFL, WBF and SIRTP are one-shot and the others hold.
     */
    public static final class Gcmd {
        /** Let compatibility-format interrupts pass. */
        public static final Field CFI = new Field("CFI", 0, 23, 1);

        /** Set the interrupt remap table pointer. */
        public static final Field SIRTP = new Field("SIRTP", 0, 24, 1);

        /** Interrupt remapping enable. */
        public static final Field IRE = new Field("IRE", 0, 25, 1);

        /** Queued invalidation enable. */
        public static final Field QIE = new Field("QIE", 0, 26, 1);

        /** Flush the write buffer. */
        public static final Field WBF = new Field("WBF", 0, 27, 1);

        /** Enable advanced fault logging. */
        public static final Field EAFL = new Field("EAFL", 0, 28, 1);

        /** Set the fault log pointer. */
        public static final Field SFL = new Field("SFL", 0, 29, 1);

        /** Set the root table pointer. */
        public static final Field SRTP = new Field("SRTP", 0, 30, 1);

        /** Translation enable. */
        public static final Field TE = new Field("TE", 0, 31, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure(
                        "GCMD_REG",
                        "11.4.4",
                        1,
                        List.of(CFI, SIRTP, IRE, QIE, WBF, EAFL, SFL, SRTP, TE),
                        List.of());

        private Gcmd() {}

        /** The bits that act when 1 is written and hold no state: SRTP, SFL, WBF, SIRTP. */
        public static final long ONE_SHOT = 0x6900_0000L;

        /** Every command bit. */
        public static final long DEFINED = 0xff80_0000L;
    }

    /** GSTS: global status, bit by bit the state of {@link Gcmd}. */
    public static final class Gsts {
        /** Compatibility-format interrupts pass. */
        public static final Field CFIS = new Field("CFIS", 0, 23, 1);

        /** The interrupt remap table pointer is set. */
        public static final Field IRTPS = new Field("IRTPS", 0, 24, 1);

        /** Interrupt remapping is enabled. */
        public static final Field IRES = new Field("IRES", 0, 25, 1);

        /** Queued invalidation is enabled. */
        public static final Field QIES = new Field("QIES", 0, 26, 1);

        /** A write buffer flush is in progress. */
        public static final Field WBFS = new Field("WBFS", 0, 27, 1);

        /** Advanced fault logging is enabled. */
        public static final Field AFLS = new Field("AFLS", 0, 28, 1);

        /** The fault log pointer is set. */
        public static final Field FLS = new Field("FLS", 0, 29, 1);

        /** The root table pointer is set. */
        public static final Field RTPS = new Field("RTPS", 0, 30, 1);

        /** Translation is enabled. */
        public static final Field TES = new Field("TES", 0, 31, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure(
                        "GSTS_REG",
                        "11.4.4",
                        1,
                        List.of(CFIS, IRTPS, IRES, QIES, WBFS, AFLS, FLS, RTPS, TES),
                        List.of());

        private Gsts() {}
    }

    /** RTADDR: root table address, taken over by {@link Gcmd#SRTP}. */
    public static final class Rtaddr {
        /** Translation table mode; see the {@code TTM_} values. */
        public static final Field TTM = new Field("TTM", 0, 10, 2);

        /** Address bits [63:12] of the root table. */
        public static final Field RTA = new Field("RTA", 0, 12, 52);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("RTADDR_REG", "11.4.5", 1, List.of(TTM, RTA), List.of());

        private Rtaddr() {}

        /** TTM: legacy mode. */
        public static final int TTM_LEGACY = 0b00;

        /** TTM: scalable mode. */
        public static final int TTM_SCALABLE = 0b01;

        /** TTM: reserved. */
        public static final int TTM_RESERVED = 0b10;

        /** TTM: abort-DMA mode, with ECAP.ADMS. */
        public static final int TTM_ABORT_DMA = 0b11;

        /**
         * The translation table mode.
         *
         * @param rtaddr RTADDR
         * @return one of the {@code TTM_} values
         */
        public static int ttm(long rtaddr) {
            return (int) TTM.get(rtaddr);
        }

        /**
         * The root table.
         *
         * @param rtaddr RTADDR
         * @return a byte address, 4 KB aligned
         */
        public static long rootTable(long rtaddr) {
            return RTA.address(rtaddr);
        }
    }

    /** CCMD: context-cache invalidation through a register. */
    public static final class Ccmd {
        /** Domain id. */
        public static final Field DID = new Field("DID", 0, 0, 16);

        /** Source id. */
        public static final Field SID = new Field("SID", 0, 16, 16);

        /** Function mask; see {@link FunctionMask}. */
        public static final Field FM = new Field("FM", 0, 32, 2);

        /** Granularity that was performed; read-only, encoded as CIRG. */
        public static final Field CAIG = new Field("CAIG", 0, 59, 2);

        /** Requested granularity; see the {@code CIRG_} values. */
        public static final Field CIRG = new Field("CIRG", 0, 61, 2);

        /** Invalidate; hardware clears it when done. */
        public static final Field ICC = new Field("ICC", 0, 63, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure(
                        "CCMD_REG", "11.4.6", 1, List.of(DID, SID, FM, CAIG, CIRG, ICC), List.of());

        private Ccmd() {}

        /** CIRG: reserved; as CAIG, an incorrect request. */
        public static final int CIRG_RESERVED = 0b00;

        /** CIRG: everything. */
        public static final int CIRG_GLOBAL = 0b01;

        /** CIRG: one domain. */
        public static final int CIRG_DOMAIN = 0b10;

        /** CIRG: one device, or several by FM. */
        public static final int CIRG_DEVICE = 0b11;
    }

    /** PMEN: protected memory enable. */
    public static final class Pmen {
        /** Protected regions are in force; read-only. */
        public static final Field PRS = new Field("PRS", 0, 0, 1);

        /** Enable protected memory. */
        public static final Field EPM = new Field("EPM", 0, 31, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PMEN_REG", "11.4.8", 1, List.of(PRS, EPM), List.of());

        private Pmen() {}
    }

    /**
     * PLMBASE: base of the protected low-memory region. The bits below 2 MB or 1 MB are reserved by
     * the implementation and count as 0.
     */
    public static final class PlmBase {
        /** Address bits [31:20]. */
        public static final Field PLMB = new Field("PLMB", 0, 20, 12);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PLMBASE_REG", "11.4.8", 1, List.of(PLMB), List.of());

        private PlmBase() {}
    }

    /** PLMLIMIT: last byte of the protected low-memory region; the reserved low bits count as 1. */
    public static final class PlmLimit {
        /** Address bits [31:20]. */
        public static final Field PLML = new Field("PLML", 0, 20, 12);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PLMLIMIT_REG", "11.4.8", 1, List.of(PLML), List.of());

        private PlmLimit() {}
    }

    /** PHMBASE: base of the protected high-memory region; the reserved low bits count as 0. */
    public static final class PhmBase {
        /** Address bits [63:20]. */
        public static final Field PHMB = new Field("PHMB", 0, 20, 44);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PHMBASE_REG", "11.4.8", 1, List.of(PHMB), List.of());

        private PhmBase() {}
    }

    /**
     * PHMLIMIT: last byte of the protected high-memory region; the reserved low bits count as 1.
     */
    public static final class PhmLimit {
        /** Address bits [63:20]. */
        public static final Field PHML = new Field("PHML", 0, 20, 44);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PHMLIMIT_REG", "11.4.8", 1, List.of(PHML), List.of());

        private PhmLimit() {}
    }
}
