package org.opensva.conformance.cli;

/** The exit status of the command line; scripts may rely on the numbers. */
public final class ExitStatus {

    /** Good. */
    public static final int GOOD = 0;

    /** Something was found: a rule was broken, a backend failed at its work. */
    public static final int FOUND = 1;

    /** Wrong usage or input; one line on standard error says why. */
    public static final int USAGE = 2;

    /** A mandatory rule could not be judged on this machine. */
    public static final int INCONCLUSIVE = 3;

    /** A fault of the suite itself. */
    public static final int FAULT = 70;

    private ExitStatus() {}
}
