package org.opensva.emulated.kernel.mm;

/**
 * A fault met a page that is on its way to somewhere else, or a hole that is being made. Whoever
 * holds locks gives them back, waits, and begins anew.
 */
final class PageInTransitException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient Runnable arrival;

    PageInTransitException(Runnable arrival) {
        super("a page is in transit", null, false, false);
        this.arrival = arrival;
    }

    /** Waits until it makes sense to look again; no lock may be held. */
    void await() {
        arrival.run();
    }
}
