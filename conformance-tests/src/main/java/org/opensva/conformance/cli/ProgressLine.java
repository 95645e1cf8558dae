package org.opensva.conformance.cli;

import java.util.function.LongSupplier;

/**
 * A line on standard error that is updated in place; on anything but a terminal it says nothing.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
final class ProgressLine implements AutoCloseable {

    private static final long INTERVAL = 100_000_000L;

    private final Console console;
    private final LongSupplier nanoTime;
    private int shown;
    private long last;
    private boolean first = true;

    ProgressLine(Console console, LongSupplier nanoTime) {
        this.console = console;
        this.nanoTime = nanoTime;
    }

    /** Shows a text, unless another one was shown a moment ago. */
    synchronized void show(String text) {
        if (!console.isLive()) {
            return;
        }
        long now = nanoTime.getAsLong();
        if (!first && now - last < INTERVAL) {
            return;
        }
        first = false;
        last = now;
        String line = Console.oneLine(text);
        // The last column stays free: a full line would move on to the next one.
        int room = console.width() - 1;
        if (line.length() > room) {
            line = line.substring(0, room);
        }
        print(line);
        shown = line.length();
    }

    /** Takes the line away. */
    synchronized void clear() {
        if (shown > 0) {
            print("");
            shown = 0;
            console.err().print("\r");
            console.err().flush();
        }
        first = true;
    }

    private void print(String line) {
        // Overwritten with blanks rather than erased: works on every terminal.
        console.err().print("\r" + line + " ".repeat(Math.max(0, shown - line.length())));
        console.err().flush();
    }

    @Override
    public void close() {
        clear();
    }
}
