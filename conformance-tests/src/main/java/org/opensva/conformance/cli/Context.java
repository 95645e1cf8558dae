package org.opensva.conformance.cli;

import org.opensva.conformance.cli.telemetry.Telemetry;
import org.opensva.conformance.cli.telemetry.TelemetryOptions;
import org.opensva.conformance.report.AtomicFiles;
import org.opensva.conformance.suite.ConformanceResult;
import org.opensva.conformance.suite.ConformanceRun;
import org.opensva.conformance.suite.PlannedTest;

import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * What every command is given.
 *
 * @param console where it reads and writes
 * @param files how it writes files
 * @param nanoTime the clock of progress displays
 * @param suite what judges rules
 * @param program the class whose {@code main} a child JVM runs
 * @param telemetry opens what a command was asked to tell
 */
record Context(
        Console console,
        AtomicFiles files,
        LongSupplier nanoTime,
        Suite suite,
        Class<?> program,
        Function<TelemetryOptions, Telemetry> telemetry) {

    /** As the options and the environment say. */
    Context(
            Console console,
            AtomicFiles files,
            LongSupplier nanoTime,
            Suite suite,
            Class<?> program) {
        this(
                console,
                files,
                nanoTime,
                suite,
                program,
                options -> options.open(console.environment(), console::complain));
    }

    /** The same, with telemetry that is opened in another way. */
    Context with(Function<TelemetryOptions, Telemetry> other) {
        return new Context(console, files, nanoTime, suite, program, other);
    }

    /** What every command is given outside tests, beside console and files. */
    static Context of(Console console, AtomicFiles files) {
        return new Context(
                console, files, System::nanoTime, ConformanceRun.Builder::run, Main.class);
    }

    /**
     * Runs the suite: the seam at which tests of the command line bring rule tests of their own.
     */
    @FunctionalInterface
    interface Suite {
        ConformanceResult run(ConformanceRun.Builder run);

        /** The tests that a run has. */
        default List<PlannedTest> tests(ConformanceRun.Builder run) {
            return run.build().tests();
        }
    }
}
