package org.opensva.uacce.cdev;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Whether a device is still trusted: the hardware errors of the last hour against a threshold.
 *
 * <p>An error isolates the device if as many <em>earlier</em> ones as the threshold says lie within
 * the hour, so that the threshold plus one errors are needed; a threshold of 0 stands for never. A
 * reset that fails isolates it whatever the threshold is. There is no way back but to plug the
 * device in again (Linux {@code qm_hw_err_isolate}, {@code hisi_qm_isolate_threshold_write}, {@code
 * qm_controller_reset}).
 *
 * <p><b>Threading.</b> Any thread may call. Threshold and history change under one lock, as since
 * the fix of 2025 that has {@code isolate_lock} cover both.
 */
public final class Isolation {

    /** The largest threshold ({@code UACCE_MAX_ERR_THRESHOLD}). */
    public static final int MAX_THRESHOLD = 65535;

    private static final long WINDOW_SECONDS = 3600;

    private final LongSupplier clock;
    private final ArrayDeque<Long> errors = new ArrayDeque<>();
    private long advanced;
    private int threshold;
    private volatile boolean isolated;

    /**
     * Makes the state of a device that has had no error, with threshold 0.
     *
     * @param clock in nanoseconds, as {@link System#nanoTime}
     */
    public Isolation(LongSupplier clock) {
        this.clock = clock;
    }

    /**
     * Tells whether the device is isolated.
     *
     * @return never false again once true
     */
    public boolean isIsolated() {
        return isolated;
    }

    /**
     * The threshold.
     *
     * @return 0 for never, to {@value #MAX_THRESHOLD}
     */
    public synchronized int threshold() {
        return threshold;
    }

    /**
     * Sets the threshold and forgets the errors so far.
     *
     * @param value 0 to {@value #MAX_THRESHOLD}
     * @param call for messages
     * @throws ErrnoException {@code EPERM} if the device is isolated, {@code EINVAL} for a value
     *     out of range
     */
    public synchronized void setThreshold(long value, String call) {
        if (value < 0 || value > MAX_THRESHOLD) {
            throw new ErrnoException(Errno.EINVAL, call, value + " is not in 0.." + MAX_THRESHOLD);
        }
        if (isolated) {
            throw new ErrnoException(Errno.EPERM, call, "the device is isolated");
        }
        threshold = (int) value;
        errors.clear();
    }

    /** A hardware error has occurred; true if it isolates the device. */
    synchronized boolean record() {
        if (isolated || threshold == 0) {
            return false;
        }
        long now = clock.getAsLong() + advanced;
        errors.removeIf(at -> TimeUnit.NANOSECONDS.toSeconds(now - at) > WINDOW_SECONDS);
        isolated = errors.size() >= threshold;
        errors.addLast(now);
        return isolated;
    }

    /** A reset has failed; true if that isolates the device. */
    synchronized boolean isolate() {
        boolean now = !isolated;
        isolated = true;
        return now;
    }

    /**
     * Lets time pass.
     *
     * @param time not negative
     */
    public synchronized void advance(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("time does not run backwards: " + time);
        }
        long nanos;
        try {
            nanos = time.toNanos();
        } catch (ArithmeticException e) {
            nanos = Long.MAX_VALUE / 4;
        }
        advanced += Math.min(nanos, Long.MAX_VALUE / 4);
        if (advanced < 0) {
            // Three centuries ahead: no error of the past counts any more.
            advanced = 0;
            errors.clear();
        }
    }
}
