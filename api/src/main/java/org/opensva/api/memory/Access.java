package org.opensva.api.memory;

/**
 * What a memory access wants, as a set of bits, so that it travels on the DMA path without an
 * object.
 *
 * <p>A set is the bitwise OR of the constants below. {@link #READ} alone is a data read, {@link
 * #EXECUTE} is an instruction fetch, {@link #PRIVILEGED} marks a request made in privileged mode
 * (the Privileged Mode Requested bit of the PCI Express PASID TLP prefix, the PnU attribute of Arm
 * IHI 0070 section 7.3).
 */
public final class Access {

    /** The access reads. */
    public static final int READ = 1;

    /** The access writes. */
    public static final int WRITE = 2;

    /** The access fetches instructions. */
    public static final int EXECUTE = 4;

    /** The access is made in privileged mode. */
    public static final int PRIVILEGED = 8;

    /** All bits that may be set. */
    public static final int MASK = READ | WRITE | EXECUTE | PRIVILEGED;

    private Access() {}

    /**
     * Tells whether an access writes.
     *
     * @param access a set of access bits
     * @return true if {@link #WRITE} is in the set
     */
    public static boolean writes(int access) {
        return (access & WRITE) != 0;
    }

    /**
     * Renders a set for people, for example {@code r-} or {@code rw} or {@code rx,privileged}.
     *
     * @param access a set of access bits
     * @return a short text
     */
    public static String describe(int access) {
        StringBuilder text = new StringBuilder(16);
        text.append((access & READ) != 0 ? 'r' : '-');
        text.append((access & WRITE) != 0 ? 'w' : '-');
        if ((access & EXECUTE) != 0) {
            text.append('x');
        }
        if ((access & PRIVILEGED) != 0) {
            text.append(",privileged");
        }
        return text.toString();
    }
}
