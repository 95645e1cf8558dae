package org.opensva.smmuv3.inspect;

/** An access goes no further. */
final class Stopped extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient Explanation.Ending ending;

    Stopped(Explanation.Ending ending) {
        super(null, null, false, false);
        this.ending = ending;
    }

    Explanation.Ending ending() {
        return ending;
    }
}
