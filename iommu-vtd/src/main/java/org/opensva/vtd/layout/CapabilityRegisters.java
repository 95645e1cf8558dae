package org.opensva.vtd.layout;

import java.util.List;

/**
 * Fields of the identification registers. Names are those of revision 4.1; the comment gives the
 * older name where it changed ("second-level" became "second-stage" and so on).
 *
 * <p>Source: sections 11.4.1 to 11.4.3, positions as in VirtualBox {@code iommu-intel.h}, checked
 * against Linux {@code drivers/iommu/intel/iommu.h} and Intel's public register descriptions of
 * processors.
 */
public final class CapabilityRegisters {
    private CapabilityRegisters() {}

    /** VER: architecture version. */
    public static final class Ver {
        /** Minor version. */
        public static final Field MIN = new Field("MIN", 0, 0, 4);

        /** Major version. */
        public static final Field MAX = new Field("MAX", 0, 4, 4);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("VER_REG", "11.4.1", 1, List.of(MIN, MAX), List.of());

        private Ver() {}
    }

    /** CAP: capabilities. Reset values are the configuration of an implementation. */
    public static final class Cap {
        /** Number of domains: 4 + 2 * ND bits of domain id; 7 is reserved. */
        public static final Field ND = new Field("ND", 0, 0, 3);

        /** Advanced fault logging. */
        public static final Field AFL = new Field("AFL", 0, 3, 1);

        /** Software must flush the write buffer. */
        public static final Field RWBF = new Field("RWBF", 0, 4, 1);

        /** Protected low-memory region. */
        public static final Field PLMR = new Field("PLMR", 0, 5, 1);

        /** Protected high-memory region. */
        public static final Field PHMR = new Field("PHMR", 0, 6, 1);

        /** Caching mode: entries that are not present may be cached. */
        public static final Field CM = new Field("CM", 0, 7, 1);

        /**
         * Second-stage widths: bit 1 39 bits, bit 2 48 bits, bit 3 57 bits; see {@link
         * AddressWidth}.
         */
        public static final Field SAGAW = new Field("SAGAW", 0, 8, 5);

        /** Maximum guest address width in bits, less one. */
        public static final Field MGAW = new Field("MGAW", 0, 16, 6);

        /** Zero-length reads of write-only pages are allowed. */
        public static final Field ZLR = new Field("ZLR", 0, 22, 1);

        /** Offset of the fault recording registers in units of 16 bytes. */
        public static final Field FRO = new Field("FRO", 0, 24, 10);

        /** Second-stage large pages: bit 0 2 MB, bit 1 1 GB. Was SLLPS. */
        public static final Field SSLPS = new Field("SSLPS", 0, 34, 4);

        /** Page-selective invalidation of the IOTLB. */
        public static final Field PSI = new Field("PSI", 0, 39, 1);

        /** Number of fault recording registers, less one. */
        public static final Field NFR = new Field("NFR", 0, 40, 8);

        /** Greatest address mask of a page-selective IOTLB invalidation. */
        public static final Field MAMV = new Field("MAMV", 0, 48, 6);

        /** Write draining. */
        public static final Field DWD = new Field("DWD", 0, 54, 1);

        /** Read draining. */
        public static final Field DRD = new Field("DRD", 0, 55, 1);

        /** First-stage 1 GB pages. Was FL1GP. */
        public static final Field FS1GP = new Field("FS1GP", 0, 56, 1);

        /** Posted interrupts. */
        public static final Field PI = new Field("PI", 0, 59, 1);

        /** First-stage 5-level paging. Was FL5LP. */
        public static final Field FS5LP = new Field("FS5LP", 0, 60, 1);

        /** Enhanced commands. */
        public static final Field ECMDS = new Field("ECMDS", 0, 61, 1);

        /** Setting the interrupt table pointer invalidates the interrupt entry cache. */
        public static final Field ESIRTPS = new Field("ESIRTPS", 0, 62, 1);

        /** Setting the root table pointer invalidates all remapping caches. */
        public static final Field ESRTPS = new Field("ESRTPS", 0, 63, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure(
                        "CAP_REG",
                        "11.4.2",
                        1,
                        List.of(
                                ND, AFL, RWBF, PLMR, PHMR, CM, SAGAW, MGAW, ZLR, FRO, SSLPS, PSI,
                                NFR, MAMV, DWD, DRD, FS1GP, PI, FS5LP, ECMDS, ESIRTPS, ESRTPS),
                        List.of());

        private Cap() {}

        /**
         * Width of domain ids.
         *
         * @param cap CAP
         * @return 4 to 16, or 18 for the reserved encoding
         */
        public static int domainIdBits(long cap) {
            return 4 + 2 * (int) ND.get(cap);
        }

        /**
         * Maximum guest address width.
         *
         * @param cap CAP
         * @return 1 to 64 bits
         */
        public static int mgaw(long cap) {
            return (int) MGAW.get(cap) + 1;
        }

        /**
         * Number of fault recording registers.
         *
         * @param cap CAP
         * @return 1 to 256
         */
        public static int faultRecords(long cap) {
            return (int) NFR.get(cap) + 1;
        }

        /**
         * Where the fault recording registers begin.
         *
         * @param cap CAP
         * @return bytes from the register base, 0 to 16368
         */
        public static int faultRecordOffset(long cap) {
            return 16 * (int) FRO.get(cap);
        }
    }

