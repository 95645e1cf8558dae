package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.cli.words.Reason;
import org.opensva.conformance.cli.words.TextFile;
import org.opensva.conformance.programs.Claims;
import org.opensva.conformance.programs.Program;
import org.opensva.conformance.programs.ProgramFormatException;
import org.opensva.conformance.programs.ProgramGenerator;
import org.opensva.conformance.programs.ProgramReader;
import org.opensva.conformance.programs.Theme;
import org.opensva.conformance.suite.bench.Limits;

import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/** Which programs to run, and for how long; two commands have these options. */
final class ProgramOptions {

    private static final int MAX_LENGTH = 100_000;

    /** Of a program of as many steps as one may have; they are short. */
    private static final int LARGEST = 16 << 20;

    private static final int MAX_MINUTES = 60 * 24 * 365;

    @Option(
            names = "--programs",
            paramLabel = "N",
            description =
                    "How many random programs of each theme, or races of each kind; default"
                            + " ${DEFAULT-VALUE}.",
            defaultValue = "100")
    private int programs;

    @Option(
            names = "--minutes",
            paramLabel = "M",
            description = "Run programs for that long instead.")
    private @Nullable Double minutes;

    @Option(
            names = "--length",
            paramLabel = "N",
            description = "Steps of a program; default ${DEFAULT-VALUE}.",
            defaultValue = "80")
    private int length;

    @Option(
            names = "--seed",
            paramLabel = "N",
            converter = Seed.class,
            description = "Chooses the programs; the same by default.")
    private long seed = 1;

    @Option(
            names = "--theme",
            paramLabel = "THEME",
            description = "Only programs about this: mappings, forks or endings.")
    private @Nullable Theme theme;

    @Option(
            names = "--program",
            paramLabel = "FILE",
            description = "Run the program in this file, as a finding printed it, instead.")
    private @Nullable Path file;

    @Option(
            names = "--timeout-factor",
            paramLabel = "F",
            description =
                    "Multiply every time limit, for slow or busy machines; above 1 also the"
                            + " backend's own, by its option 'timeout-factor'.")
    private double timeoutFactor = 1;

    /** Checks the ranges. */
    void check() {
        if (programs < 1) {
            throw new UsageException("--programs %d is less than 1".formatted(programs));
        }
        if (length < 1 || length > MAX_LENGTH) {
            throw new UsageException(
                    "--length %d is not between 1 and %d".formatted(length, MAX_LENGTH));
        }
        Double time = minutes;
        if (time != null && !(time > 0 && time <= MAX_MINUTES)) {
            throw new UsageException("--minutes %s is not above 0".formatted(time));
        }
        if (!(timeoutFactor > 0 && timeoutFactor <= 1000)) {
            throw new UsageException(
                    "time-out factor %s is not above 0 and at most 1000".formatted(timeoutFactor));
        }
    }

    /** The time limits of single operations. */
    Limits limits() {
        return new Limits(timeoutFactor);
    }

    /**
     * Makes programs, one of each theme in turn, until their number or the time is used up.
     *
     * @param claims what the programs may rest on
     * @param nanoTime the clock
     * @param next takes a program, and tells whether to go on
     * @return how many there were
     */
    int each(Claims claims, LongSupplier nanoTime, Predicate<Program> next) {
        Double time = minutes;
        long begin = nanoTime.getAsLong();
        long limit = time == null ? Long.MAX_VALUE : (long) (time * 60e9);
        int most = time == null ? programs : Integer.MAX_VALUE;
        Theme one = theme;
        List<Theme> themes = one == null ? List.of(Theme.values()) : List.of(one);
        int count = 0;
        for (int index = 0; index < most; index++) {
            for (Theme each : themes) {
                if (nanoTime.getAsLong() - begin >= limit) {
                    return count;
                }
                count++;
                if (!next.test(
                        ProgramGenerator.generate(claims, each, seed(each, index), length))) {
                    return count;
                }
            }
        }
        return count;
    }

    /**
     * Runs races until their number or the time is used up.
     *
     * @param nanoTime the clock
     * @param next takes the seed of a round, and tells whether to go on
     * @return how many rounds there were
     */
    int eachRound(LongSupplier nanoTime, LongPredicate next) {
        Double time = minutes;
        long begin = nanoTime.getAsLong();
        long limit = time == null ? Long.MAX_VALUE : (long) (time * 60e9);
        int most = time == null ? programs : Integer.MAX_VALUE;
        int count = 0;
        while (count < most && nanoTime.getAsLong() - begin < limit) {
            // The first has the seed that was given, so that a finding's seed repeats it.
            if (!next.test(seed + count++)) {
                break;
            }
        }
        return count;
    }

    /** The seed of one program; the same for the same seed, theme and position. */
    private long seed(Theme of, int index) {
        return new SplittableRandom(seed ^ ((long) of.ordinal() << 56) ^ index).nextLong();
    }

    /** The program that was named; null if none was. */
    @Nullable Program given() {
        Path path = file;
        if (path == null) {
            return null;
        }
        try {
            Program program = ProgramReader.read(TextFile.read(path, LARGEST));
            if (program.steps().isEmpty()) {
                throw new UsageException("'%s' has no step".formatted(path));
            }
            return program;
        } catch (ProgramFormatException e) {
            throw new UsageException("'%s': %s".formatted(path, e.getMessage()), e);
        } catch (IOException e) {
            throw new UsageException("cannot read '%s': %s".formatted(path, Reason.of(e)), e);
        }
    }
}
