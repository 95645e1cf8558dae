package org.opensva.api.process;

import java.util.Objects;

/**
 * A system call, or a kernel function behind one, refused.
 *
 * <p>This is an expected, typed answer of the control plane: callers that care look at {@link
 * #errno()}. The message names the operation, the error and what was found, for example {@code
 * open(zip-0): EBUSY, device or resource busy: all 8 queues are taken}.
 */
public final class ErrnoException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** The error. */
    private final Errno errno;

    /**
     * Creates the exception.
     *
     * @param errno the error
     * @param operation the call as a user would name it, for example {@code munmap(0x1000, 4096)}
     * @param detail what was found and what would help, or an empty string
     */
    public ErrnoException(Errno errno, String operation, String detail) {
        super(
                operation
                        + ": "
                        + errno
                        + ", "
                        + errno.text()
                        + (detail.isEmpty() ? "" : ": " + detail));
        this.errno = Objects.requireNonNull(errno, "errno");
    }

    /**
     * The error.
     *
     * @return never null
     */
    public Errno errno() {
        return errno;
    }
}
