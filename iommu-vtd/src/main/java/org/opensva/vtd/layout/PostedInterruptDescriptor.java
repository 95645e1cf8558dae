package org.opensva.vtd.layout;

import java.util.List;

/**
 * The posted interrupt descriptor. 64 bytes, eight 64-bit words: words 0 to 3 are the posted
 * interrupt requests, one bit a vector; words 5 to 7 are for software or reserved.
 *
 * <p>Source: section 9.12; positions as in Linux {@code arch/x86/include/asm/posted_intr.h}, which
 * is the only source.
 */
public final class PostedInterruptDescriptor {
    /** Requests for vectors 0 to 63. */
    public static final Field PIR0 = new Field("PIR_63_0", 0, 0, 64);

    /** Requests for vectors 64 to 127. */
    public static final Field PIR1 = new Field("PIR_127_64", 1, 0, 64);

    /** Requests for vectors 128 to 191. */
    public static final Field PIR2 = new Field("PIR_191_128", 2, 0, 64);

    /** Requests for vectors 192 to 255. */
    public static final Field PIR3 = new Field("PIR_255_192", 3, 0, 64);

    /** A notification is outstanding. */
    public static final Field ON = new Field("ON", 4, 0, 1);

    /** Notifications are suppressed, except urgent ones. */
    public static final Field SN = new Field("SN", 4, 1, 1);

    /** Notification vector. */
    public static final Field NV = new Field("NV", 4, 16, 8);

    /** Notification destination; bits [15:8] of it without IRTA.EIME. */
    public static final Field NDST = new Field("NDST", 4, 32, 32);

    /** Every field of this structure. */
    public static final Structure STRUCTURE =
            new Structure(
                    "Posted Interrupt Descriptor",
                    "9.12",
                    8,
                    List.of(PIR0, PIR1, PIR2, PIR3, ON, SN, NV, NDST),
                    List.of());

    private PostedInterruptDescriptor() {}

    /** Length of a descriptor in 64-bit words. */
    public static final int WORDS = 8;

    /** Length of a descriptor in bytes. */
    public static final int BYTES = 64;

    /** The word that holds ON, SN, NV and NDST. */
    public static final int CONTROL_WORD = 4;

    /**
     * The word that holds the request of a vector.
     *
     * @param vector 0 to 255
     * @return 0 to 3
     */
    public static int requestWord(int vector) {
        return vector >>> 6;
    }

    /**
     * The bit of a vector within its word.
     *
     * @param vector 0 to 255
     * @return a mask of one bit
     */
    public static long requestBit(int vector) {
        return 1L << vector;
    }
}
