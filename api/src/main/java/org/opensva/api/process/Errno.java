package org.opensva.api.process;

/**
 * The error numbers of system calls that the SVA contract names.
 *
 * <p>Numbers are those of Linux's generic {@code asm-generic/errno-base.h} and {@code
 * asm-generic/errno.h}.
 */
public enum Errno {
    /** Operation not permitted. */
    EPERM(1, "operation not permitted"),
    /** No such file. */
    ENOENT(2, "no such file or directory"),
    /** No such process. */
    ESRCH(3, "no such process"),
    /** Interrupted. */
    EINTR(4, "interrupted"),
    /** Input/output error. */
    EIO(5, "input/output error"),
    /** No such device or address: the queue is dead. */
    ENXIO(6, "no such device or address"),
    /** Bad file descriptor. */
    EBADF(9, "bad file descriptor"),
    /** Try again. */
    EAGAIN(11, "resource temporarily unavailable"),
    /** Out of memory. */
    ENOMEM(12, "cannot allocate memory"),
    /** Permission denied. */
    EACCES(13, "permission denied"),
    /** Bad address. */
    EFAULT(14, "bad address"),
    /** Busy. */
    EBUSY(16, "device or resource busy"),
    /** Exists already. */
    EEXIST(17, "file exists"),
    /** No such device. */
    ENODEV(19, "no such device"),
    /** Is a directory. */
    EISDIR(21, "is a directory"),
    /** Invalid argument. */
    EINVAL(22, "invalid argument"),
    /** Too many open files. */
    EMFILE(24, "too many open files"),
    /** Too large for a file. */
    EFBIG(27, "file too large"),
    /** No space left: here, no PASID left. */
    ENOSPC(28, "no space left on device"),
    /** Out of range. */
    ERANGE(34, "numerical result out of range"),
    /** Not implemented. */
    ENOSYS(38, "function not implemented"),
    /** Value too large: here, the PASID does not fit the device. */
    EOVERFLOW(75, "value too large for defined data type"),
    /** Not supported. */
    EOPNOTSUPP(95, "operation not supported"),
    /** Timed out. */
    ETIMEDOUT(110, "connection timed out");

    private final int number;
    private final String text;

    Errno(int number, String text) {
        this.number = number;
        this.text = text;
    }

    /**
     * The number as user space sees it.
     *
     * @return a positive number
     */
    public int number() {
        return number;
    }

    /**
     * The text for people.
     *
     * @return a few words in lower case
     */
    public String text() {
        return text;
    }
}
