package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.suite.Shard;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Options of long runs. */
final class CampaignOptions {

    private static final int MOST_RUNS = 1_000_000;

    @Option(
            names = "--shard",
            paramLabel = "K/N",
            converter = ShardConverter.class,
            description =
                    "Run only part K of N of the tests; 'opensva merge' makes one report of all"
                            + " parts.")
    private Shard shard = Shard.WHOLE;

    @Option(
            names = "--resume",
            description = "Go on with the run that was interrupted and had the same --report.")
    private boolean resume;

    @Option(
            names = "--fail-fast",
            description = "End with the first test that fails, also of several backends.")
    private boolean failFast;

    @Option(
            names = "--repeat",
            paramLabel = "N",
            description = "Run N times, each with the next seed; the worst result counts.")
    private @Nullable Integer repeat;

    @Option(
            names = "--until-failure",
            description = "Repeat until a test fails, or as often as --repeat says.")
    private boolean untilFailure;

    @Option(
            names = "--isolate",
            negatable = true,
            description =
                    "Run the chapters of the suite in JVMs of their own, so that a backend that"
                            + " crashes costs one test. The default for backends of --plugin and"
                            + " for native ones.")
    void chooseIsolation(boolean chosen) {
        isolation = chosen ? Isolation.ALWAYS : Isolation.NEVER;
    }

    private Isolation isolation = Isolation.BY_BACKEND;

    /** Whether chapters run in JVMs of their own. */
    private enum Isolation {
        BY_BACKEND,
        ALWAYS,
        NEVER
    }

    /** Makes sure that the options go together. */
    void check(boolean hasReport) {
        Integer times = repeat;
        if (times != null && (times < 1 || times > MOST_RUNS)) {
            throw new UsageException("--repeat %d is not from 1 to %d".formatted(times, MOST_RUNS));
        }
        if (resume && !hasReport) {
            throw new UsageException("--resume needs --report: the journal is there");
        }
    }

    Shard shard() {
        return shard;
    }

    boolean resume() {
        return resume;
    }

    boolean failFast() {
        return failFast;
    }

    boolean untilFailure() {
        return untilFailure;
    }

    /** True if a backend without faults is run until somebody ends it. */
    boolean isEndless() {
        return untilFailure && repeat == null;
    }

    /** How many runs there are at most. */
    int runs() {
        Integer times = repeat;
        if (times != null) {
            return times;
        }
        return untilFailure ? MOST_RUNS : 1;
    }

    /** True if each chapter runs in a JVM of its own; without the option, {@code other} decides. */
    boolean isolate(boolean other) {
        return switch (isolation) {
            case BY_BACKEND -> other;
            case ALWAYS -> true;
            case NEVER -> false;
        };
    }

    /** Reads {@code K/N}. */
    static final class ShardConverter implements ITypeConverter<Shard> {

        /** Needed by picocli. */
        ShardConverter() {}

        @Override
        public Shard convert(String text) {
            try {
                return Shard.of(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(
                        "'%s' is none: %s".formatted(text, e.getMessage()));
            }
        }
    }
}
