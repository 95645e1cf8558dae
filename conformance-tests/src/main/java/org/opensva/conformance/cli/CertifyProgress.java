package org.opensva.conformance.cli;

import org.opensva.api.backend.BackendDescriptor;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.ConformanceListener;
import org.opensva.conformance.suite.TestResult;
import org.opensva.conformance.suite.Verdict;

import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * Tells on standard error how a run goes on: on a terminal by one line that is updated, elsewhere
 * by a line when it begins and one for each failure.
 */
final class CertifyProgress implements ConformanceListener, AutoCloseable {

    private static final int BAR = 20;

    /** Before this an estimate would jump about. */
    private static final long FIRST_ESTIMATE = 2_000_000_000L;

    /** How often a log is told how far a run is. */
    private static final long LOG_INTERVAL = 60_000_000_000L;

    private final Console console;
    private final ProgressLine line;
    private String backend = "";
    private int tests;
    private int done;
    private final LongSupplier nanoTime;
    private final String which;
    private int failed;
    private int before;
    private long start;
    private long logged;

    /**
     * Creates the display of one run.
     *
     * @param context where it is shown
     * @param run which run it is, from 1
     * @param runs how many there will be; 0 if nobody knows
     */
    CertifyProgress(Context context, int run, int runs) {
        this.console = context.console();
        this.nanoTime = context.nanoTime();
        this.line = new ProgressLine(console, nanoTime);
        this.which = runs == 1 ? "" : " run " + run + (runs == 0 ? "" : "/" + runs);
    }

    @Override
    public void runStarted(BackendDescriptor descriptor, int testCount, int ruleCount) {
        backend = Console.oneLine(descriptor.qualifiedName());
        tests = testCount;
        start = nanoTime.getAsLong();
        logged = start;
        if (!console.isLive()) {
            console.err()
                    .println(
                            "%s%s: %d tests, %d rules".formatted(backend, which, tests, ruleCount));
        }
    }

    @Override
    public void testStarted(String name, String sentence) {
        show(sentence);
    }

    @Override
    public void testFinished(TestResult result, int doneCount) {
        if (done == 0) {
            // Tests that an earlier run did took none of this run's time.
            before = doneCount - 1;
        }
        done = doneCount;
        if (result.verdict() == Verdict.FAILED) {
            failed++;
            if (!console.isLive()) {
                console.err()
                        .println(
                                "%s: failed: %s (%s)"
                                        .formatted(
                                                backend,
                                                Console.oneLine(result.sentence()),
                                                ids(result)));
            }
        }
        show(result.sentence());
        log();
    }

    /** Where no line can be updated, one is added from time to time. */
    private void log() {
        long now = nanoTime.getAsLong();
        if (!console.isLive() && now - logged >= LOG_INTERVAL) {
            logged = now;
            console.err().println("%s%s: %d/%d%s".formatted(backend, which, done, tests, left()));
        }
    }

    /** How long it will take if it goes on as it went so far. */
    private String left() {
        long elapsed = nanoTime.getAsLong() - start;
        int here = done - before;
        if (elapsed < FIRST_ESTIMATE || here <= 0 || done >= tests) {
            return "";
        }
        long seconds = elapsed / here * (tests - done) / 1_000_000_000L + 1;
        return seconds < 3600
                ? ", %d:%02d left".formatted(seconds / 60, seconds % 60)
                : ", %d h %02d min left".formatted(seconds / 3600, seconds / 60 % 60);
    }

    private static String ids(TestResult result) {
        return result.rules().stream().map(RuleId::id).collect(Collectors.joining(", "));
    }

    private void show(String sentence) {
        int filled = tests == 0 ? 0 : (int) Math.min(BAR, (long) BAR * done / tests);
        line.show(
                "%s%s [%s%s] %d/%d%s%s  %s"
                        .formatted(
                                backend,
                                which,
                                "#".repeat(filled),
                                ".".repeat(BAR - filled),
                                done,
                                tests,
                                failed == 0 ? "" : ", " + failed + " failed",
                                left(),
                                sentence));
    }

    @Override
    public void close() {
        line.close();
    }
}
