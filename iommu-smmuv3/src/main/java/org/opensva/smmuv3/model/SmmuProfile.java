package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.AddressSize;
import org.opensva.smmuv3.layout.CounterGroupRegisters.Cfgr;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.IdRegisters.Aidr;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;

/**
 * Which SMMU to build: its identification registers and the sizes that the architecture leaves to
 * the implementation.
 *
 * <p>The identification registers are a promise: whatever they claim has behaviour, and whatever
 * they do not claim behaves as RES0 or ILLEGAL. A claim without behaviour is refused here.
 *
 * @param idr0 SMMU_IDR0
 * @param idr1 SMMU_IDR1
 * @param idr3 SMMU_IDR3
 * @param idr5 SMMU_IDR5
 * @param iidr SMMU_IIDR
 * @param aidr SMMU_AIDR
 * @param counterGroup SMMU_PMCG_CFGR of the performance monitor counter group, 0 if there is none
 * @param iotlbEntries capacity of the IOTLB, and of the stage 2 TLB where there is one; a power of
 *     two, at least 4
 * @param walkCacheEntries capacity of each walk cache, a power of two, at least 4
 * @param contextCacheEntries how many CDs of each stream are cached at most, a power of two; memory
 *     is taken as they come. {@link #sva()} has as many as there are ASIDs
 * @param atcTimeoutNanos how long a device may take for an ATC invalidation, in nanoseconds
 */
