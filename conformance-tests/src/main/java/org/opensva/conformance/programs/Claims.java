package org.opensva.conformance.programs;

import org.opensva.api.accelerator.Operation;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * What programs need to know of a backend: the claims that decide which steps there are and what
 * they must show.
 *
 * @param capabilities what is claimed
 * @param foreignHandles what a foreign handle may do
 * @param devices how many accelerators can be used, 1 or more
 */
public record Claims(
        Set<Capability> capabilities, ForeignHandlePolicy foreignHandles, int devices) {

    /** Copies the set. */
    public Claims {
        EnumSet<Capability> all = EnumSet.noneOf(Capability.class);
        all.addAll(capabilities);
        capabilities = Collections.unmodifiableSet(all);
        if (devices < 1) {
            throw new IllegalArgumentException("programs need a device");
        }
    }

    /**
     * The claims of a backend.
     *
     * @param backend the backend
     * @return its claims
     * @throws IllegalArgumentException if no accelerator can copy and fill; the message says so
     */
    public static Claims of(Backend backend) {
        long able =
                backend.accelerators().stream()
                        .takeWhile(device ->
                                device.info().operations().contains(Operation.COPY)
                                        && device.info().operations().contains(Operation.FILL))
                        .count();
        if (able == 0) {
            throw new IllegalArgumentException(
                    "programs need an accelerator that can copy and fill");
        }
        return new Claims(
                backend.descriptor().capabilities(),
                backend.descriptor().foreignHandles(),
                (int) Math.min(able, 2));
    }

    /**
     * What two backends have in common, so that one program makes sense on both.
     *
     * @param other the other's claims
     * @return the capabilities of both, under the policy of this one
     */
    public Claims and(Claims other) {
        EnumSet<Capability> common = EnumSet.noneOf(Capability.class);
        common.addAll(capabilities);
        common.retainAll(other.capabilities);
        return new Claims(common, foreignHandles, Math.min(devices, other.devices));
    }

    /**
     * Tells whether something is claimed.
     *
     * @param capability what
     * @return true if it is
     */
    public boolean has(Capability capability) {
        return capabilities.contains(capability);
    }
}
