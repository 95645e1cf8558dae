package org.opensva.vtd.layout;

import java.util.List;

/**
 * Fields of performance monitoring and enhanced commands, as far as a public source shows them:
 * those that Linux uses.
 *
 * <p>Source: chapter 11.4, positions as in Linux {@code drivers/iommu/intel/iommu.h}, {@code
 * perfmon.h} and {@code perfmon.c}, which are the only source.
 */
public final class PerformanceRegisters {
    private PerformanceRegisters() {}

    /** PERFCAP: performance monitoring capability. */
    public static final class PerfCap {
        /** Number of counters. */
        public static final Field NUM_CNTR = new Field("NUM_CNTR", 0, 0, 16);

        /** Width of a counter in bits. */
        public static final Field CNTR_WIDTH = new Field("CNTR_WIDTH", 0, 16, 7);

        /** Number of event groups. */
        public static final Field NUM_EVENT_GROUP = new Field("NUM_EVENT_GROUP", 0, 24, 5);

        /** Filters; see {@link Filter}. */
        public static final Field FILTERS = new Field("FILTERS", 0, 32, 5);

        /** Interrupt on overflow. */
        public static final Field INTERRUPT = new Field("INTERRUPT", 0, 50, 1);

        /** Distance of counters: 2^(CNTR_STRIDE + 10) bytes. */
        public static final Field CNTR_STRIDE = new Field("CNTR_STRIDE", 0, 52, 3);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure(
                        "PERFCAP_REG",
                        "11.4",
                        1,
                        List.of(
                                NUM_CNTR,
                                CNTR_WIDTH,
                                NUM_EVENT_GROUP,
                                FILTERS,
                                INTERRUPT,
                                CNTR_STRIDE),
                        List.of());

        private PerfCap() {}

        /**
         * Distance of one counter from the next.
         *
         * @param perfcap PERFCAP
         * @return bytes, 1024 to 131072
         */
        public static int counterStride(long perfcap) {
            return 1024 << (int) CNTR_STRIDE.get(perfcap);
        }
    }

    /** PERFEVNTCAP: events of one group. */
    public static final class PerfEventCap {
        /** Events that can be selected. */
        public static final Field ES = new Field("ES", 0, 0, 28);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PERFEVNTCAP_REG", "11.4", 1, List.of(ES), List.of());

        private PerfEventCap() {}
    }

    /** PERFINTRSTS: overflow interrupt status. */
    public static final class PerfIntrSts {
        /** A counter overflowed; write 1 to clear. */
        public static final Field PIS = new Field("PIS", 0, 0, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PERFINTRSTS_REG", "11.4", 1, List.of(PIS), List.of());

        private PerfIntrSts() {}
    }

    /** Configuration of one counter, at PERFCFGOFF + 256 * n. */
    public static final class CounterConfig {
        /** Interrupt on overflow. */
        public static final Field INT = new Field("INT", 0, 1, 1);

        /** Event group index. */
        public static final Field EGI = new Field("EGI", 0, 8, 4);

        /** Selected events. */
        public static final Field ES = new Field("ES", 0, 32, 28);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PERFCFG_REG", "11.4", 1, List.of(INT, EGI, ES), List.of());

        private CounterConfig() {}

        /** Bytes from one counter configuration to the next. */
        public static final int STRIDE = 0x100;

        /** Bytes from a counter configuration to its first filter. */
        public static final int FILTER_OFFSET = 0x8;

        /** Bytes from a counter configuration to its capability. */
        public static final int CAPABILITY_OFFSET = 0x80;

        /** Bytes from a counter configuration to its first event capability. */
        public static final int EVENT_CAPABILITY_OFFSET = 0x84;
    }

    /** Capability of one counter; all but PCC count only if PCC is set. */
    public static final class CounterCap {
        /** The counter differs from the common capability. */
        public static final Field PCC = new Field("PCC", 0, 0, 1);

