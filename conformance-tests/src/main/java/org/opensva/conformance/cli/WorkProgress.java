package org.opensva.conformance.cli;

import java.util.Locale;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/** Shows how much of the input has been worked on, once that takes long enough to matter. */
final class WorkProgress implements LongConsumer {

    private static final long PATIENCE = 500_000_000L;
    private static final int BAR = 20;
    private static final int MINUTE = 60;
    private static final int HOUR = MINUTE * MINUTE;

    private final String what;
    private final long size;
    private final ProgressLine line;
    private final LongSupplier nanoTime;
    private final long start;

    WorkProgress(String what, long size, ProgressLine line, LongSupplier nanoTime) {
        this.what = what;
        this.size = size;
        this.line = line;
        this.nanoTime = nanoTime;
        this.start = nanoTime.getAsLong();
    }

    @Override
    public void accept(long done) {
        long elapsed = nanoTime.getAsLong() - start;
        if (elapsed < PATIENCE) {
            return;
        }
        String speed = ByteSize.show((long) (done * 1e9 / elapsed)) + "/s";
        if (size <= 0) {
            line.show("%s %s, %s".formatted(what, ByteSize.show(done), speed));
            return;
        }
        double part = Math.min(1, (double) done / size);
        int filled = (int) (BAR * part);
        line.show(
                String.format(
                        Locale.ROOT,
                        "%s [%s%s] %.0f%% of %s, %s, %s left",
                        what,
                        "#".repeat(filled),
                        ".".repeat(BAR - filled),
                        100 * part,
                        ByteSize.show(size),
                        speed,
                        left(elapsed, part)));
    }

    /** How long the rest takes if it goes on like this. */
    private static String left(long elapsed, double part) {
        if (part <= 0) {
            return "?";
        }
        long seconds = (long) Math.ceil(elapsed / part * (1 - part) / 1e9);
        return seconds < HOUR
                ? "%d:%02d".formatted(seconds / MINUTE, seconds % MINUTE)
                : "%d:%02d:%02d"
                        .formatted(seconds / HOUR, seconds / MINUTE % MINUTE, seconds % MINUTE);
    }
}
