package org.opensva.linux.idxd.spec;

/** Operations of DSA ({@code enum dsa_opcode}). */
public enum DsaOpcode {
    /** Nothing. */
    NOOP(0x00),
    /** A list of descriptors. */
    BATCH(0x01),
    /** Wait for what came before. */
    DRAIN(0x02),
    /** Copy. */
    MEMMOVE(0x03),
    /** Fill with a pattern of 8 bytes. */
    MEMFILL(0x04),
    /** Compare two ranges. */
    COMPARE(0x05),
    /** Compare with a pattern of 8 bytes. */
    COMPVAL(0x06),
    /** Make a delta record. */
    CR_DELTA(0x07),
    /** Apply a delta record. */
    AP_DELTA(0x08),
    /** Copy to two places. */
    DUALCAST(0x09),
    /** CRC-32C. */
    CRCGEN(0x10),
    /** Copy with CRC-32C. */
    COPY_CRC(0x11),
    /** Check the data integrity field. */
    DIF_CHECK(0x12),
    /** Insert the data integrity field. */
    DIF_INS(0x13),
    /** Strip the data integrity field. */
    DIF_STRP(0x14),
    /** Update the data integrity field. */
    DIF_UPDT(0x15),
    /** Flush processor caches. */
    CFLUSH(0x20);

    private final int code;

    DsaOpcode(int code) {
        this.code = code;
    }

    /**
     * The number in descriptors, and the bit of {@code op_cap} and {@code op_config}.
     *
     * @return 0 to 255
     */
    public int code() {
        return code;
    }
}
