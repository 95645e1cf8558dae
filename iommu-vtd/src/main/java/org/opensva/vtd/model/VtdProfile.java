package org.opensva.vtd.model;

import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.CapabilityRegisters.Ver;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.Register;

/**
 * Which remapping unit to build: its identification registers and the sizes that the architecture
 * leaves to the implementation.
 *
 * <p>The identification registers are a promise: whatever they claim has behaviour, and whatever
 * they do not claim behaves as reserved. A claim without behaviour, or one that contradicts
 * another, is refused here with one line.
 *
 * @param version VER; with a major version of 6 and above there is no invalidation through
 *     registers (section 6.5)
 * @param capability CAP
 * @param extendedCapability ECAP
 * @param addressBits width of host physical addresses (HAW) in bits, 32 to 52; address bits above
 *     it are reserved in every table
 * @param iotlbEntries capacity of the IOTLB, a power of two, at least 4
 * @param walkCacheEntries capacity of each paging-structure cache, a power of two, at least 4
 * @param contextCacheEntries how many entries the context cache may come to have, a power of two;
 *     it grows as they come
 * @param pasidCacheEntries the same of the PASID cache
 * @param deviceTlbTimeoutNanos how long a device may take for a device-TLB invalidation, in
 *     nanoseconds
 */
public record VtdProfile(
        int version,
        long capability,
        long extendedCapability,
        int addressBits,
        int iotlbEntries,
        int walkCacheEntries,
        int contextCacheEntries,
        int pasidCacheEntries,
        long deviceTlbTimeoutNanos) {

    private static final int VERSION_1_0 = 0x10;
    private static final int VERSION_6_0 = 0x60;
    private static final int GREATEST_ADDRESS_BITS = 52;
    private static final long DEFAULT_TIMEOUT_NANOS = 1_000_000_000L;

    /**
     * Checks the sizes and the claims.
     *
     * @throws IllegalArgumentException if a size is out of range, or a register claims what the
     *     model does not do or what another claim rules out
     */
    public VtdProfile {
        checkSize("iotlbEntries", iotlbEntries, 4);
        checkSize("walkCacheEntries", walkCacheEntries, 4);
        checkSize("contextCacheEntries", contextCacheEntries, 1);
        checkSize("pasidCacheEntries", pasidCacheEntries, 1);
        if (deviceTlbTimeoutNanos <= 0) {
            throw new IllegalArgumentException("deviceTlbTimeoutNanos must be positive");
        }
        if (addressBits < 32 || addressBits > GREATEST_ADDRESS_BITS) {
            throw new IllegalArgumentException("addressBits is " + addressBits + ", not in 32..52");
        }
        ProfileClaims.check(capability, extendedCapability);
    }

    /**
     * The remapping unit of this project's SVA machines: scalable mode with first-stage tables of 4
     * and 5 levels, second-stage tables of 3 to 5 levels, nesting and pass-through, 20-bit PASIDs,
     * device-TLBs with page requests, interrupt remapping and posting, queued invalidation only.
     *
     * @return the profile
     */
    public static VtdProfile sva() {
        long cap =
                Cap.ND.place(6)
                        | Cap.PLMR.mask()
                        | Cap.PHMR.mask()
                        | Cap.SAGAW.place(0b01110)
                        | Cap.MGAW.place(57 - 1)
                        | Cap.ZLR.mask()
                        | Cap.FRO.place(0x500 / 16)
                        | Cap.SSLPS.place(0b0011)
                        | Cap.PSI.mask()
                        | Cap.NFR.place(8 - 1)
                        | Cap.MAMV.place(18)
                        | Cap.DWD.mask()
                        | Cap.DRD.mask()
                        | Cap.FS1GP.mask()
                        | Cap.PI.mask()
                        | Cap.FS5LP.mask()
                        | Cap.ECMDS.mask()
                        | Cap.ESIRTPS.mask()
                        | Cap.ESRTPS.mask();
        long ecap =
                Ecap.C.mask()
                        | Ecap.QI.mask()
                        | Ecap.DT.mask()
                        | Ecap.IR.mask()
                        | Ecap.EIM.mask()
                        | Ecap.PT.mask()
                        | Ecap.SC.mask()
                        | Ecap.IRO.place(0x200 / 16)
                        | Ecap.MHMV.place(15)
                        | Ecap.NEST.mask()
                        | Ecap.PRS.mask()
                        | Ecap.ERS.mask()
                        | Ecap.SRS.mask()
                        | Ecap.NWFS.mask()
                        | Ecap.EAFS.mask()
                        | Ecap.PSS.place(20 - 1)
                        | Ecap.PASID.mask()
                        | Ecap.PDS.mask()
                        | Ecap.SMTS.mask()
                        | Ecap.SSADS.mask()
                        | Ecap.SSTS.mask()
                        | Ecap.FSTS.mask()
                        | Ecap.SMPWCS.mask()
                        | Ecap.RPS.mask()
                        | Ecap.PMS.mask()
                        | Ecap.ADMS.mask()
                        | Ecap.RPRIVS.mask();
        return of(VERSION_6_0, cap, ecap, GREATEST_ADDRESS_BITS);
    }

    /**
     * The unit that has the identification of another one, for example of a recording: version 1.0,
     * host addresses as wide as guest addresses.
     *
     * @param cap CAP
     * @param ecap ECAP
     * @return the profile
     * @throws IllegalArgumentException if a register claims what the model does not do
     */
    public static VtdProfile fromCapabilities(long cap, long ecap) {
        int bits = Math.max(32, Math.min(Cap.mgaw(cap), GREATEST_ADDRESS_BITS));
        return of(VERSION_1_0, cap, ecap, bits);
    }

    private static VtdProfile of(int version, long cap, long ecap, int addressBits) {
        return new VtdProfile(
                version,
                cap,
                ecap,
                addressBits,
                1 << 17,
                1 << 13,
                1 << 12,
                1 << 17,
                DEFAULT_TIMEOUT_NANOS);
    }

    /**
     * The same with or without 5-level tables of both stages.
     *
     * @param fiveLevel true to have them; addresses of 57 bits come with them
     * @return the profile
     */
    public VtdProfile withFiveLevel(boolean fiveLevel) {
        long cap = with(capability, fiveLevel, Cap.FS5LP);
        long widths = Cap.SAGAW.get(cap);
        cap = Cap.SAGAW.set(cap, fiveLevel ? widths | 0b1000 : widths & 0b0110);
        cap = Cap.MGAW.set(cap, fiveLevel ? 57 - 1 : Math.min(Cap.mgaw(cap), 48) - 1);
        return withIdentification(version, cap, extendedCapability);
    }

    /**
     * The same with or without page requests and what needs them.
     *
     * @param pageRequests true to have them and their drain
     * @return the profile
     * @throws IllegalArgumentException if the profile has no device-TLBs for them
     */
    public VtdProfile withPageRequests(boolean pageRequests) {
        return withIdentification(
                version, capability, with(extendedCapability, pageRequests, Ecap.PRS, Ecap.PDS));
    }

    /**
     * The same with or without device-TLBs. Page requests go with them and have to be asked for
     * again.
     *
     * @param deviceTlb true to serve translation requests and translated requests
     * @return the profile
     */
    public VtdProfile withDeviceTlb(boolean deviceTlb) {
        long ecap = with(extendedCapability, deviceTlb, Ecap.DT);
        if (!deviceTlb) {
            ecap = with(ecap, false, Ecap.PRS, Ecap.PDS, Ecap.NWFS);
        }
        return withIdentification(version, capability, ecap);
    }

    /**
     * The same sizes with other identification registers.
     *
     * @param newVersion VER
     * @param cap CAP
     * @param ecap ECAP
     * @return the profile
     * @throws IllegalArgumentException if a register claims what the model does not do
     */
    public VtdProfile withIdentification(int newVersion, long cap, long ecap) {
        return new VtdProfile(
                newVersion,
                cap,
                ecap,
                addressBits,
                iotlbEntries,
                walkCacheEntries,
                contextCacheEntries,
                pasidCacheEntries,
                deviceTlbTimeoutNanos);
    }

    /**
     * The same identification with other cache capacities.
     *
     * @param iotlb capacity of the IOTLB, a power of two, at least 4
     * @param walkCache capacity of each paging-structure cache, a power of two, at least 4
     * @param contextCache greatest capacity of the context cache, a power of two
     * @param pasidCache greatest capacity of the PASID cache, a power of two
     * @return the profile
     */
    public VtdProfile withCaches(int iotlb, int walkCache, int contextCache, int pasidCache) {
        return new VtdProfile(
                version,
                capability,
                extendedCapability,
                addressBits,
                iotlb,
                walkCache,
                contextCache,
                pasidCache,
                deviceTlbTimeoutNanos);
    }

    /**
     * The same with another width of host physical addresses.
     *
     * @param bits 32 to 52
     * @return the profile
     */
    public VtdProfile withAddressBits(int bits) {
        return new VtdProfile(
                version,
                capability,
                extendedCapability,
                bits,
                iotlbEntries,
                walkCacheEntries,
                contextCacheEntries,
                pasidCacheEntries,
                deviceTlbTimeoutNanos);
    }

    /**
     * The same with another patience for device-TLB invalidations.
     *
     * @param nanos how long a device may take, in nanoseconds, at least 1
     * @return the profile
     */
    public VtdProfile withDeviceTlbTimeout(long nanos) {
        return new VtdProfile(
                version,
                capability,
                extendedCapability,
                addressBits,
                iotlbEntries,
                walkCacheEntries,
                contextCacheEntries,
                pasidCacheEntries,
                nanos);
    }

    /** Whether CAP claims a feature, or a number that is not 0. */
    boolean cap(Field field) {
        return field.isSet(capability);
    }

    /** Whether ECAP claims a feature, or a number that is not 0. */
    boolean ecap(Field field) {
        return field.isSet(extendedCapability);
    }

    /** Whether invalidation through CCMD and the IOTLB registers is there (section 6.5). */
    boolean registerInvalidation() {
        return Ver.MAX.get(version) < 6;
    }

    /** Size of the register window: a power of two of pages that holds every register. */
    long windowBytes() {
        int faults = Cap.faultRecordOffset(capability);
        int end = Math.max(Register.PAGE_BYTES, faults + 16 * Cap.faultRecords(capability));
        end = Math.max(end, Ecap.iotlbOffset(extendedCapability) + 16);
        if (ecap(Ecap.PMS)) {
            end = Math.max(end, PerformanceLayout.END);
        }
        return end == Register.PAGE_BYTES ? end : Long.highestOneBit(end - 1L) << 1;
    }

    /** Bits that a physical address does not have. */
    long addressesBeyond() {
        return -1L << addressBits;
    }

    private static long with(long value, boolean set, Field... fields) {
        long result = value;
        for (Field field : fields) {
            result = set ? result | field.mask() : result & ~field.mask();
        }
        return result;
    }

    private static void checkSize(String name, int value, int least) {
        if (value < least || Integer.bitCount(value) != 1) {
            throw new IllegalArgumentException(
                    name + " is " + value + ", must be a power of two and at least " + least);
        }
    }
}
