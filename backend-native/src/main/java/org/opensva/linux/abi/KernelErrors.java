package org.opensva.linux.abi;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

/**
 * Error numbers as the kernel returns them ({@code include/uapi/asm-generic/errno-base.h} and
 * {@code errno.h}), and what they are to the SPI.
 */
public final class KernelErrors {

    /** Operation not permitted. */
    public static final int EPERM = 1;

    /** No such process. */
    public static final int ESRCH = 3;

    /** Interrupted by a signal. */
    public static final int EINTR = 4;

    /** Input or output error; of {@code /proc/PID/mem}: nothing is mapped there. */
    public static final int EIO = 5;

    /** Try again. */
    public static final int EAGAIN = 11;

    /** Not enough memory. */
    public static final int ENOMEM = 12;

    /** Permission denied. */
    public static final int EACCES = 13;

    /** Bad address. */
    public static final int EFAULT = 14;

    /** Exists already. */
    public static final int EEXIST = 17;

    /** Invalid argument. */
    public static final int EINVAL = 22;

    /** No free descriptor. */
    public static final int EMFILE = 24;

    /** Not a typewriter; of an ioctl: unknown to the file. */
    public static final int ENOTTY = 25;

    /** No such system call. */
    public static final int ENOSYS = 38;

    private KernelErrors() {}

    /**
     * The error of a failed call.
     *
     * @param result a negative error number
     * @param operation the call as a user would name it
     * @return to be thrown; a number that the SPI does not name is {@link Errno#EIO} and is told in
     *     the message
     */
    public static ErrnoException exception(long result, String operation) {
        int number = (int) -result;
        for (Errno candidate : Errno.values()) {
            if (candidate.number() == number) {
                return new ErrnoException(candidate, operation, "");
            }
        }
        return new ErrnoException(Errno.EIO, operation, "the kernel said error " + number);
    }

    /**
     * Requires success.
     *
     * @param result what a call returned
     * @param operation the call as a user would name it
     * @return the result, 0 or more
     * @throws ErrnoException if it is negative
     */
    public static long check(long result, String operation) {
        if (result < 0) {
            throw exception(result, operation);
        }
        return result;
    }

    /**
     * The name of an error for people.
     *
     * @param result a negative error number
     * @return for example {@code EPERM}
     */
    public static String name(long result) {
        int number = (int) -result;
        for (Errno candidate : Errno.values()) {
            if (candidate.number() == number) {
                return candidate.name();
            }
        }
        return number == ENOTTY ? "ENOTTY" : "error " + number;
    }
}
