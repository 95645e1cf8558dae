package org.opensva.smmuv3.model;

import org.opensva.api.memory.AddressRange;

/**
 * One message of broadcast TLB maintenance, as a processor's TLBI instruction sends it to the inner
 * or outer shareable domain (section 3.17; the instructions are those of the Arm A-profile
 * architecture).
 *
 * @param scope what is meant
 * @param asid address space, 0 to 65535, where the scope has one
 * @param vmid virtual machine, 0 to 65535, where the scope has one
 * @param range virtual or intermediate addresses, where the scope has some
 * @param lastLevelOnly whether cached table descriptors may stay
 */
public record BroadcastTlbi(
        Scope scope, int asid, int vmid, AddressRange range, boolean lastLevelOnly) {

    /** The scopes, by the instructions they belong to. */
    public enum Scope {
        /** TLBI ALLE1IS: both stages of every machine. */
        ALLE1,
        /** TLBI VMALLE1IS: stage 1 of a machine. */
        VMALLE1,
        /** TLBI VMALLS12E1IS: both stages of a machine. */
        VMALLS12E1,
        /** TLBI ASIDE1IS: what is not global of an address space. */
        ASIDE1,
        /** TLBI VAE1IS, VALE1IS, RVAE1IS and RVALE1IS: addresses of an address space. */
        VAE1,
        /** TLBI VAAE1IS, VAALE1IS, RVAAE1IS and RVAALE1IS: addresses in every address space. */
        VAAE1,
        /** TLBI IPAS2E1IS, IPAS2LE1IS, RIPAS2E1IS and RIPAS2LE1IS: addresses of stage 2. */
        IPAS2E1,
        /** TLBI ALLE2IS: everything of the hypervisor. */
        ALLE2,
        /** TLBI VAE2IS, VALE2IS and ranges, of a processor with HCR_EL2.E2H at 0. */
        VAE2,
        /** TLBI ASIDE1IS of a processor with HCR_EL2.{E2H, TGE} at {1, 1}. */
        ASIDE2_HOST,
        /** TLBI VAE1IS and VAE2IS, and their kin, of a processor with HCR_EL2.{E2H, TGE} at 1. */
        VAE2_HOST,
        /** TLBI VAAE1IS and its kin, of a processor with HCR_EL2.{E2H, TGE} at {1, 1}. */
        VAAE2_HOST
    }

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if an ASID or a VMID has more than 16 bits
     */
    public BroadcastTlbi {
        if (asid >>> 16 != 0 || vmid >>> 16 != 0) {
            throw new IllegalArgumentException(
                    "ASID " + asid + " or VMID " + vmid + " is not in 0..65535");
        }
    }

    /**
     * A message that names no addresses.
     *
     * @param scope what is meant
     * @param asid address space, 0 where the scope has none
     * @param vmid virtual machine, 0 where the scope has none
     * @return the message
     */
    public static BroadcastTlbi of(Scope scope, int asid, int vmid) {
        return new BroadcastTlbi(scope, asid, vmid, AddressRange.WHOLE, false);
    }
}
