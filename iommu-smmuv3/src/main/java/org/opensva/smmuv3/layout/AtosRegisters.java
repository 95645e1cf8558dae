package org.opensva.smmuv3.layout;

import java.util.List;

/**
 * Fields of the registers of address translation operations.
 *
 * <p>Source: IHI 0070 G.b sections 6.3.37 to 6.3.40, 6.3.44 and 9.1.
 */
public final class AtosRegisters {
    private AtosRegisters() {}

    /** SMMU_GATOS_CTRL: start. */
    public static final class GatosCtrl {
        /** Written as 1 to start; 0 again when the result is in PAR. */
        public static final Field RUN = new Field("RUN", 0, 0, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_GATOS_CTRL", "6.3.37", 1, List.of(RUN), List.of());

        private GatosCtrl() {}
    }

    /** SMMU_GATOS_SID: stream of the request. */
    public static final class GatosSid {
        /** StreamID. */
        public static final Field STREAMID = new Field("STREAMID", 0, 0, 32);

        /** SubstreamID. */
        public static final Field SUBSTREAMID = new Field("SUBSTREAMID", 0, 32, 20);

        /** SubstreamID is used. */
        public static final Field SSID_VALID = new Field("SSID_VALID", 0, 52, 1);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_GATOS_SID",
                        "6.3.38",
                        1,
                        List.of(STREAMID, SUBSTREAMID, SSID_VALID),
                        List.of());

        private GatosSid() {}
    }

    /** SMMU_GATOS_ADDR: the request. */
    public static final class GatosAddr {
        /** No hardware updates. */
        public static final Field HTTUI = new Field("HTTUI", 0, 6, 1);

        /** 1 instruction, 0 data. */
        public static final Field IND = new Field("InD", 0, 7, 1);

        /** 1 read, 0 write. */
        public static final Field RNW = new Field("RnW", 0, 8, 1);

        /** 1 privileged, 0 unprivileged. */
        public static final Field PNU = new Field("PnU", 0, 9, 1);

        /** Stages; see the {@code TYPE_} values. */
        public static final Field TYPE = new Field("TYPE", 0, 10, 2);

        /** Address bits [63:12]. */
        public static final Field ADDR = new Field("ADDR", 0, 12, 52);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_GATOS_ADDR",
                        "6.3.39",
                        1,
                        List.of(HTTUI, IND, RNW, PNU, TYPE, ADDR),
                        List.of());

        /** TYPE: reserved, reported as INV_REQ. */
        public static final int TYPE_RESERVED = 0b00;

        /** TYPE: VA to IPA. */
        public static final int TYPE_STAGE1 = 0b01;

        /** TYPE: IPA to PA. */
        public static final int TYPE_STAGE2 = 0b10;

        /** TYPE: VA to PA. */
        public static final int TYPE_BOTH = 0b11;

        private GatosAddr() {}
    }

    /** SMMU_GATOS_PAR with FAULT 0: the translation. */
    public static final class GatosPar {
        /** 0. */
        public static final Field FAULT = new Field("FAULT", 0, 0, 1);

        /** Shareability. */
        public static final Field SH = new Field("SH", 0, 8, 2);

        /** 0: 4 KB. 1: the lowest 1 of ADDR is at bit N and the size is 2^(N+1). */
        public static final Field SIZE = new Field("Size", 0, 11, 1);

        /** Address bits [55:12]. */
        public static final Field ADDR = new Field("ADDR", 0, 12, 44);

        /** Memory attributes as in MAIR. */
        public static final Field ATTR = new Field("ATTR", 0, 56, 8);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_GATOS_PAR",
                        "6.3.40",
                        1,
                        List.of(FAULT, SH, SIZE, ADDR, ATTR),
                        List.of());

        private GatosPar() {}
    }

    /** SMMU_GATOS_PAR with FAULT 1: the fault. */
    public static final class GatosParFault {
        /** 1. */
        public static final Field FAULT = new Field("FAULT", 0, 0, 1);

        /** See the {@code REASON_} values. */
        public static final Field REASON = new Field("REASON", 0, 1, 2);

        /** An event number or one of the {@code FAULT_} values. */
        public static final Field FAULTCODE = new Field("FAULTCODE", 0, 4, 8);

        /** Stage 2 fault address bits [55:12]. */
        public static final Field FADDR = new Field("FADDR", 0, 12, 44);

        /** Implementation defined. */
        public static final Field IMPDEF = new Field("IMPDEF", 0, 60, 4);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure(
                        "SMMU_GATOS_PAR (fault)",
                        "6.3.40",
                        1,
                        List.of(FAULT, REASON, FAULTCODE, FADDR, IMPDEF),
                        List.of());

        /** REASON: stage 1, or not attributable to a stage. */
        public static final int REASON_STAGE1_OR_OTHER = 0b00;

        /** REASON: stage 2 fault of a CD fetch. */
        public static final int REASON_CD = 0b01;

        /** REASON: stage 2 fault of a stage 1 walk. */
        public static final int REASON_TT = 0b10;

        /** REASON: stage 2 fault of the input to stage 2. */
        public static final int REASON_IN = 0b11;

        /** FAULTCODE: terminated for a miscellaneous reason. */
        public static final int FAULT_INTERNAL_ERR = 0xfd;

        /** FAULTCODE: a stage was requested that is not present. */
        public static final int FAULT_INV_STAGE = 0xfe;

        /** FAULTCODE: malformed request. */
        public static final int FAULT_INV_REQ = 0xff;

        private GatosParFault() {}
    }

    /** SMMU_VATOS_SEL: VM of the virtual interface. */
    public static final class VatosSel {
        /** VMID that requests must match. */
        public static final Field VMID = new Field("VMID", 0, 0, 16);

        /** Every field of this structure, with the fields that share bits with others apart. */
        public static final Structure STRUCTURE =
                new Structure("SMMU_VATOS_SEL", "6.3.44", 1, List.of(VMID), List.of());

        private VatosSel() {}
    }
}
