package org.opensva.vtd.layout;

import java.util.List;

/**
 * Fields of the IOTLB registers, which stand at ECAP.IRO; see {@link RelocatedRegister}.
 *
 * <p>Source: section 11.4.6, positions as in VirtualBox {@code iommu-intel.h} and Linux {@code
 * drivers/iommu/intel/iommu.h}.
 */
public final class IotlbRegisters {
    private IotlbRegisters() {}

    /** IVA: address of a page-selective invalidation; write-only. */
    public static final class Iva {
        /** Address mask: 2^AM pages of 4 KB. */
        public static final Field AM = new Field("AM", 0, 0, 6);

        /** Invalidation hint: no table entry above the leaves changed. */
        public static final Field IH = new Field("IH", 0, 6, 1);

        /** Address bits [63:12]. */
        public static final Field ADDR = new Field("ADDR", 0, 12, 52);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("IVA_REG", "11.4.6", 1, List.of(AM, IH, ADDR), List.of());

        private Iva() {}
    }

    /** IOTLB: IOTLB invalidation through a register. */
    public static final class Iotlb {
        /** Domain id. */
        public static final Field DID = new Field("DID", 0, 32, 16);

        /** Drain writes. */
        public static final Field DW = new Field("DW", 0, 48, 1);

        /** Drain reads. */
        public static final Field DR = new Field("DR", 0, 49, 1);

        /** Granularity that was performed; read-only, encoded as IIRG. */
        public static final Field IAIG = new Field("IAIG", 0, 57, 2);

        /** Requested granularity; see the {@code IIRG_} values. */
        public static final Field IIRG = new Field("IIRG", 0, 60, 2);

        /** Invalidate; hardware clears it when done. */
        public static final Field IVT = new Field("IVT", 0, 63, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure(
                        "IOTLB_REG", "11.4.6", 1, List.of(DID, DW, DR, IAIG, IIRG, IVT), List.of());

        private Iotlb() {}

        /** IIRG: reserved; as IAIG, an incorrect request. */
        public static final int IIRG_RESERVED = 0b00;

        /** IIRG: everything. */
        public static final int IIRG_GLOBAL = 0b01;

        /** IIRG: one domain. */
        public static final int IIRG_DOMAIN = 0b10;

        /** IIRG: the pages of IVA in one domain. */
        public static final int IIRG_PAGE = 0b11;
    }
}
