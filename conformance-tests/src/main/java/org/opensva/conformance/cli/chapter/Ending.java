package org.opensva.conformance.cli.chapter;

import java.util.Map;

/**
 * How a child JVM ended.
 *
 * @param code its exit status; 128 and the number of a signal that ended it
 * @param hung true if it was ended because nothing was heard from it
 * @param crash what the JVM wrote about its crash, in a few words; empty if it wrote nothing
 */
public record Ending(int code, boolean hung, String crash) {

    private static final int SIGNALLED = 128;

    private static final Map<Integer, String> SIGNALS =
            Map.of(
                    2, "SIGINT", 4, "SIGILL", 6, "SIGABRT", 7, "SIGBUS", 8, "SIGFPE", 9, "SIGKILL",
                    11, "SIGSEGV", 15, "SIGTERM");

    /**
     * In words.
     *
     * @return for example {@code ended with exit status 3} or {@code was ended by SIGSEGV (exit
     *     status 139): # V [libjvm.so+0x..]}
     */
    public String words() {
        if (hung) {
            return "was ended because nothing was heard from it";
        }
        String signal =
                code > SIGNALLED && code < SIGNALLED + 65
                        ? "was ended by "
                                + SIGNALS.getOrDefault(
                                        code - SIGNALLED, "signal " + (code - SIGNALLED))
                                + " (exit status "
                                + code
                                + ")"
                        : "ended with exit status " + code;
        return crash.isEmpty() ? signal : signal + ": " + crash;
    }
}
