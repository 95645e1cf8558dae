package org.opensva.conformance.report;

/** Text that is not a certificate. The message is one line that says where and why. */
public final class CertificateException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message one line
     */
    public CertificateException(String message) {
        super(message);
    }

    /**
     * Creates the exception with what led to it.
     *
     * @param message one line
     * @param cause what happened
     */
    public CertificateException(String message, Throwable cause) {
        super(message, cause);
    }
}
