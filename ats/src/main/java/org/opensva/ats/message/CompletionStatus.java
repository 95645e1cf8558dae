package org.opensva.ats.message;

/** Completion Status of a Translation Completion (PCI Express Base 6.x section 2.2.9). */
public enum CompletionStatus {
    /** Successful Completion. */
    SUCCESS(0),
    /** Unsupported Request. */
    UNSUPPORTED_REQUEST(1),
    /** Completer Abort. */
    COMPLETER_ABORT(4);

    private final int code;

    CompletionStatus(int code) {
        this.code = code;
    }

    /**
     * The three bits on the link.
     *
     * @return 0, 1 or 4
     */
    public int code() {
        return code;
    }
}
