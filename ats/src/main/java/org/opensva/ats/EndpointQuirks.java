package org.opensva.ats;

import org.opensva.api.iommu.Pasid;

import java.util.EnumSet;
import java.util.Set;

/**
 * What is wrong with an endpoint.
 *
 * @param set the deviations
 * @param wiredPasidBits how many bits of a PASID the device really sends, 1 to 20; a device that
 *     claims more than that confuses address spaces
 */
public record EndpointQuirks(Set<EndpointQuirk> set, int wiredPasidBits) {

    /** Nothing is wrong. */
    public static final EndpointQuirks NONE = new EndpointQuirks(Set.of(), Pasid.BITS);

    /** Checks the range and copies the set. */
    public EndpointQuirks {
        if (wiredPasidBits < 1 || wiredPasidBits > Pasid.BITS) {
            throw new IllegalArgumentException(
                    "wiredPasidBits is " + wiredPasidBits + ", allowed: 1..20");
        }
        set = Set.copyOf(set);
    }

    /**
     * Makes a set of deviations.
     *
     * @param first one
     * @param more others
     * @return the quirks, with all PASID bits wired
     */
    public static EndpointQuirks of(EndpointQuirk first, EndpointQuirk... more) {
        return new EndpointQuirks(EnumSet.of(first, more), Pasid.BITS);
    }

    /**
     * Makes an endpoint that sends fewer PASID bits than it claims.
     *
     * @param bits 1 to 20
     * @return the quirks
     */
    public static EndpointQuirks narrowPasid(int bits) {
        return new EndpointQuirks(Set.of(), bits);
    }

    /**
     * Tells whether the endpoint deviates in a way.
     *
     * @param quirk the way
     * @return true if it does
     */
    public boolean has(EndpointQuirk quirk) {
        return set.contains(quirk);
    }

    /** What of a PASID reaches the link. */
    int wired(int pasid) {
        return pasid == Pasid.NONE ? pasid : pasid & ((1 << wiredPasidBits) - 1);
    }
}
