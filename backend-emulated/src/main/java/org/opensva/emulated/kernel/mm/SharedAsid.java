package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.AddressRange;

import java.lang.invoke.VarHandle;
import java.util.OptionalInt;

/**
 * The ASID of one address space, from the moment an IOMMU asks for it to the end of the identity.
 *
 * <p>Asking never waits for the address space: as with {@link Listeners}, either the walks of the
 * IOMMU see the new entries, or the change sees that there is an ASID.
 */
final class SharedAsid {

    private final AsidSpace space;

    /** 0 while there is none; written under the monitor. */
    private volatile int asid;

    private boolean ended;

    SharedAsid(AsidSpace space) {
        this.space = space;
    }

    /** The ASID; empty if none is free, or the identity has ended. */
    synchronized OptionalInt pin() {
        if (asid == 0 && !ended) {
            asid = space.take();
            VarHandle.fullFence();
        }
        return asid == 0 ? OptionalInt.empty() : OptionalInt.of(asid);
    }

    boolean isPinned() {
        return asid != 0;
    }

    /** Makes TLBs forget a range, and waits until they have. */
    void invalidate(AddressRange range, boolean lastLevelOnly) {
        int pinned = asid;
        if (pinned != 0) {
            space.tlbs().invalidate(pinned, range, lastLevelOnly);
            space.tlbs().synchronize();
        }
    }

    /** The identity ends: whoever gets the number next finds nothing in any TLB. */
    synchronized void end() {
        ended = true;
        invalidate(AddressRange.WHOLE, false);
        if (asid != 0) {
            space.giveBack(asid);
            asid = 0;
        }
    }
}