public record SmmuProfile(
        long idr0,
        long idr1,
        long idr3,
        long idr5,
        long iidr,
        long aidr,
        long counterGroup,
        int iotlbEntries,
        int walkCacheEntries,
        int contextCacheEntries,
        long atcTimeoutNanos) {

    private static final long DEFAULT_ATC_TIMEOUT_NANOS = 1_000_000_000L;

    /**
     * Checks the sizes and the claims.
     *
     * @throws IllegalArgumentException if a size is no power of two, or a register claims what the
     *     model does not do
     */
    public SmmuProfile {
        checkSize("iotlbEntries", iotlbEntries, 4);
        checkSize("walkCacheEntries", walkCacheEntries, 4);
        checkSize("contextCacheEntries", contextCacheEntries, 1);
        if (atcTimeoutNanos <= 0) {
            throw new IllegalArgumentException("atcTimeoutNanos must be positive");
        }
        new ProfileRules(idr0, idr1, idr3, idr5).checkBehaviour();
        ProfileRules.checkCounters(counterGroup);
    }

    /**
     * The SMMU of this project's SVA machines: stage 1, three granules, 48-bit addresses, 20-bit
     * SubstreamIDs, hardware Access flag and dirty state, ATS with PRI, and stalls.
     *
     * @return the profile
     */
    public static SmmuProfile sva() {
        long idr0 =
                Idr0.S1P.mask()
                        | Idr0.TTF.place(2)
                        | Idr0.COHACC.mask()
                        | Idr0.HTTU.place(2)
                        | Idr0.ATS.mask()
                        | Idr0.ASID16.mask()
                        | Idr0.MSI.mask()
                        | Idr0.ATOS.mask()
                        | Idr0.PRI.mask()
                        | Idr0.CD2L.mask()
                        | Idr0.TTENDIAN.place(2)
                        | Idr0.ATSRECERR.mask()
                        | Idr0.ST_LEVEL.place(1);
        long idr1 =
                Idr1.SIDSIZE.place(16)
                        | Idr1.SSIDSIZE.place(20)
                        | Idr1.PRIQS.place(19)
                        | Idr1.EVENTQS.place(19)
                        | Idr1.CMDQS.place(19)
                        | Idr1.ATTR_PERMS_OVR.mask();
        long idr3 = Idr3.HAD.mask() | Idr3.RIL.mask() | Idr3.BBML.place(2);
        long idr5 =
                Idr5.OAS.place(AddressSize.BITS_48)
                        | Idr5.GRAN4K.mask()
                        | Idr5.GRAN16K.mask()
                        | Idr5.GRAN64K.mask()
                        | Idr5.STALL_MAX.place(256);
        long counters =
                Cfgr.NCTR.place(7)
                        | Cfgr.SIZE.place(63)
                        | Cfgr.RELOC_CTRS.mask()
                        | Cfgr.MSI.mask()
                        | Cfgr.CAPTURE.mask();
        return new SmmuProfile(
                idr0,
                idr1,
                idr3,
                idr5,
                0,
                Aidr.ARCHMINORREV.place(2),
                counters,
                1 << 17,
                1 << 13,
                1 << 16,
                DEFAULT_ATC_TIMEOUT_NANOS);
    }

    /**
     * {@link #sva()} with stage 2 and nested translation, 16-bit VMIDs and split-stage ATS as well.
     *
     * @return the profile
     */
    public static SmmuProfile nested() {
        SmmuProfile base = sva();
        long idr0 = base.idr0 | Idr0.S2P.mask() | Idr0.VMID16.mask();
        return base.withIdentification(
                idr0, base.idr1, base.idr3 | Idr3.XNX.mask(), base.idr5, base.iidr, base.aidr);
    }

    /**
     * {@link #nested()} with everything else that the model does: 52-bit addresses at both stages
     * with every granule, small tables, the regimes of a hypervisor, broadcast TLB maintenance, and
     * overrides of memory attributes.
     *
     * @return the profile
     */
    public static SmmuProfile complete() {
        SmmuProfile base = nested();
        long idr0 = base.idr0 | Idr0.BTM.mask() | Idr0.HYP.mask();
        long idr3 =
                base.idr3
                        | Idr3.FWB.mask()
                        | Idr3.STT.mask()
                        | Idr3.E0PD.mask()
                        | Idr3.PTWNNC.mask()
                        | Idr3.EPAN.mask();
        long idr5 =
                Idr5.OAS.set(base.idr5, AddressSize.BITS_52) | Idr5.DS.mask() | Idr5.VAX.place(1);
        return base.withIdentification(
                idr0,
                base.idr1 | Idr1.ATTR_TYPES_OVR.mask(),
                idr3,
                idr5,
                base.iidr,
                Aidr.ARCHMINORREV.place(3));
    }

    /**
     * The same sizes with other identification registers, for example those of a recording.
     *
     * @param newIdr0 SMMU_IDR0
     * @param newIdr1 SMMU_IDR1
     * @param newIdr3 SMMU_IDR3
     * @param newIdr5 SMMU_IDR5
     * @param newIidr SMMU_IIDR
     * @param newAidr SMMU_AIDR
     * @return the profile
     * @throws IllegalArgumentException if a register claims what the model does not do
     */
    public SmmuProfile withIdentification(
            long newIdr0, long newIdr1, long newIdr3, long newIdr5, long newIidr, long newAidr) {
        return new SmmuProfile(
                newIdr0,
                newIdr1,
                newIdr3,
                newIdr5,
                newIidr,
                newAidr,
                counterGroup,
                iotlbEntries,
                walkCacheEntries,
                contextCacheEntries,
                atcTimeoutNanos);
    }

    /**
     * The same identification with other cache capacities.
     *
     * @param iotlb capacity of the IOTLB, a power of two, at least 4
     * @param walkCache capacity of each walk cache, a power of two, at least 4
     * @param contextCache most cached CDs of each stream, a power of two
     * @return the profile
     */
    public SmmuProfile withCaches(int iotlb, int walkCache, int contextCache) {
        return new SmmuProfile(
                idr0,
                idr1,
                idr3,
                idr5,
                iidr,
                aidr,
                counterGroup,
                iotlb,
                walkCache,
                contextCache,
                atcTimeoutNanos);
    }

    /**
     * The same with other performance counters.
     *
     * @param newCounterGroup SMMU_PMCG_CFGR, or 0 for none
     * @return the profile
     * @throws IllegalArgumentException if it claims what the model does not do
     */
    public SmmuProfile withCounterGroup(long newCounterGroup) {
        return new SmmuProfile(
                idr0,
                idr1,
                idr3,
                idr5,
                iidr,
                aidr,
                newCounterGroup,
                iotlbEntries,
                walkCacheEntries,
                contextCacheEntries,
                atcTimeoutNanos);
    }

    /**
     * The same with another patience for ATC invalidations.
     *
     * @param nanos how long a device may take, in nanoseconds, at least 1
     * @return the profile
     */
    public SmmuProfile withAtcTimeout(long nanos) {
        return new SmmuProfile(
                idr0,
                idr1,
                idr3,
                idr5,
                iidr,
                aidr,
                counterGroup,
                iotlbEntries,
                walkCacheEntries,
                contextCacheEntries,
                nanos);
    }

    /**
     * The size of physical addresses, which is also that of intermediate physical addresses because
     * there are no VMSAv8-32 tables (section 3.4).
     *
     * @return 32 to 52 bits
     */
    public int addressBits() {
        return AddressSize.bits((int) Idr5.OAS.get(idr5));
    }

    boolean has(Field idr0Field) {
        return idr0Field.isSet(idr0);
    }

    boolean stallModel() {
        return Idr0.STALL_MODEL.get(idr0) == 0;
    }

    /** The bits that a StreamID has. */
    long streamMask() {
        return (1L << Idr1.SIDSIZE.get(idr1)) - 1;
    }

    int substreamBits() {
        return (int) Idr1.SSIDSIZE.get(idr1);
    }

    private static void checkSize(String name, int value, int least) {
        if (value < least || Integer.bitCount(value) != 1) {
            throw new IllegalArgumentException(
                    name + " is " + value + ", must be a power of two and at least " + least);
        }
    }
}
