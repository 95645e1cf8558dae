package org.opensva.emulated.kernel.mm;

import java.util.Arrays;
import java.util.Optional;

/**
 * Which private anonymous mappings get huge pages (Linux: {@code
 * /sys/kernel/mm/transparent_hugepage/enabled}).
 */
public enum HugePagePolicy {
    /** None. */
    NEVER("never"),
    /** Those that were advised to. */
    MADVISE("madvise"),
    /** All, except those that were advised not to. */
    ALWAYS("always");

    private final String id;

    HugePagePolicy(String id) {
        this.id = id;
    }

    /**
     * The policy's name.
     *
     * @return as in options
     */
    public String id() {
        return id;
    }

    /**
     * Finds a policy.
     *
     * @param id its name
     * @return the policy, or empty
     */
    public static Optional<HugePagePolicy> of(String id) {
        return Arrays.stream(values()).filter(policy -> policy.id.equals(id)).findFirst();
    }
}
