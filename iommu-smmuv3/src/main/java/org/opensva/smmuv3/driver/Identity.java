package org.opensva.smmuv3.driver;

import org.opensva.api.memory.PageSize;
import org.opensva.api.process.PageTable;
import org.opensva.api.process.PageTableFormat;
import org.opensva.smmuv3.layout.AddressSize;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Register;

import java.util.EnumSet;
import java.util.Set;

/**
 * What an SMMU says it can do, as far as this driver cares (Arm IHI 0070 G.b section 6.3.1 on).
 *
 * @param stageOne stage 1 is there
 * @param tables64 little-endian VMSAv8-64 tables are walked
 * @param streamBits SMMU_IDR1.SIDSIZE
 * @param pasidBits SMMU_IDR1.SSIDSIZE; 0 if there is no stage 1
 * @param commandQueueBits SMMU_IDR1.CMDQS
 * @param eventQueueBits SMMU_IDR1.EVENTQS
 * @param pageRequestQueueBits SMMU_IDR1.PRIQS
 * @param asidBits 8 or 16
 * @param outputBits size of physical addresses
 * @param granules the page sizes that can be walked
 * @param twoLevelStreams two-level stream tables
 * @param twoLevelContexts two-level context tables
 * @param ats translation requests are served
 * @param pri page requests are taken
 * @param stalls faulting transactions can be stalled
 * @param stallsAlways faulting transactions always stall
 * @param rangeCommands range invalidation
 * @param coherent walks are coherent with the processor's caches
 * @param broadcasts takes part in the processors' broadcast TLB maintenance
 * @param hypervisor EL2 contexts exist, whose TLB entries have to be flushed at start
 */
record Identity(
        boolean stageOne,
        boolean tables64,
        int streamBits,
        int pasidBits,
        int commandQueueBits,
        int eventQueueBits,
        int pageRequestQueueBits,
        int asidBits,
        int outputBits,
        Set<PageSize> granules,
        boolean twoLevelStreams,
        boolean twoLevelContexts,
        boolean ats,
        boolean pri,
        boolean stalls,
        boolean stallsAlways,
        boolean rangeCommands,
        boolean coherent,
        boolean broadcasts,
        boolean hypervisor) {

    /** IDR0.STALL_MODEL: stall and terminate, terminate only, stall only (section 6.3.1). */
    private static final int STALL_MODEL_BOTH = 0b00;

    private static final int STALL_MODEL_FORCED = 0b10;

    /** The bit of IDR0.TTF for VMSAv8-64. */
    private static final int TTF_VMSAV8_64 = 0b10;

    /** IDR0.TTENDIAN: big-endian tables only. */
    private static final int TTENDIAN_BIG = 0b11;

    static Identity probe(RegisterFrame registers) {
        long idr0 = registers.read(Register.IDR0);
        long idr1 = registers.read(Register.IDR1);
        long idr3 = registers.read(Register.IDR3);
        long idr5 = registers.read(Register.IDR5);
        EnumSet<PageSize> granules = EnumSet.noneOf(PageSize.class);
        if (Idr5.GRAN4K.isSet(idr5)) {
            granules.add(PageSize.SIZE_4K);
        }
        if (Idr5.GRAN16K.isSet(idr5)) {
            granules.add(PageSize.SIZE_16K);
        }
        if (Idr5.GRAN64K.isSet(idr5)) {
            granules.add(PageSize.SIZE_64K);
        }
        int stallModel = (int) Idr0.STALL_MODEL.get(idr0);
        boolean stageOne = Idr0.S1P.isSet(idr0);
        boolean tables64 =
                (Idr0.TTF.get(idr0) & TTF_VMSAV8_64) != 0
                        && Idr0.TTENDIAN.get(idr0) != TTENDIAN_BIG;
        return new Identity(
                stageOne,
                tables64,
                (int) Idr1.SIDSIZE.get(idr1),
                stageOne ? Math.min(20, (int) Idr1.SSIDSIZE.get(idr1)) : 0,
                (int) Idr1.CMDQS.get(idr1),
                (int) Idr1.EVENTQS.get(idr1),
                (int) Idr1.PRIQS.get(idr1),
                Idr0.ASID16.isSet(idr0) ? 16 : 8,
                AddressSize.bits((int) Idr5.OAS.get(idr5)),
                granules,
                Idr0.ST_LEVEL.get(idr0) == 1,
                Idr0.CD2L.isSet(idr0),
                Idr0.ATS.isSet(idr0),
                Idr0.PRI.isSet(idr0),
                stallModel == STALL_MODEL_BOTH || stallModel == STALL_MODEL_FORCED,
                stallModel == STALL_MODEL_FORCED,
                Idr3.RIL.isSet(idr3),
                Idr0.COHACC.isSet(idr0),
                Idr0.BTM.isSet(idr0),
                Idr0.HYP.isSet(idr0));
    }

    /** Whether processes can be bound behind this SMMU at all; empty if so, otherwise why not. */
    String obstacle() {
        if (!stageOne) {
            return "no stage 1: processes cannot be bound";
        }
        if (!tables64) {
            return "no little-endian VMSAv8-64 tables";
        }
        if (pasidBits == 0) {
            return "no PASIDs: processes cannot be bound";
        }
        return granules.isEmpty() ? "no translation granule" : "";
    }

    /**
     * Whether this SMMU can walk the tables of a process (Linux: {@code arm_smmu_sva_supported});
     * empty if so, otherwise why not.
     */
    String obstacle(PageTable tables) {
        if (tables.format() != PageTableFormat.VMSAV8_64) {
            return "an SMMUv3 walks VMSAv8-64 tables, not " + tables.format();
        }
        if (!granules.contains(tables.granule())) {
            return "the SMMU has no granule of " + tables.granule().bytes() + " bytes";
        }
        if (tables.virtualAddressBits() > 48) {
            return "the process uses "
                    + tables.virtualAddressBits()
                    + "-bit addresses, the driver supports 48";
        }
        if (tables.physicalAddressBits() > outputBits) {
            return "the processor's physical addresses have "
                    + tables.physicalAddressBits()
                    + " bits, the SMMU's "
                    + outputBits;
        }
        return coherent ? "" : "the SMMU's walks are not coherent with the processor's caches";
    }
}
