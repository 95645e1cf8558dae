package org.opensva.api.ats;

/**
 * An Invalidate Completion message (section 10.3.2): every access that used what was invalidated
 * has finished, and its writes have been pushed to memory before this message.
 *
 * @param itagVector one bit for each ITag that is complete
 * @param completionCount how many completions the device sends for each request in all, 1 to 8; the
 *     request is complete when that many came
 */
public record InvalidateCompletion(int itagVector, int completionCount) {

    /** Checks the range. */
    public InvalidateCompletion {
        if (completionCount < 1 || completionCount > 8) {
            throw new IllegalArgumentException(
                    "completion count " + completionCount + " is not in 1..8");
        }
    }

    /**
     * The completion of one request with one message.
     *
     * @param itag 0 to 31
     * @return the message
     */
    public static InvalidateCompletion of(int itag) {
        return new InvalidateCompletion(1 << itag, 1);
    }
}
