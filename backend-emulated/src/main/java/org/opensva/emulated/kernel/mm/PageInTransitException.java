package org.opensva.emulated.kernel.mm;

/** A call met a page in transit: wait for it with no lock held, and make the call again. */
final class PageInTransitException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final long frame;

    PageInTransitException(long frame) {
        super("the page at 0x%x is in transit".formatted(frame), null, false, false);
        this.frame = frame;
    }

    long frame() {
        return frame;
    }
}
