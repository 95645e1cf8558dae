package org.opensva.vtd.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.AddressWidth;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.ContextEntry;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.RootEntry;
import org.opensva.vtd.layout.ScalableContextEntry;
import org.opensva.vtd.layout.ScalableRootEntry;

/**
 * Reads the root table and the context tables of both modes (sections 3.4, 9.1 to 9.4) and checks
 * them in the order of section 7.1.3: access, presence, reserved fields, programming.
 */
final class ContextTables {

    private final PhysicalMemory memory;
    private final long capability;
    private final boolean deviceTlbs;
    private final boolean passThrough;
    private final long rootReserved;
    private final long legacyReserved0;
    private final long legacyReserved1;
    private final long pointerBeyond;
    private final long scalableReserved0;
    private final long scalableReserved1;

    ContextTables(VtdProfile profile, PhysicalMemory memory) {
        this.memory = memory;
        capability = profile.capability();
        deviceTlbs = profile.ecap(Ecap.DT);
        passThrough = profile.ecap(Ecap.PT);
        pointerBeyond = profile.addressesBeyond();
        rootReserved =
                ~(RootEntry.P.mask() | RootEntry.CTP.mask()) | pointerBeyond & RootEntry.CTP.mask();
        legacyReserved0 = ~ContextEntry.STRUCTURE.definedBits(0);
        legacyReserved1 =
                ~ContextEntry.STRUCTURE.definedBits(1)
                        | ReservedBits.domain(ContextEntry.DID, capability);
        scalableReserved0 =
                ~ScalableContextEntry.STRUCTURE.definedBits(0)
                        | pointerBeyond & ScalableContextEntry.PASIDDIRPTR.mask()
                        | ReservedBits.unless(deviceTlbs, ScalableContextEntry.DTE)
                        | ReservedBits.unless(profile.ecap(Ecap.PASID), ScalableContextEntry.PASIDE)
                        | ReservedBits.unless(profile.ecap(Ecap.PRS), ScalableContextEntry.PRE);
        scalableReserved1 =
                ~ScalableContextEntry.STRUCTURE.definedBits(1)
                        | ReservedBits.unless(
                                profile.ecap(Ecap.RPS), ScalableContextEntry.RID_PASID)
                        | ReservedBits.unless(
                                profile.ecap(Ecap.RPRIVS), ScalableContextEntry.RID_PRIV);
    }

    /**
     * Finds the context of a device in legacy mode.
     *
     * @return false after reporting to {@code request}
     */
    boolean legacy(long rootTable, Translation request) {
        long low;
        long high;
        try {
            long at = rootTable + RootEntry.offset(request.requester);
            low = memory.readLong(at);
            high = memory.readLong(at + 8);
        } catch (BusErrorException e) {
            return request.fault(FaultReason.ROOT_ACCESS);
        }
        if (!RootEntry.present(low)) {
            return request.fault(FaultReason.ROOT_NOT_PRESENT);
        }
        if ((low & rootReserved | high) != 0) {
            return request.fault(FaultReason.ROOT_RESERVED);
        }
        try {
            long at = RootEntry.contextTable(low) + ContextEntry.offset(request.requester);
            low = memory.readLong(at);
            high = memory.readLong(at + 8);
        } catch (BusErrorException e) {
            return request.fault(FaultReason.CONTEXT_ACCESS);
        }
        request.faultsDisabled = ContextEntry.faultsDisabled(low);
        if (!ContextEntry.present(low)) {
            return request.fault(FaultReason.CONTEXT_NOT_PRESENT);
        }
        int type = ContextEntry.translationType(low);
        boolean identity = type == ContextEntry.TT_PASS_THROUGH;
        // The pointer of a pass-through entry is ignored.
        long reserved = identity ? legacyReserved0 : legacyReserved0 | pointerBeyond & -1L << 12;
        if ((low & reserved) != 0 || (high & legacyReserved1) != 0) {
            return request.fault(FaultReason.CONTEXT_RESERVED);
        }
        if (type == ContextEntry.TT_RESERVED
                || type == ContextEntry.TT_ALL && !deviceTlbs
                || identity && !passThrough
                || !AddressWidth.supported(ContextEntry.addressWidth(high), capability)) {
            return request.fault(FaultReason.CONTEXT_INVALID);
        }
        request.context.legacy(low, high);
        return true;
    }

    /**
     * Finds the context of a device in scalable mode. Only the half of the root entry that leads to
     * the device is looked at.
     *
     * @return false after reporting to {@code request}
     */
    boolean scalable(long rootTable, Translation request) {
        long half;
        try {
            half = memory.readLong(rootTable + ScalableRootEntry.offset(request.requester));
        } catch (BusErrorException e) {
            return request.fault(FaultReason.SCALABLE_ROOT_ACCESS);
        }
        if (!ScalableRootEntry.present(half)) {
            return request.fault(FaultReason.SCALABLE_ROOT_NOT_PRESENT);
        }
        if ((half & rootReserved) != 0) {
            return request.fault(FaultReason.SCALABLE_ROOT_RESERVED);
        }
        long w0;
        long w1;
        long rest;
        try {
            long at =
                    ScalableRootEntry.contextTable(half)
                            + ScalableContextEntry.offset(request.requester);
            w0 = memory.readLong(at);
            w1 = memory.readLong(at + 8);
            rest = memory.readLong(at + 16) | memory.readLong(at + 24);
        } catch (BusErrorException e) {
            return request.fault(FaultReason.SCALABLE_CONTEXT_ACCESS);
        }
        request.faultsDisabled = ScalableContextEntry.faultsDisabled(w0);
        if (!ScalableContextEntry.present(w0)) {
            return request.fault(FaultReason.SCALABLE_CONTEXT_NOT_PRESENT);
        }
        if ((w0 & scalableReserved0 | w1 & scalableReserved1 | rest) != 0) {
            return request.fault(FaultReason.SCALABLE_CONTEXT_RESERVED);
        }
        if (ScalableContextEntry.ridPasid(w1) >= ScalableContextEntry.pasidLimit(w0)) {
            return request.fault(FaultReason.SCALABLE_CONTEXT_INVALID);
        }
        request.context.scalable(w0, w1);
        return true;
    }
}
