package org.opensva.api.backend;

/**
 * What a handle may do in a process that did not open it (inherited over fork, or passed). Acting
 * on the address space of the holder is never allowed.
 */
public enum ForeignHandlePolicy {
    /** Refused with {@code EPERM}; only close is allowed. */
    REFUSE("refuse", Capability.FOREIGN_REFUSE),
    /** Acts on the address space of the process that opened it, as Linux's uacce does. */
    OPENER("opener", Capability.FOREIGN_OPENER);

    private final String id;
    private final Capability capability;

    ForeignHandlePolicy(String id, Capability capability) {
        this.id = id;
        this.capability = capability;
    }

    /**
     * The name in options and certificates.
     *
     * @return lower case
     */
    public String id() {
        return id;
    }

    /**
     * The capability that stands for the policy in rules.
     *
     * @return the capability
     */
    public Capability capability() {
        return capability;
    }
}
