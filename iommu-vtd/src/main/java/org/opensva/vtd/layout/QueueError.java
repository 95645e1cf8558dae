package org.opensva.vtd.layout;

import org.jspecify.annotations.Nullable;

/**
 * The values of IQERCD.IQEI.
 *
 * <p>Source: section 11.4.9 (IQERCD), numbers as in VirtualBox {@code iommu-intel.h}; 0 to 5 also
 * in Intel's public register descriptions of processors.
 */
public enum QueueError {
    /** No information. */
    NOT_AVAILABLE(0),
    /** The tail points beyond the queue. */
    INVALID_TAIL(1),
    /** A descriptor could not be read. */
    FETCH_ERROR(2),
    /** The descriptor type is invalid or not supported. */
    INVALID_TYPE(3),
    /** A reserved field of a descriptor is not 0, or a field has a reserved value. */
    RESERVED_FIELD(4),
    /** IQA.DW does not go with the translation table mode. */
    INVALID_WIDTH(5),
    /** The tail is not aligned to 256-bit descriptors. */
    MISALIGNED_TAIL(6),
    /** RTADDR.TTM is invalid. */
    INVALID_TTM(7);

    private static final QueueError[] BY_CODE = values();

    private final int code;

    QueueError(int code) {
        this.code = code;
    }

    /**
     * The number in IQERCD.IQEI.
     *
     * @return 0 to 7
     */
    public int code() {
        return code;
    }

    /**
     * The error with a number.
     *
     * @param code any value
     * @return the error, or null for a reserved number
     */
    public static @Nullable QueueError of(int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }
}
