package org.opensva.api.accelerator;

import java.time.Duration;

/**
 * What happens to a device without its driver's doing: errors of the hardware, and time.
 *
 * <p>Linux injects such errors with {@code aer-inject}; a driver of the kind of {@code
 * drivers/crypto/hisilicon/qm.c} answers each by counting it and resetting the device.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface ErrorInjection {

    /**
     * The hardware reports an uncorrectable error. Its driver counts the error, isolates the device
     * if the earlier ones have reached the threshold, and resets it; all that is over when the call
     * returns.
     *
     * @throws org.opensva.api.process.ErrnoException {@code ENODEV} if the device is gone
     */
    void hardwareError();

    /** The next reset will fail. */
    void failNextReset();

    /**
     * Lets time pass for the window in which errors count, and for nothing else.
     *
     * @param time how much, not negative
     */
    void advance(Duration time);
}
