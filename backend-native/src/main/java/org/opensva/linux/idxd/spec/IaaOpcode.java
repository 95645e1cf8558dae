package org.opensva.linux.idxd.spec;

/** Operations of IAA ({@code enum iax_opcode}), those of them that move or compress bytes. */
public enum IaaOpcode {
    /** Nothing. */
    NOOP(0x00),
    /** Wait for what came before. */
    DRAIN(0x02),
    /** Copy. */
    MEMMOVE(0x03),
    /** Decompress raw DEFLATE. */
    DECOMPRESS(0x42),
    /** Compress to raw DEFLATE. */
    COMPRESS(0x43),
    /** CRC-64. */
    CRC64(0x44);

    private final int code;

    IaaOpcode(int code) {
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
