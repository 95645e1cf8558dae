package org.opensva.conformance.cli.telemetry;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * One warning for everything that keeps telemetry from being delivered. The SDK logs such things
 * again and again, by {@code java.util.logging}; here the first of them becomes a line, the rest is
 * dropped.
 */
final class Complaints implements AutoCloseable {

    /** What the reader of metrics says of an exporter, which says the reason itself. */
    private static final String VAGUE = "Exporter failed";

    private static final int DEEPEST = 16;

    private final Consumer<String> complain;
    private final AtomicBoolean made = new AtomicBoolean();

    /** Held, for the logging system does not. */
    private final Logger logger = Logger.getLogger("io.opentelemetry");

    private final Handler handler =
            new Handler() {
                @Override
                public void publish(LogRecord record) {
                    if (record.getLevel().intValue() >= Level.WARNING.intValue()
                            && !VAGUE.equals(record.getMessage())) {
                        complain(record.getMessage() + reason(record.getThrown()));
                    }
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            };

    private final boolean parents = logger.getUseParentHandlers();

    Complaints(Consumer<String> complain) {
        this.complain = complain;
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
    }

    /** What lies at the bottom of it, such as a connection that was refused. */
    private static String reason(@Nullable Throwable thrown) {
        if (thrown == null) {
            return "";
        }
        Throwable deepest = thrown;
        for (int i = 0; i < DEEPEST && deepest.getCause() != null; i++) {
            deepest = deepest.getCause();
        }
        String message = deepest.getMessage();
        return " (%s)"
                .formatted(message == null ? deepest.getClass().getSimpleName() : message)
                .replaceAll("\\s+", " ");
    }

    void complain(String message) {
        if (made.compareAndSet(false, true)) {
            complain.accept("warning: telemetry: " + message);
        }
    }

    @Override
    public void close() {
        logger.removeHandler(handler);
        logger.setUseParentHandlers(parents);
    }
}
