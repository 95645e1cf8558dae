package org.opensva.vtd.model;

import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.ControlRegisters.Ccmd;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.IotlbRegisters.Iotlb;
import org.opensva.vtd.layout.IotlbRegisters.Iva;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RelocatedRegister;

/**
 * Invalidation through registers (sections 6.5.1 and 11.4.6): CCMD, IVA and IOTLB.
 *
 * <p>A request that the hardware does not serve is ignored and reported with granularity 0: one
 * with a reserved granularity or too great a mask, one while the queue is on, and every one with a
 * major version of 6 and above, which have the queue only.
 */
final class RegisterInvalidation {

    private final Registers registers;
    private final Invalidations invalidations;
    private final boolean implemented;
    private final boolean pageSelective;
    private final int greatestMask;
    private long iva;
    private long iotlb;

    RegisterInvalidation(VtdProfile profile, Registers registers, Invalidations invalidations) {
        this.registers = registers;
        this.invalidations = invalidations;
        implemented = profile.registerInvalidation();
        pageSelective = profile.cap(Cap.PSI);
        greatestMask = (int) Cap.MAMV.get(profile.capability());
    }

    private boolean isServed() {
        return implemented && !registers.has(Register.GSTS, Gsts.QIES);
    }

    /** A write of CCMD. */
    synchronized void contextCommand(long value, long touched) {
        long now = registers.merged(Register.CCMD, value, touched);
        if (Ccmd.ICC.isSet(now)) {
            int granularity = (int) Ccmd.CIRG.get(now);
            if (!isServed()) {
                granularity = Ccmd.CIRG_RESERVED;
            } else if (granularity != Ccmd.CIRG_RESERVED) {
                invalidations.contextCache(
                        granularity,
                        (int) Ccmd.DID.get(now),
                        (int) Ccmd.SID.get(now),
                        (int) Ccmd.FM.get(now));
                invalidations.drainAll();
            }
            now = Ccmd.CAIG.set(now, granularity) & ~Ccmd.ICC.mask();
        }
        registers.set(Register.CCMD, now);
    }

    /** A write of IVA. */
    synchronized void address(long value, long touched) {
        iva = merge(RelocatedRegister.IVA, iva, value, touched);
    }

    /** A write of IOTLB. */
    synchronized void iotlb(long value, long touched) {
        long now = merge(RelocatedRegister.IOTLB, iotlb, value, touched);
        if (Iotlb.IVT.isSet(now)) {
            now = Iotlb.IAIG.set(now, invalidate(now)) & ~Iotlb.IVT.mask();
        }
        iotlb = now;
    }

    private int invalidate(long request) {
        int granularity = (int) Iotlb.IIRG.get(request);
        int mask = (int) Iva.AM.get(iva);
        boolean tooGreat = granularity == Iotlb.IIRG_PAGE && pageSelective && mask > greatestMask;
        if (!isServed() || granularity == Iotlb.IIRG_RESERVED || tooGreat) {
            return Iotlb.IIRG_RESERVED;
        }
        int performed =
                invalidations.iotlb(
                        granularity,
                        (int) Iotlb.DID.get(request),
                        Iva.ADDR.address(iva),
                        mask,
                        Iva.IH.isSet(iva));
        invalidations.drainAll();
        return performed;
    }

    /** IOTLB; IVA is write-only and reads as zero. */
    synchronized long iotlb() {
        return iotlb;
    }

    private static long merge(RelocatedRegister register, long old, long value, long touched) {
        return register.merge(old, value & touched | old & ~touched);
    }
}
