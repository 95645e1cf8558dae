package org.opensva.vtd.model;

import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.Field;

/** Bits of table entries that a unit's capabilities make reserved (chapter 9). */
final class ReservedBits {

    private ReservedBits() {}

    /** A field that is reserved unless the unit has a feature. */
    static long unless(boolean feature, Field field) {
        return feature ? 0 : field.mask();
    }

    /** The bits of a domain id that the unit does not have (CAP.ND). */
    static long domain(Field did, long capability) {
        return did.mask() & -1L << did.lsb() + Cap.domainIdBits(capability);
    }
}
