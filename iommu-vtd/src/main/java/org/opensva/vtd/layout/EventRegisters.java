package org.opensva.vtd.layout;

import java.util.List;

/**
 * Fields of the fault status and of the three event register sets (fault, invalidation completion,
 * page request), which share their layouts.
 *
 * <p>Source: sections 11.4.7, 11.4.9 and 11.4.11, positions as in VirtualBox {@code iommu-intel.h},
 * Linux {@code drivers/iommu/intel/iommu.h} and Intel's public register descriptions of processors.
 */
public final class EventRegisters {
    private EventRegisters() {}

    /** FSTS: fault status. Sticky over all but a power-good reset. */
    public static final class Fsts {
        /** A fault was lost; write 1 to clear. */
        public static final Field PFO = new Field("PFO", 0, 0, 1);

        /** Some fault record has F set; read-only. */
        public static final Field PPF = new Field("PPF", 0, 1, 1);

        /** The fault log overflowed; write 1 to clear. */
        public static final Field AFO = new Field("AFO", 0, 2, 1);

        /** The fault log has entries; write 1 to clear. */
        public static final Field APF = new Field("APF", 0, 3, 1);

        /** Invalidation queue error, see IQERCD; write 1 to clear. */
        public static final Field IQE = new Field("IQE", 0, 4, 1);

        /** Invalidation completion error; write 1 to clear. */
        public static final Field ICE = new Field("ICE", 0, 5, 1);

        /** Invalidation time-out error; write 1 to clear. */
        public static final Field ITE = new Field("ITE", 0, 6, 1);

        /** Index of the first pending fault record; read-only. */
        public static final Field FRI = new Field("FRI", 0, 8, 8);

        /**
         * Page request overflow, before revision 3.0; reserved now, see {@link
         * QueueRegisters.Prs#PRO}.
         */
        public static final Field PRO = new Field("PRO", 0, 7, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "FSTS_REG",
                        "11.4.7",
                        1,
                        List.of(PFO, PPF, AFO, APF, IQE, ICE, ITE, FRI),
                        List.of(PRO));

        private Fsts() {}

        /** The bits that a write of 1 clears: PFO, AFO, APF, IQE, ICE, ITE. */
        public static final long CLEARABLE = 0x7dL;
    }

    /** FECTL, IECTL and PECTL: event control. */
    public static final class EventControl {
        /** An interrupt is pending; read-only. */
        public static final Field IP = new Field("IP", 0, 30, 1);

        /** The interrupt is masked; 1 after reset. */
        public static final Field IM = new Field("IM", 0, 31, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("FECTL_REG", "11.4.7", 1, List.of(IP, IM), List.of());

        private EventControl() {}
    }

    /** FEDATA, IEDATA and PEDATA: message data. */
    public static final class EventData {
        /** Message data. */
        public static final Field IMD = new Field("IMD", 0, 0, 16);

        /** Upper message data, before the revisions of 2021; reserved now. */
        public static final Field EIMD = new Field("EIMD", 0, 16, 16);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("FEDATA_REG", "11.4.7", 1, List.of(IMD), List.of(EIMD));

        private EventData() {}
    }

    /** FEADDR, IEADDR and PEADDR: message address. */
    public static final class EventAddress {
        /** Address bits [31:2]. */
        public static final Field MA = new Field("MA", 0, 2, 30);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("FEADDR_REG", "11.4.7", 1, List.of(MA), List.of());

        private EventAddress() {}
    }

    /** FEUADDR, IEUADDR and PEUADDR: upper message address. */
    public static final class EventUpperAddress {
        /** Address bits [63:32]. */
        public static final Field MUA = new Field("MUA", 0, 0, 32);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("FEUADDR_REG", "11.4.7", 1, List.of(MUA), List.of());

        private EventUpperAddress() {}
    }

    /** AFLOG: advanced fault log. */
    public static final class Aflog {
        /** Size of the log: 2^FLS pages of 4 KB. */
        public static final Field FLS = new Field("FLS", 0, 9, 3);

        /** Address bits [63:12]. */
        public static final Field FLA = new Field("FLA", 0, 12, 52);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("AFLOG_REG", "11.4.7", 1, List.of(FLS, FLA), List.of());

        private Aflog() {}
    }
}
