package org.opensva.api.accelerator;

/** How a job ended. */
public enum JobStatus {
    /** Done. */
    SUCCESS(0),
    /** An address could not be accessed; the result tells which one, and what was done before. */
    PAGE_FAULT(1),
    /** The descriptor makes no sense to the device: a reserved bit, an unknown operation. */
    BAD_DESCRIPTOR(2),
    /** The device does not have the operation. */
    UNSUPPORTED(3),
    /** The input is not what the operation needs, for example not gzip data. */
    BAD_DATA(4),
    /** The destination is too small. */
    DESTINATION_FULL(5),
    /**
     * The queue was stopped, its address space died, or the device is gone, before the job was
     * done.
     */
    ABORTED(6),
    /** The device failed. */
    DEVICE_ERROR(7),
    /** A tag or signature is not that of the data. Nothing was released. */
    AUTHENTICATION_FAILED(8),
    /**
     * The parameter block, or what it or a scatter-gather list names, makes no sense: a reserved
     * bit, a key of the wrong length, a list that is too long.
     */
    BAD_PARAMETERS(9),
    /** The job continues a stream that the device does not have, or begins one too many. */
    NO_SESSION(10),
    /** A job of a batch did not succeed. */
    BATCH_FAILED(11);

    private static final JobStatus[] VALUES = values();

    private final int code;

    JobStatus(int code) {
        this.code = code;
    }

    /**
     * The number in completions of the project's own queue format. Never reused.
     *
     * @return 0 to 127
     */
    public int code() {
        return code;
    }

    /**
     * Decodes a number.
     *
     * @param code a code
     * @return the status; {@link #DEVICE_ERROR} for a number that is not a status
     */
    public static JobStatus ofCode(int code) {
        return code >= 0 && code < VALUES.length ? VALUES[code] : DEVICE_ERROR;
    }
}
