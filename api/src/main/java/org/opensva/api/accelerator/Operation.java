package org.opensva.api.accelerator;

/**
 * What an accelerator can be asked to do.
 *
 * <p>The data-movement operations are those of the Intel Data Streaming Accelerator (Linux {@code
 * include/uapi/linux/idxd.h}, {@code enum dsa_opcode} and {@code enum dsa_completion_status}). What
 * is read and written by each one is said here in the words of {@link Job}; operands that have no
 * room there are in its {@link JobParameters parameter block}.
 */
public enum Operation {
    /** Nothing, with a completion. */
    NOP("nop", 0, Group.CONTROL),
    /** Copy bytes. */
    COPY("copy", 1, Group.LISTS),
    /**
     * Fill bytes with a pattern of 8 bytes, the argument; with a parameter block of 16 bytes, whose
     * upper half is {@link JobParameters#value}.
     */
    FILL("fill", 2, Group.WRITE),
    /**
     * CRC-32C (Castagnoli, RFC 3720) of bytes; the value is in the result. The argument is the
     * CRC-32C of the bytes before these ones, 0 if there are none.
     */
    CRC32C("crc32c", 3, Group.READ),
    /** Compress to the gzip format (RFC 1952). The argument is the level: 1 to 9, 0 = default. */
    GZIP("gzip", 4, Group.PARAMETERS),
    /** Decompress the gzip format, all members. */
    GUNZIP("gunzip", 5, Group.PARAMETERS),
    /** Compress to raw DEFLATE (RFC 1951). The argument is the level: 1 to 9, 0 = default. */
    DEFLATE("deflate", 6, Group.PARAMETERS),
    /** Decompress raw DEFLATE. */
    INFLATE("inflate", 7, Group.PARAMETERS),
    /** Compress to the zlib format (RFC 1950). The argument is the level: 1 to 9, 0 = default. */
    ZLIB("zlib", 8, Group.PARAMETERS),
    /** Decompress the zlib format. */
    UNZLIB("unzlib", 9, Group.PARAMETERS),
    /** {@link #COPY} and {@link #CRC32C} in one. Source and destination must not overlap. */
    COPY_CRC32C("copy-crc32c", 10, Group.LISTS),
    /**
     * Compare the source with as many bytes at the address in the argument. The value is 0 if they
     * are equal and 1 if not; consumed is how many bytes were equal.
     */
    COMPARE("compare", 11, Group.READ),
    /**
     * Compare the source with the 8-byte pattern in the argument, repeated. Results as {@link
     * #COMPARE}.
     */
    COMPARE_PATTERN("compare-pattern", 12, Group.READ),
    /**
     * Copy to two destinations: the second one is at the address in the argument. None may overlap
     * another.
     */
    DUAL_CAST("dual-cast", 13, Group.LISTS),
    /**
     * Write to the destination what makes of the source the bytes at the address in the argument: a
     * delta record, entries of 10 bytes, each a 16-bit offset in units of 8 bytes and 8 bytes of
     * data. Addresses are multiples of 8, the source length as well, 524288 at most. The value is 0
     * if the two are equal, 1 if they differ, 2 if the record does not fit into the destination.
     */
    CREATE_DELTA("create-delta", 14, Group.PLAIN),
    /** Apply the delta record in the source to the destination. */
    APPLY_DELTA("apply-delta", 15, Group.PLAIN),
    /** Completes when every job before it has; the same as NOP where jobs are done in order. */
    DRAIN("drain", 16, Group.CONTROL),
    /**
     * Do the jobs whose descriptors are in the source, one after the other, and write their
     * completions to the destination. The value is how many were done successfully.
     */
    BATCH("batch", 17, Group.CONTROL),
    /** Digest of the source with the {@link Algorithm}, to the destination. */
    DIGEST("digest", 18, Group.PARAMETERS),
    /** HMAC (RFC 2104) of the source with the digest {@link Algorithm} and the key. */
    MAC("mac", 19, Group.PARAMETERS),
    /** Encrypt the source to the destination with a cipher or public-key {@link Algorithm}. */
    ENCRYPT("encrypt", 20, Group.PARAMETERS),
    /** Decrypt the source to the destination. */
    DECRYPT("decrypt", 21, Group.PARAMETERS),
    /** Signature of the source with the private key (PKCS #8), to the destination. */
    SIGN("sign", 22, Group.PARAMETERS),
    /**
     * Verify that {@link JobParameters#tag} is a signature of the source with the public key
     * (X.509); if not, {@link JobStatus#AUTHENTICATION_FAILED}.
     */
    VERIFY("verify", 23, Group.PARAMETERS),
    /**
     * Key agreement: the secret of the private key (PKCS #8) and the public key of the peer
     * (X.509), which is the source.
     */
    AGREE("agree", 24, Group.PARAMETERS);

    /** Which {@link JobFlags} an operation takes. */
    private enum Group {
        CONTROL(JobFlags.FENCE),
        PLAIN(JobFlags.FENCE),
        READ(JobFlags.FENCE | JobFlags.SOURCE_LIST),
        WRITE(JobFlags.FENCE | JobFlags.DESTINATION_LIST | JobFlags.PARAMETERS),
        LISTS(JobFlags.FENCE | JobFlags.SOURCE_LIST | JobFlags.DESTINATION_LIST),
        PARAMETERS(JobFlags.ALL);

        final int flags;

        Group(int flags) {
            this.flags = flags;
        }
    }

    private final String id;
    private final int code;
    private final int flags;

    Operation(String id, int code, Group group) {
        this.id = id;
        this.code = code;
        flags = group.flags;
    }

    /**
     * The name in commands, attributes and reports.
     *
     * @return lower case
     */
    public String id() {
        return id;
    }

    /**
     * The number in descriptors of the project's own queue format. Never reused.
     *
     * @return 0 to 255
     */
    public int code() {
        return code;
    }

    /**
     * Which flags a job of this operation may have.
     *
     * @return bits of {@link JobFlags}
     */
    public int flags() {
        return flags;
    }
}
