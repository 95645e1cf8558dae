package org.opensva.vtd.model;

import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.Register;

/**
 * The protected memory regions (section 11.4.8). While they are enabled, no DMA request reaches
 * them, remapped or not; whether remapped requests do is left to the implementation. Nothing is
 * recorded, and the unit's own accesses are not subject to the check.
 */
final class ProtectedMemory {

    private static final long BELOW = 0xf_ffffL; // base and limit are in units of 1 MB

    private final Registers registers;
    private final boolean low;
    private final boolean high;

    ProtectedMemory(VtdProfile profile, Registers registers) {
        this.registers = registers;
        low = profile.cap(Cap.PLMR);
        high = profile.cap(Cap.PHMR);
    }

    /** Whether a DMA request may not touch a range of host physical memory. */
    boolean blocks(long physical, int length) {
        if (!registers.isProtecting()) {
            return false;
        }
        long last = physical + length - 1;
        return low && touches(physical, last, Register.PLMBASE, Register.PLMLIMIT)
                || high && touches(physical, last, Register.PHMBASE, Register.PHMLIMIT);
    }

    private boolean touches(long first, long last, Register base, Register limit) {
        long from = registers.get(base);
        long to = registers.get(limit) | BELOW;
        return Long.compareUnsigned(from, to) <= 0
                && Long.compareUnsigned(first, to) <= 0
                && Long.compareUnsigned(last, from) >= 0;
    }
}
