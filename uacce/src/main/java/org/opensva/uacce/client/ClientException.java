package org.opensva.uacce.client;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;

import java.util.Objects;
import java.util.Optional;

/**
 * The library could not have the work done. {@link #reason} says what kind of trouble it is, the
 * message which device or process, and what to do about it.
 */
public final class ClientException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** What kind of trouble it is. */
    public enum Reason {
        /** The pool was closed. */
        CLOSED,
        /** The pool was inherited over a fork; {@link ContextPool#reopen} makes it usable. */
        FORKED,
        /** The process has called exec; {@link ContextPool#reopen} makes the pool usable. */
        EXECED,
        /** The process has ended. */
        PROCESS_ENDED,
        /** No device that is there can do it, and no software fallback was declared. */
        NO_DEVICE,
        /** Devices were there, and failed or were taken away every time it was tried. */
        DEVICE_FAILED,
        /** It took longer than the caller wanted to wait. */
        TIMED_OUT,
        /** The waiting thread was interrupted; it stays so. */
        INTERRUPTED,
        /** The device met an address that the process itself cannot access either. */
        MEMORY_FAULT,
        /** The input is not what the operation needs. */
        BAD_DATA,
        /** A tag or signature is not that of the data. */
        AUTHENTICATION_FAILED,
        /** What it makes does not fit where it shall go. */
        DESTINATION_FULL,
        /** The device does not accept the job. */
        REFUSED,
        /** No buffer can be had: the pool's limit, or the process's memory, is used up. */
        NO_MEMORY
    }

    /** The kind of trouble. */
    private final Reason reason;

    /** What the device said last, if it got that far. */
    private final transient @Nullable JobResult result;

    /**
     * Creates the exception.
     *
     * @param reason what kind of trouble it is
     * @param message one line
     * @param cause what led to it, or null
     */
    public ClientException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = Objects.requireNonNull(reason, "reason");
        this.result = null;
    }

    private ClientException(String message, Reason reason, JobResult result) {
        super(message);
        this.reason = reason;
        this.result = result;
    }

    /**
     * What kind of trouble it is.
     *
     * @return never null
     */
    public Reason reason() {
        return reason;
    }

    /**
     * How the job ended, where a device did end it.
     *
     * @return the result, or empty
     */
    public Optional<JobResult> result() {
        return Optional.ofNullable(result);
    }

    /**
     * The exception for a job that did not succeed.
     *
     * @param what the job, for the message
     * @param result how it ended
     * @return the exception, with the reason that fits the status
     */
    public static ClientException of(String what, JobResult result) {
        Reason reason =
                switch (result.status()) {
                    case PAGE_FAULT -> Reason.MEMORY_FAULT;
                    case BAD_DATA -> Reason.BAD_DATA;
                    case AUTHENTICATION_FAILED -> Reason.AUTHENTICATION_FAILED;
                    case DESTINATION_FULL -> Reason.DESTINATION_FULL;
                    case ABORTED, DEVICE_ERROR, NO_SESSION -> Reason.DEVICE_FAILED;
                    default -> Reason.REFUSED;
                };
        String message = "%s ended with %s".formatted(what, result.status());
        if (result.status() == JobStatus.PAGE_FAULT) {
            message += " at 0x%x".formatted(result.faultAddress());
        }
        return new ClientException(message, reason, result);
    }
}
