package org.opensva.smmuv3.layout;

import java.util.List;

/**
 * Fields of the identification registers.
 *
 * <p>Source: IHI 0070 G.b sections 6.3.1 to 6.3.8, 6.3.41 and 6.3.45, checked against Linux {@code
 * arm-smmu-v3.h}.
 */
public final class IdRegisters {
    private IdRegisters() {}

    /** SMMU_IDR0: features. */
    public static final class Idr0 {
        /** Stage 2 supported. */
        public static final Field S2P = new Field("S2P", 0, 0, 1);

        /** Stage 1 supported. */
        public static final Field S1P = new Field("S1P", 0, 1, 1);

        /** Table formats: bit 0 VMSAv8-32 LPAE, bit 1 VMSAv8-64. */
        public static final Field TTF = new Field("TTF", 0, 2, 2);

        /** Coherent access to tables and queues. */
        public static final Field COHACC = new Field("COHACC", 0, 4, 1);

        /** Broadcast TLB maintenance. */
        public static final Field BTM = new Field("BTM", 0, 5, 1);

        /** Hardware updates: 1 Access flag, 2 and dirty state, 3 and table Access flags. */
        public static final Field HTTU = new Field("HTTU", 0, 6, 2);

        /** Dormant hint. */
        public static final Field DORMHINT = new Field("DORMHINT", 0, 8, 1);

        /** EL2 stage 1 contexts. */
        public static final Field HYP = new Field("Hyp", 0, 9, 1);

        /** PCIe ATS. */
        public static final Field ATS = new Field("ATS", 0, 10, 1);

        /** Split-stage ATS is not supported. */
        public static final Field NS1ATS = new Field("NS1ATS", 0, 11, 1);

        /** 16-bit ASIDs. */
        public static final Field ASID16 = new Field("ASID16", 0, 12, 1);

        /** Message signalled interrupts. */
        public static final Field MSI = new Field("MSI", 0, 13, 1);

        /** WFE wake-up events. */
        public static final Field SEV = new Field("SEV", 0, 14, 1);

        /** Address translation operations. */
        public static final Field ATOS = new Field("ATOS", 0, 15, 1);

        /** Page request interface. */
        public static final Field PRI = new Field("PRI", 0, 16, 1);

        /** VMID wildcards. */
        public static final Field VMW = new Field("VMW", 0, 17, 1);

        /** 16-bit VMIDs. */
        public static final Field VMID16 = new Field("VMID16", 0, 18, 1);

        /** Two-level CD tables. */
        public static final Field CD2L = new Field("CD2L", 0, 19, 1);

        /** Virtual ATOS page. */
        public static final Field VATOS = new Field("VATOS", 0, 20, 1);

        /** Table endianness: 0 mixed, 2 little, 3 big. */
        public static final Field TTENDIAN = new Field("TTENDIAN", 0, 21, 2);

        /** More events can be recorded for ATS and PRI. */
        public static final Field ATSRECERR = new Field("ATSRECERR", 0, 23, 1);

        /** 0 stall and terminate, 1 terminate only, 2 stall forced. */
        public static final Field STALL_MODEL = new Field("STALL_MODEL", 0, 24, 2);

        /** Termination always aborts. */
        public static final Field TERM_MODEL = new Field("TERM_MODEL", 0, 26, 1);

        /** 0 linear stream table only, 1 two-level as well. */
        public static final Field ST_LEVEL = new Field("ST_LEVEL", 0, 27, 2);

        /** RME features. */
        public static final Field RME_IMPL = new Field("RME_IMPL", 0, 30, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_IDR0",
                        "6.3.1",
                        1,
                        List.of(
                                S2P,
                                S1P,
                                TTF,
                                COHACC,
                                BTM,
                                HTTU,
                                DORMHINT,
                                HYP,
                                ATS,
                                NS1ATS,
                                ASID16,
                                MSI,
                                SEV,
                                ATOS,
                                PRI,
                                VMW,
                                VMID16,
                                CD2L,
                                VATOS,
                                TTENDIAN,
                                ATSRECERR,
                                STALL_MODEL,
                                TERM_MODEL,
                                ST_LEVEL,
                                RME_IMPL),
                        List.of());

        private Idr0() {}
    }

    /** SMMU_IDR1: sizes. */
    public static final class Idr1 {
        /** StreamID bits, 0 to 32. */
        public static final Field SIDSIZE = new Field("SIDSIZE", 0, 0, 6);

