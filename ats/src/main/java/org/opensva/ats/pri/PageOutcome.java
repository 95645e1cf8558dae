package org.opensva.ats.pri;

/** How a page request group ended, as the access that waits for it sees it. */
public enum PageOutcome {
    /** The pages were made present; they may be gone again, so the translation is asked for. */
    SUCCESS,
    /** Asking is pointless: response Invalid Request. */
    INVALID,
    /** The interface failed, is stopped or disabled, or the answer did not come in time. */
    FAILED,
    /** The device is gone. */
    GONE
}
