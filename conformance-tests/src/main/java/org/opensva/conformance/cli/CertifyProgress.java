package org.opensva.conformance.cli;

import org.opensva.api.backend.BackendDescriptor;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.ConformanceListener;
import org.opensva.conformance.suite.TestResult;
import org.opensva.conformance.suite.Verdict;

import java.util.stream.Collectors;

/**
 * Tells on standard error how a run goes on: on a terminal by one line that is updated, elsewhere
 * by a line when it begins and one for each failure.
 */
final class CertifyProgress implements ConformanceListener, AutoCloseable {

    private static final int BAR = 20;

    private final Console console;
    private final ProgressLine line;
    private String backend = "";
    private int tests;
    private int done;
    private int failed;

    CertifyProgress(Context context) {
        this.console = context.console();
        this.line = new ProgressLine(console, context.nanoTime());
    }

    @Override
    public void runStarted(BackendDescriptor descriptor, int testCount, int ruleCount) {
        backend = Console.oneLine(descriptor.qualifiedName());
        tests = testCount;
        if (!console.isLive()) {
            console.err().println("%s: %d tests, %d rules".formatted(backend, tests, ruleCount));
        }
    }

    @Override
    public void testStarted(String name, String sentence) {
        show(sentence);
    }

    @Override
    public void testFinished(TestResult result, int doneCount) {
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
    }

    private static String ids(TestResult result) {
        return result.rules().stream().map(RuleId::id).collect(Collectors.joining(", "));
    }

    private void show(String sentence) {
        int filled = tests == 0 ? 0 : (int) Math.min(BAR, (long) BAR * done / tests);
        line.show(
                "%s [%s%s] %d/%d%s  %s"
                        .formatted(
                                backend,
                                "#".repeat(filled),
                                ".".repeat(BAR - filled),
                                done,
                                tests,
                                failed == 0 ? "" : ", " + failed + " failed",
                                sentence));
    }

    @Override
    public void close() {
        line.close();
    }
}
