package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.AddressWidth;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
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
    private final int mgaw;
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
        mgaw = Cap.mgaw(capability);
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
     * @return the context, or null after reporting to {@code request}
     */
    @Nullable DeviceContext legacy(long rootTable, Translation request) {
        long low;
        long high;
        try {
            long at = rootTable + RootEntry.offset(request.requester);
            low = memory.readLong(at);
            high = memory.readLong(at + 8);
        } catch (BusErrorException e) {
            request.fault(FaultReason.ROOT_ACCESS);
            return null;
        }
        if (!RootEntry.present(low)) {
            request.fault(FaultReason.ROOT_NOT_PRESENT);
            return null;
        }
        if ((low & rootReserved | high) != 0) {
            request.fault(FaultReason.ROOT_RESERVED);
            return null;
        }
        try {
            long at = RootEntry.contextTable(low) + ContextEntry.offset(request.requester);
            low = memory.readLong(at);
            high = memory.readLong(at + 8);
        } catch (BusErrorException e) {
            request.fault(FaultReason.CONTEXT_ACCESS);
            return null;
        }
        request.faultsDisabled = ContextEntry.faultsDisabled(low);
        if (!ContextEntry.present(low)) {
            request.fault(FaultReason.CONTEXT_NOT_PRESENT);
            return null;
        }
        int type = ContextEntry.translationType(low);
        boolean identity = type == ContextEntry.TT_PASS_THROUGH;
        // The pointer of a pass-through entry is ignored.
        long reserved = identity ? legacyReserved0 : legacyReserved0 | pointerBeyond & -1L << 12;
        if ((low & reserved) != 0 || (high & legacyReserved1) != 0) {
            request.fault(FaultReason.CONTEXT_RESERVED);
            return null;
        }
        if (type == ContextEntry.TT_RESERVED
                || type == ContextEntry.TT_ALL && !deviceTlbs
                || identity && !passThrough
                || !AddressWidth.supported(ContextEntry.addressWidth(high), capability)) {
            request.fault(FaultReason.CONTEXT_INVALID);
            return null;
        }
        return DeviceContext.legacy(request.requester, type, Regime.ofContext(low, high, mgaw));
    }

    /**
     * Finds the context of a device in scalable mode. Only the half of the root entry that leads to
     * the device is looked at.
     *
     * @return the context, or null after reporting to {@code request}
     */
    @Nullable DeviceContext scalable(long rootTable, Translation request) {
        long half;
        try {
            half = memory.readLong(rootTable + ScalableRootEntry.offset(request.requester));
        } catch (BusErrorException e) {
            request.fault(FaultReason.SCALABLE_ROOT_ACCESS);
            return null;
        }
        if (!ScalableRootEntry.present(half)) {
            request.fault(FaultReason.SCALABLE_ROOT_NOT_PRESENT);
            return null;
        }
        if ((half & rootReserved) != 0) {
            request.fault(FaultReason.SCALABLE_ROOT_RESERVED);
            return null;
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
            request.fault(FaultReason.SCALABLE_CONTEXT_ACCESS);
            return null;
        }
        request.faultsDisabled = ScalableContextEntry.faultsDisabled(w0);
        if (!ScalableContextEntry.present(w0)) {
            request.fault(FaultReason.SCALABLE_CONTEXT_NOT_PRESENT);
            return null;
        }
        if ((w0 & scalableReserved0 | w1 & scalableReserved1 | rest) != 0) {
            request.fault(FaultReason.SCALABLE_CONTEXT_RESERVED);
            return null;
        }
        if (ScalableContextEntry.ridPasid(w1) >= ScalableContextEntry.pasidLimit(w0)) {
            request.fault(FaultReason.SCALABLE_CONTEXT_INVALID);
            return null;
        }
        return DeviceContext.scalable(request.requester, w0, w1);
    }
}
