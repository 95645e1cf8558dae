package org.opensva.conformance.measure.hardware;

/** A few thousand frames that stand for any number of pages. */
final class Frames {

    static final int COUNT = 4096;

    private final long[] frames = new long[COUNT];

    /** The frame of a page; the first pages bring theirs. */
    long at(int page, long brought) {
        if (brought != 0) {
            frames[page] = brought;
        }
        return frames[page % COUNT];
    }
}