        /** SubstreamID bits, 0 to 20. */
        public static final Field SSIDSIZE = new Field("SSIDSIZE", 0, 6, 5);

        /** log2 of the greatest PRI queue, at most 19. */
        public static final Field PRIQS = new Field("PRIQS", 0, 11, 5);

        /** log2 of the greatest Event queue, at most 19. */
        public static final Field EVENTQS = new Field("EVENTQS", 0, 16, 5);

        /** log2 of the greatest Command queue, at most 19. */
        public static final Field CMDQS = new Field("CMDQS", 0, 21, 5);

        /** Privilege, instruction and NS attributes can be overridden. */
        public static final Field ATTR_PERMS_OVR = new Field("ATTR_PERMS_OVR", 0, 26, 1);

        /** Memory type, shareability and hints can be overridden. */
        public static final Field ATTR_TYPES_OVR = new Field("ATTR_TYPES_OVR", 0, 27, 1);

        /** Preset base addresses are relative to page 0. */
        public static final Field REL = new Field("REL", 0, 28, 1);

        /** Queue bases are fixed. */
        public static final Field QUEUES_PRESET = new Field("QUEUES_PRESET", 0, 29, 1);

        /** Table bases are fixed. */
        public static final Field TABLES_PRESET = new Field("TABLES_PRESET", 0, 30, 1);

        /** Enhanced Command queues. */
        public static final Field ECMDQ = new Field("ECMDQ", 0, 31, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_IDR1",
                        "6.3.2",
                        1,
                        List.of(
                                SIDSIZE,
                                SSIDSIZE,
                                PRIQS,
                                EVENTQS,
                                CMDQS,
                                ATTR_PERMS_OVR,
                                ATTR_TYPES_OVR,
                                REL,
                                QUEUES_PRESET,
                                TABLES_PRESET,
                                ECMDQ),
                        List.of());

        private Idr1() {}
    }

    /** SMMU_IDR2: the virtual ATOS page. */
    public static final class Idr2 {
        /** Page offset from 0x20000 in units of 64 KB. */
        public static final Field BA_VATOS = new Field("BA_VATOS", 0, 0, 10);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_IDR2", "6.3.3", 1, List.of(BA_VATOS), List.of());

        private Idr2() {}
    }

    /** SMMU_IDR3: features. */
    public static final class Idr3 {
        /** Hierarchical attribute disable. */
        public static final Field HAD = new Field("HAD", 0, 2, 1);

        /** Page-based hardware attributes. */
        public static final Field PBHA = new Field("PBHA", 0, 3, 1);

        /** Stage 2 execute-never by privilege level. */
        public static final Field XNX = new Field("XNX", 0, 4, 1);

        /** Automatic PRI responses always use the PASID. */
        public static final Field PPS = new Field("PPS", 0, 5, 1);

        /** Memory partitioning and monitoring. */
        public static final Field MPAM = new Field("MPAM", 0, 7, 1);

        /** Stage 2 forced write-back. */
        public static final Field FWB = new Field("FWB", 0, 8, 1);

        /** Small translation tables. */
        public static final Field STT = new Field("STT", 0, 9, 1);

        /** Range invalidation and level hints. */
        public static final Field RIL = new Field("RIL", 0, 10, 1);

        /** Break-before-make level. */
        public static final Field BBML = new Field("BBML", 0, 11, 2);

        /** E0PD. */
        public static final Field E0PD = new Field("E0PD", 0, 13, 1);

        /** Walks to Device memory become Normal Non-cacheable. */
        public static final Field PTWNNC = new Field("PTWNNC", 0, 14, 1);

        /** Device permission tables. */
        public static final Field DPT = new Field("DPT", 0, 15, 1);

        /** PASID on translated transactions. */
        public static final Field PASIDTT = new Field("PASIDTT", 0, 16, 1);

        /** Enhanced PAN. */
        public static final Field EPAN = new Field("EPAN", 0, 17, 1);

        /** Stage 1 permission indirection. */
        public static final Field S1PI = new Field("S1PI", 0, 18, 1);

        /** Stage 2 permission indirection. */
        public static final Field S2PI = new Field("S2PI", 0, 19, 1);

        /** Stage 2 permission overlays. */
        public static final Field S2PO = new Field("S2PO", 0, 20, 1);

        /** Translation hardening. */
        public static final Field THE = new Field("THE", 0, 21, 1);

        /** Stage 2 NoTagAccess encodings. */
        public static final Field MTEPERM = new Field("MTEPERM", 0, 22, 1);