    /**
     * ECAP: extended capabilities. The bits from TDXIO on other than RPS, PMS, ADMS, RPRIVS and SMS
     * come from one public register description each; no behaviour of this project depends on them.
     */
    public static final class Ecap {
        /** Page walks are coherent (legacy mode). */
        public static final Field C = new Field("C", 0, 0, 1);

        /** Queued invalidation. */
        public static final Field QI = new Field("QI", 0, 1, 1);

        /** Device-TLBs. */
        public static final Field DT = new Field("DT", 0, 2, 1);

        /** Interrupt remapping. */
        public static final Field IR = new Field("IR", 0, 3, 1);

        /** 32-bit destination ids (x2APIC). */
        public static final Field EIM = new Field("EIM", 0, 4, 1);

        /** Pass-through. */
        public static final Field PT = new Field("PT", 0, 6, 1);

        /** Snoop control. */
        public static final Field SC = new Field("SC", 0, 7, 1);

        /** Offset of the IOTLB registers in units of 16 bytes. */
        public static final Field IRO = new Field("IRO", 0, 8, 10);

        /** Greatest index mask of an interrupt entry cache invalidation. */
        public static final Field MHMV = new Field("MHMV", 0, 20, 4);

        /** Memory types. */
        public static final Field MTS = new Field("MTS", 0, 25, 1);

        /** Nested translation. */
        public static final Field NEST = new Field("NEST", 0, 26, 1);

        /** Page requests. */
        public static final Field PRS = new Field("PRS", 0, 29, 1);

        /** Requests for execute permission. */
        public static final Field ERS = new Field("ERS", 0, 30, 1);

        /** Requests for supervisor privilege. */
        public static final Field SRS = new Field("SRS", 0, 31, 1);

        /** The No Write flag of translation requests. */
        public static final Field NWFS = new Field("NWFS", 0, 33, 1);

        /** Extended Accessed flags. */
        public static final Field EAFS = new Field("EAFS", 0, 34, 1);

        /** Width of PASIDs in bits, less one. */
        public static final Field PSS = new Field("PSS", 0, 35, 5);

        /** Requests with PASID. */
        public static final Field PASID = new Field("PASID", 0, 40, 1);

        /** Device-TLB invalidation throttle: PFSID of invalidations counts. */
        public static final Field DIT = new Field("DIT", 0, 41, 1);

        /** Page-request drain. */
        public static final Field PDS = new Field("PDS", 0, 42, 1);

        /** Scalable mode. */
        public static final Field SMTS = new Field("SMTS", 0, 43, 1);

        /** Virtual commands; hardware reports 0. */
        public static final Field VCS = new Field("VCS", 0, 44, 1);

        /** Second-stage Accessed and Dirty flags. Was SLADS. */
        public static final Field SSADS = new Field("SSADS", 0, 45, 1);

        /** Second-stage translation in scalable mode. Was SLTS. */
        public static final Field SSTS = new Field("SSTS", 0, 46, 1);

        /** First-stage translation in scalable mode. Was FLTS. */
        public static final Field FSTS = new Field("FSTS", 0, 47, 1);

        /** Page walks are coherent (scalable mode). */
        public static final Field SMPWCS = new Field("SMPWCS", 0, 48, 1);

        /** RID_PASID of scalable context entries counts. */
        public static final Field RPS = new Field("RPS", 0, 49, 1);

        /** TDX Connect. */
        public static final Field TDXIO = new Field("TDXIO", 0, 50, 1);

        /** Performance monitoring. */
        public static final Field PMS = new Field("PMS", 0, 51, 1);

        /** Abort-DMA mode. */
        public static final Field ADMS = new Field("ADMS", 0, 52, 1);

        /** RID_PRIV of scalable context entries counts. */
        public static final Field RPRIVS = new Field("RPRIVS", 0, 53, 1);

        /** Host permission tables. */
        public static final Field HPTS = new Field("HPTS", 0, 55, 1);

        /** PASID in translated requests. */
        public static final Field PTRS = new Field("PTRS", 0, 56, 1);

        /** Page-specific DMA. */
        public static final Field PBDS = new Field("PBDS", 0, 57, 1);

        /** Stop Markers. */
        public static final Field SMS = new Field("SMS", 0, 58, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure(
                        "ECAP_REG",
                        "11.4.3",
                        1,
                        List.of(
                                C, QI, DT, IR, EIM, PT, SC, IRO, MHMV, MTS, NEST, PRS, ERS, SRS,
                                NWFS, EAFS, PSS, PASID, DIT, PDS, SMTS, VCS, SSADS, SSTS, FSTS,
                                SMPWCS, RPS, TDXIO, PMS, ADMS, RPRIVS, HPTS, PTRS, PBDS, SMS),
                        List.of());

        private Ecap() {}

        /**
         * Width of PASIDs.
         *
         * @param ecap ECAP
         * @return 1 to 32 bits; no PASID has more than 20
         */
        public static int pasidBits(long ecap) {
            return (int) PSS.get(ecap) + 1;
        }

        /**
         * Where the IOTLB registers begin.
         *
         * @param ecap ECAP
         * @return bytes from the register base, 0 to 16368
         */
        public static int iotlbOffset(long ecap) {
            return 16 * (int) IRO.get(ecap);
        }
    }
}
