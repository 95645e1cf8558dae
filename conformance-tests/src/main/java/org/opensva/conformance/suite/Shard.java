package org.opensva.conformance.suite;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * A part of the tests, for campaigns that are spread over several machines. A test belongs to one
 * part by its name alone, so that the parts of a campaign fit together whoever runs them.
 *
 * @param number which part, from 1 to {@code count}
 * @param count how many parts there are, from 1 to {@value #MOST}
 */
public record Shard(int number, int count) {

    /** More parts than this would be empty. */
    public static final int MOST = 1000;

    /** All tests. */
    public static final Shard WHOLE = new Shard(1, 1);

    private static final Pattern TEXT = Pattern.compile("(\\d{1,4})/(\\d{1,4})");

    /** Checks the range. */
    public Shard {
        if (count < 1 || count > MOST || number < 1 || number > count) {
            throw new IllegalArgumentException(
                    "a shard is K/N with K from 1 to N and N at most " + MOST);
        }
    }

    /**
     * Reads a shard as users write it.
     *
     * @param text {@code K/N}
     * @return the shard
     * @throws IllegalArgumentException if it is none, with one line that says what one is
     */
    public static Shard of(String text) {
        Matcher parts = TEXT.matcher(text);
        return parts.matches()
                ? new Shard(Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2)))
                : new Shard(0, 0);
    }

    /**
     * Tells whether this is everything.
     *
     * @return true if there is one part only
     */
    public boolean isWhole() {
        return count == 1;
    }

    /**
     * Tells whether a test belongs to this part.
     *
     * @param test the test, as {@code Class.method}
     * @return true if it is run here
     */
    public boolean has(String test) {
        CRC32 hash = new CRC32();
        hash.update(test.getBytes(StandardCharsets.UTF_8));
        return hash.getValue() % count == number - 1;
    }

    /** As users write it. */
    @Override
    public String toString() {
        return number + "/" + count;
    }
}