        /** Width in bits. */
        public static final Field CW = new Field("CW", 0, 8, 8);

        /** Interrupt on overflow. */
        public static final Field IOS = new Field("IOS", 0, 16, 1);

        /** Number of event capabilities that follow. */
        public static final Field EGCNT = new Field("EGCNT", 0, 28, 4);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure(
                        "PERFCNTRCAP_REG", "11.4", 1, List.of(PCC, CW, IOS, EGCNT), List.of());

        private CounterCap() {}
    }

    /** Events of one group that one counter can count. */
    public static final class CounterEventCap {
        /** Events. */
        public static final Field ES = new Field("ES", 0, 0, 28);

        /** Event group index. */
        public static final Field EGI = new Field("EGI", 0, 28, 4);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PERFCNTREVCAP_REG", "11.4", 1, List.of(ES, EGI), List.of());

        private CounterEventCap() {}
    }

    /**
     * One filter of a counter; VALUE is a requester id, domain id, PASID, address type or page
     * table type.
     */
    public static final class Filter {
        /** What to count; the width depends on the filter. */
        public static final Field VALUE = new Field("VALUE", 0, 0, 22);

        /** The filter counts. */
        public static final Field EN = new Field("EN", 0, 31, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("PERF_FILTER_REG", "11.4", 1, List.of(VALUE, EN), List.of());

        private Filter() {}

        /** Bit of {@link PerfCap#FILTERS} and index of the filter: requester id. */
        public static final int REQUESTER_ID = 0;

        /** Bit of {@link PerfCap#FILTERS} and index of the filter: domain id. */
        public static final int DOMAIN = 1;

        /** Bit of {@link PerfCap#FILTERS} and index of the filter: PASID. */
        public static final int PASID = 2;

        /** Bit of {@link PerfCap#FILTERS} and index of the filter: address type. */
        public static final int ATS = 3;

        /** Bit of {@link PerfCap#FILTERS} and index of the filter: page table type. */
        public static final int PAGE_TABLE = 4;
    }

    /** ECMD: enhanced command. */
    public static final class Ecmd {
        /** The command; see the constants. */
        public static final Field CMD = new Field("CMD", 0, 0, 8);

        /** Operand A; operand B is ECEO. */
        public static final Field OA = new Field("OA", 0, 16, 48);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("ECMD_REG", "11.4", 1, List.of(CMD, OA), List.of());

        private Ecmd() {}

        /** Enable the counter OA. */
        public static final int ENABLE_COUNTER = 0xf0;

        /** Disable the counter OA. */
        public static final int DISABLE_COUNTER = 0xf1;

        /** Freeze all counters. */
        public static final int FREEZE = 0xf4;

        /** Unfreeze all counters. */
        public static final int UNFREEZE = 0xf5;
    }

    /** ECRSP: enhanced command response. */
    public static final class Ecrsp {
        /** The command is in progress. */
        public static final Field IP = new Field("IP", 0, 0, 1);

        /** Status code; 0 is success. */
        public static final Field SC = new Field("SC", 0, 1, 7);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("ECRSP_REG", "11.4", 1, List.of(IP, SC), List.of());

        private Ecrsp() {}
    }

    /** ECCAP3: enhanced commands 192 to 255 that are implemented. */
    public static final class Eccap3 {
        /** Enable counter. */
        public static final Field ECNTS = new Field("ECNTS", 0, 48, 1);

        /** Disable counter. */
        public static final Field DCNTS = new Field("DCNTS", 0, 49, 1);

        /** Freeze counters. */
        public static final Field FCNTS = new Field("FCNTS", 0, 52, 1);

        /** Unfreeze counters. */
        public static final Field UFCNTS = new Field("UFCNTS", 0, 53, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure(
                        "ECCAP3_REG", "11.4", 1, List.of(ECNTS, DCNTS, FCNTS, UFCNTS), List.of());

        private Eccap3() {}
    }
}