        /** Attribute index extension. */
        public static final Field AIE = new Field("AIE", 0, 23, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_IDR3",
                        "6.3.4",
                        1,
                        List.of(
                                HAD, PBHA, XNX, PPS, MPAM, FWB, STT, RIL, BBML, E0PD, PTWNNC, DPT,
                                PASIDTT, EPAN, S1PI, S2PI, S2PO, THE, MTEPERM, AIE),
                        List.of());

        private Idr3() {}
    }

    /** SMMU_IDR5: addresses and granules. */
    public static final class Idr5 {
        /** Output address size, encoded as {@link AddressSize}. */
        public static final Field OAS = new Field("OAS", 0, 0, 3);

        /** 4 KB granule. */
        public static final Field GRAN4K = new Field("GRAN4K", 0, 4, 1);

        /** 16 KB granule. */
        public static final Field GRAN16K = new Field("GRAN16K", 0, 5, 1);

        /** 64 KB granule. */
        public static final Field GRAN64K = new Field("GRAN64K", 0, 6, 1);

        /** 52-bit addresses with 4 KB and 16 KB. */
        public static final Field DS = new Field("DS", 0, 7, 1);

        /** 128-bit descriptors. */
        public static final Field D128 = new Field("D128", 0, 8, 1);

        /** Virtual addresses of 48, 52 or 56 bits. */
        public static final Field VAX = new Field("VAX", 0, 10, 2);

        /** Greatest number of outstanding stalls. */
        public static final Field STALL_MAX = new Field("STALL_MAX", 0, 16, 16);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_IDR5",
                        "6.3.6",
                        1,
                        List.of(OAS, GRAN4K, GRAN16K, GRAN64K, DS, D128, VAX, STALL_MAX),
                        List.of());

        private Idr5() {}
    }

    /** SMMU_IDR6: enhanced Command queues. */
    public static final class Idr6 {
        /** log2 of the queues of each page. */
        public static final Field CMDQ_CONTROL_PAGE_LOG2NUMQ =
                new Field("CMDQ_CONTROL_PAGE_LOG2NUMQ", 0, 16, 4);

        /** log2 of the number of pages. */
        public static final Field CMDQ_CONTROL_PAGE_LOG2NUMP =
                new Field("CMDQ_CONTROL_PAGE_LOG2NUMP", 0, 24, 4);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_IDR6",
                        "6.3.45",
                        1,
                        List.of(CMDQ_CONTROL_PAGE_LOG2NUMQ, CMDQ_CONTROL_PAGE_LOG2NUMP),
                        List.of());

        private Idr6() {}
    }

    /** SMMU_IIDR: the implementation. */
    public static final class Iidr {
        /** JEP106 code of the implementer. */
        public static final Field IMPLEMENTER = new Field("Implementer", 0, 0, 12);

        /** Minor revision. */
        public static final Field REVISION = new Field("Revision", 0, 12, 4);

        /** Major revision. */
        public static final Field VARIANT = new Field("Variant", 0, 16, 4);

        /** Part. */
        public static final Field PRODUCTID = new Field("ProductID", 0, 20, 12);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_IIDR",
                        "6.3.7",
                        1,
                        List.of(IMPLEMENTER, REVISION, VARIANT, PRODUCTID),
                        List.of());

        private Iidr() {}
    }

    /** SMMU_AIDR: the architecture version. */
    public static final class Aidr {
        /** Minor version: 0 to 4 for SMMUv3.0 to SMMUv3.4. */
        public static final Field ARCHMINORREV = new Field("ArchMinorRev", 0, 0, 4);

        /** Major version: 0 for SMMUv3. */
        public static final Field ARCHMAJORREV = new Field("ArchMajorRev", 0, 4, 4);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_AIDR", "6.3.8", 1, List.of(ARCHMINORREV, ARCHMAJORREV), List.of());

        private Aidr() {}
    }

    /** SMMU_MPAMIDR: MPAM limits. */
    public static final class MpamIdr {
        /** Greatest PARTID. */
        public static final Field PARTID_MAX = new Field("PARTID_MAX", 0, 0, 16);

        /** Greatest PMG. */
        public static final Field PMG_MAX = new Field("PMG_MAX", 0, 16, 8);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_MPAMIDR", "6.3.41", 1, List.of(PARTID_MAX, PMG_MAX), List.of());

        private MpamIdr() {}
    }
}
