package org.opensva.uacce.queue;

/** Why a queue stopped by itself: the code in the status word of its SHARED region. */
public enum QueueError {
    /** It did not. */
    NONE(0),
    /** A descriptor could not be read. */
    DESCRIPTOR_UNREACHABLE(1),
    /** A completion could not be written. */
    COMPLETION_UNREACHABLE(2),
    /** The doorbell claimed more descriptors than the ring has entries. */
    BAD_DOORBELL(3),
    /** The device is gone. */
    REMOVED(4),
    /** The address space is gone. */
    ADDRESS_SPACE_GONE(5),
    /** The device failed. */
    DEVICE_FAILURE(6),
    /** The device was reset. */
    DEVICE_RESET(7);

    private final int code;

    QueueError(int code) {
        this.code = code;
    }

    /**
     * The number in the status word. Never reused.
     *
     * @return 0 to 255
     */
    public int code() {
        return code;
    }
}
