package org.opensva.conformance.inspect;

/** An access goes no further. */
public final class Stopped extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient Explanation.Ending ending;

    /**
     * Creates the exception.
     *
     * @param ending how the access ends
     */
    public Stopped(Explanation.Ending ending) {
        super(null, null, false, false);
        this.ending = ending;
    }

    /**
     * How the access ends.
     *
     * @return the ending
     */
    public Explanation.Ending ending() {
        return ending;
    }
}
