package org.opensva.ats.link;

/** The kinds of messages that something can happen to. */
public enum LinkMessage {
    /**
     * Translation Requests with their completions. One that is lost ends with a completion timeout,
     * one that is damaged with an error; a device treats both as a Completer Abort. Repeating one
     * does nothing.
     */
    TRANSLATION(true),
    /** Invalidate Requests. */
    INVALIDATE_REQUEST(true),
    /**
     * Invalidate Completions. They travel in several traffic classes, and so may pass each other
     * (PCI Express Base 6.x section 10.3.2: that is what the completion count is for).
     */
    INVALIDATE_COMPLETION(false),
    /** Page Requests and Stop Markers, which stay in their order: the last of a group is last. */
    PAGE_REQUEST(true),
    /** PRG Responses. */
    PAGE_GROUP_RESPONSE(true);

    private final boolean ordered;

    LinkMessage(boolean ordered) {
        this.ordered = ordered;
    }

    /**
     * Tells whether messages of this kind arrive in the order in which they were sent. Messages of
     * different kinds may always pass each other, as far as one of them is delayed.
     *
     * @return true if they do
     */
    public boolean isOrdered() {
        return ordered;
    }
}
