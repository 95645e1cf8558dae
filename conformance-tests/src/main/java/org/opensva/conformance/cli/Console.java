package org.opensva.conformance.cli;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.Map;

/**
 * Where the command line reads and writes, and what it may do there.
 *
 * <p><b>Threading.</b> Any thread may write; lines are not mixed.
 */
public final class Console {

    private static final int DEFAULT_WIDTH = 80;
    private static final int MIN_WIDTH = 20;
    private static final int MAX_WIDTH = 1000;

    private final InputStream in;
    private final WatchedStream rawOut;
    private final PrintWriter out;
    private final PrintWriter err;
    private final Terminals terminals;
    private final Map<String, String> environment;

    /**
     * Which of the streams are terminals.
     *
     * @param out true if standard output is one
     * @param err true if standard error is one
     */
    public record Terminals(boolean out, boolean err) {
        /** None, as in a pipe or in a CI system. */
        public static final Terminals NONE = new Terminals(false, false);
    }

    /**
     * Creates a console.
     *
     * @param in standard input
     * @param out standard output; not closed
     * @param err standard error; not closed
     * @param charset the encoding of text
     * @param terminals which of them are terminals
     * @param environment the environment variables; {@code TERM}, {@code NO_COLOR} and {@code
     *     COLUMNS} are looked at
     */
    public Console(
            InputStream in,
            OutputStream out,
            OutputStream err,
            Charset charset,
            Terminals terminals,
            Map<String, String> environment) {
        this.in = in;
        this.rawOut = new WatchedStream(out);
        this.out = new PrintWriter(new OutputStreamWriter(rawOut, charset), false);
        this.err = new PrintWriter(new OutputStreamWriter(err, charset), true);
        this.terminals = terminals;
        this.environment = Map.copyOf(environment);
    }

    /**
     * Standard input.
     *
     * @return the stream
     */
    public InputStream in() {
        return in;
    }

    /**
     * Standard output for text.
     *
     * @return a buffered writer; {@link #flush} when a command ends
     */
    public PrintWriter out() {
        return out;
    }

    /**
     * Standard output for bytes. Do not mix with {@link #out}.
     *
     * @return the stream
     */
    public OutputStream bytes() {
        return rawOut;
    }

    /**
     * Standard error.
     *
     * @return a writer that is flushed with each line
     */
    public PrintWriter err() {
        return err;
    }

    /**
     * The environment variables.
     *
     * @return a copy of what the console was created with
     */
    public Map<String, String> environment() {
        return environment;
    }

    /** The failure that writing to standard output ended with, if any. */
    WatchedStream written() {
        return rawOut;
    }

    /** Writes what is buffered. */
    public void flush() {
        out.flush();
        err.flush();
    }

    /**
     * Tells whether standard output is a terminal.
     *
     * @return true if a person reads it directly
     */
    public boolean isTerminal() {
        return terminals.out();
    }

    /**
     * Tells whether a line on standard error can be updated in place.
     *
     * @return true on a terminal that is not dumb
     */
    public boolean isLive() {
        return terminals.err() && !isDumb();
    }

    /**
     * Tells whether standard output may be coloured.
     *
     * @return true on a terminal that is not dumb, unless {@code NO_COLOR} is set
     */
    public boolean hasColour() {
        return terminals.out() && !isDumb() && environment.getOrDefault("NO_COLOR", "").isEmpty();
    }

    private boolean isDumb() {
        return environment.getOrDefault("TERM", "dumb").equals("dumb");
    }

    /**
     * How wide a line may be.
     *
     * @return characters, from {@code COLUMNS} if it makes sense, otherwise 80
     */
    public int width() {
        try {
            int columns = Integer.parseInt(environment.getOrDefault("COLUMNS", ""));
            return columns >= MIN_WIDTH && columns <= MAX_WIDTH ? columns : DEFAULT_WIDTH;
        } catch (NumberFormatException e) {
            return DEFAULT_WIDTH;
        }
    }

    /**
     * Says why a command cannot go on, in one line on standard error.
     *
     * @param message any text; only what fits in a line is harmless, so the rest is replaced
     */
    public void complain(String message) {
        err.println("opensva: " + oneLine(message));
        err.flush();
    }

    /** Puts text into one line that moves no cursor. */
    static String oneLine(String text) {
        StringBuilder line = new StringBuilder(text.length());
        text.strip()
                .codePoints()
                .forEach(c -> {
                    if (c == '\n' || c == '\u2028' || c == '\u2029') {
                        line.append(' ');
                    } else if (c == '\t') {
                        line.append(' ');
                    } else if (Character.isISOControl(c)) {
                        line.append(c == '\r' ? "" : "?");
                    } else {
                        line.appendCodePoint(c);
                    }
                });
        return line.toString();
    }

    /** Puts a message of another origin into the form of our own: no capital, no full stop. */
    static String sentence(String text) {
        String line = oneLine(text);
        if (line.endsWith(".")) {
            line = line.substring(0, line.length() - 1);
        }
        return line.isEmpty() || (line.length() > 1 && Character.isUpperCase(line.charAt(1)))
                ? line
                : Character.toLowerCase(line.charAt(0)) + line.substring(1);
    }
}
