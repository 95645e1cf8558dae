package org.opensva.api.process;

/** The signals that the SVA contract names. */
public enum Signal {
    /** Abort. */
    SIGABRT(6),
    /**
     * A mapping exists, but nothing is behind it: beyond the end of a file, or a removed device.
     */
    SIGBUS(7),
    /** Kill at once. */
    SIGKILL(9),
    /** No mapping, or one that does not allow the access. */
    SIGSEGV(11),
    /** Polite request to end. */
    SIGTERM(15);

    private final int number;

    Signal(int number) {
        this.number = number;
    }

    /**
     * The number on Linux.
     *
     * @return a positive number
     */
    public int number() {
        return number;
    }
}
