package org.opensva.api.memory;

/** What a mapping of a process allows, as in {@code mmap(2)} and {@code mprotect(2)}. */
public enum Protection {
    /** Nothing: every access faults. */
    NONE(0),
    /** Reading. */
    READ(Access.READ),
    /** Reading and writing. */
    READ_WRITE(Access.READ | Access.WRITE),
    /** Reading and instruction fetch. */
    READ_EXECUTE(Access.READ | Access.EXECUTE),
    /** Everything. */
    READ_WRITE_EXECUTE(Access.READ | Access.WRITE | Access.EXECUTE);

    private final int access;

    Protection(int access) {
        this.access = access;
    }

    /**
     * The allowed accesses as a set.
     *
     * @return a set of {@link Access} bits without {@link Access#PRIVILEGED}
     */
    public int access() {
        return access;
    }

    /**
     * Tells whether an access is allowed.
     *
     * @param wanted a set of {@link Access} bits; the privilege bit is ignored
     * @return true if each of the read, write and execute bits in the set is allowed
     */
    public boolean allows(int wanted) {
        int want = wanted & (Access.READ | Access.WRITE | Access.EXECUTE);
        return (want & access) == want;
    }
}
