package org.opensva.conformance.cli.certificate;

/** How the commands of this package end. */
final class Outcome {

    /** All is well, or there is no difference. */
    static final int GOOD = 0;

    /** A certificate does not hold, or two differ. */
    static final int FOUND = 1;

    /** A file or an option cannot be used. */
    static final int UNUSABLE = 2;

    private Outcome() {}
}
