package org.opensva.conformance.rules;

import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A filter over rule ids: {@code UNMAP-*}, {@code FORK-0?}, or several separated by commas. */
final class RuleGlob {

    /** Room for the id of every rule, four times. */
    private static final int MAX_LENGTH = 8000;

    private static final int MAX_PART = 1000;
    private static final Pattern ALLOWED = Pattern.compile("[A-Z0-9*?-]++(?:,[A-Z0-9*?-]++)*+");

    private RuleGlob() {}

    static Predicate<String> compile(String glob) {
        String upper = glob.strip().toUpperCase(Locale.ROOT);
        if (glob.length() > MAX_LENGTH
                || !ALLOWED.matcher(upper).matches()
                || Stream.of(upper.split(",", -1)).anyMatch(part -> part.length() > MAX_PART)) {
            throw new RuleBookException(
                    "rule filter "
                            + RuleBookException.quote(glob)
                            + " is not a comma-separated list of ids with * and ?, such as"
                            + " UNMAP-*");
        }
        String[] parts = upper.split(",", -1);
        return id -> {
            for (String part : parts) {
                if (matches(part, id)) {
                    return true;
                }
            }
            return false;
        };
    }

    /** Matches in time proportional to the product of the lengths, whatever the stars. */
    private static boolean matches(String glob, String id) {
        boolean[] reach = new boolean[id.length() + 1];
        reach[0] = true;
        for (int g = 0; g < glob.length(); g++) {
            char c = glob.charAt(g);
            boolean[] next = new boolean[id.length() + 1];
            for (int i = 0; i <= id.length(); i++) {
                if (c == '*') {
                    next[i] = reach[i] || (i > 0 && next[i - 1]);
                } else {
                    next[i] = i > 0 && reach[i - 1] && (c == '?' || c == id.charAt(i - 1));
                }
            }
            reach = next;
        }
        return reach[id.length()];
    }
}
