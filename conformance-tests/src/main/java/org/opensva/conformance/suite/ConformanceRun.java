package org.opensva.conformance.suite;

import io.opentelemetry.api.OpenTelemetry;

import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.support.store.Namespace;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherFactory;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.rules.RuleBookException;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.conformance.suite.claims.ClaimProbes;
import org.opensva.conformance.suite.claims.ClaimResult;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Runs the suite against one backend, from a program: the command line, or a test of the suite.
 *
 * <p>A run may be repeated; each {@link #run} opens the backend anew. Not thread-safe.
 */
public final class ConformanceRun {

    /** The seed of a run that names none: the same every time, so that two are comparable. */
    public static final long DEFAULT_SEED = RunSettings.DEFAULT_SEED;

    private final RunSettings settings;
    private final ConformanceListener listener;
    private final List<Class<?>> classes;
    private final Shard shard;
    private final Predicate<String> wanted;
    private final List<TestResult> earlier;
    private final boolean failFast;
    private final boolean probing;

    private ConformanceRun(RunSettings settings, Builder from) {
        this.settings = settings;
        this.listener = from.listener;
        this.classes = List.copyOf(from.classes);
        this.shard = from.shard;
        this.wanted = from.wanted.and(from.shard::has);
        this.earlier = List.copyOf(from.earlier);
        this.failFast = from.failFast;
        this.probing =
                from.probing.orElse(
                        settings.glob().equals("*") && shard.number() == 1 && classes.isEmpty());
    }

    /**
     * Starts the description of a run.
     *
     * @return a builder with the defaults: the backends of the suite's own class loader, every
     *     rule, the fixed default seed, normal limits
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Runs the tests and judges the rules.
     *
     * @return a result with a verdict for every rule that was asked for
     * @throws org.opensva.api.backend.BackendException if the backend cannot be opened
     * @throws SuiteFault if the suite itself fails: no test was found, or JUnit could not run
     */
    public ConformanceResult run() {
        long start = System.nanoTime();
        List<Rule> rules = settings.book().matching(settings.glob());
        return inSuite(() -> {
            try (RunContext context = new RunContext(settings, failFast);
                    LauncherSession session = LauncherFactory.openSession(TestSelection.config())) {
                session.getStore().put(Namespace.create(RunContext.KEY), RunContext.KEY, context);
                Judgement judgement = new Judgement(context.applicability());
                List<RuleResult> verdicts = verdicts(session, context, judgement, rules);
                ConformanceResult result =
                        new ConformanceResult(
                                settings.selector(),
                                context.lease().descriptor(),
                                settings.options(),
                                settings.glob(),
                                settings.book().digest(),
                                settings.seed(),
                                settings.limits().factor(),
                                Duration.ofNanos(System.nanoTime() - start),
                                shard,
                                1,
                                claims(context),
                                verdicts);
                listener.runFinished(result);
                return result;
            }
        });
    }

    /** After the rules, because the last probes end the use of a device. */
    private List<ClaimResult> claims(RunContext context) {
        return probing && !context.isGivenUp()
                ? new ClaimProbes(context.lease(), settings.seed(), settings.limits()).run()
                : List.of();
    }

    private List<RuleResult> verdicts(
            LauncherSession session, RunContext context, Judgement judgement, List<Rule> rules) {
        Set<String> known =
                earlier.stream().map(TestResult::name).collect(Collectors.toUnmodifiableSet());
        TestSelection selection =
                new TestSelection(
                        classes,
                        context.selected(),
                        name -> wanted.test(name) && !known.contains(name));
        TestPlan plan = selection.discover(session.getLauncher());
        if (selection.all().isEmpty()) {
            throw nothingToRun();
        }
        listener.runStarted(
                context.lease().descriptor(), count(plan) + earlier.size(), rules.size());
        VerdictCollector collector = new VerdictCollector(listener, context, earlier);
        session.getLauncher().execute(plan, collector);
        Optional<SuiteFault> fault = collector.fault();
        if (fault.isPresent()) {
            throw fault.get();
        }
        Set<RuleId> elsewhere =
                selection.all().stream()
                        .filter(test -> !wanted.test(test.name()))
                        .flatMap(test -> test.rules().stream())
                        .collect(Collectors.toUnmodifiableSet());
        return judgement.of(rules, collector.results(), elsewhere);
    }

    /**
     * The tests that a run has, found without opening the backend.
     *
     * @return the tests of the rules that were asked for and of the shard, in the order in which
     *     they run
     * @throws SuiteFault if no rule that was asked for has a test
     */
    public List<PlannedTest> tests() {
        Set<String> selected =
                settings.book().matching(settings.glob()).stream()
                        .map(Rule::id)
                        .collect(Collectors.toUnmodifiableSet());
        TestSelection selection = new TestSelection(classes, selected, wanted);
        return inSuite(() -> {
            try (LauncherSession session = LauncherFactory.openSession(TestSelection.config())) {
                selection.discover(session.getLauncher());
            }
            if (selection.all().isEmpty()) {
                throw nothingToRun();
            }
            return selection.all().stream().filter(test -> wanted.test(test.name())).toList();
        });
    }

    private SuiteFault nothingToRun() {
        return new SuiteFault(
                "no test was found for the rules "
                        + settings.glob()
                        + "; the suite has nothing to run");
    }

    /** JUnit looks for engines and tests in the context loader; they are where the suite is. */
    private static <T> T inSuite(Supplier<T> action) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(ConformanceRun.class.getClassLoader());
        try {
            return action.get();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static int count(TestPlan plan) {
        return (int) plan.countTestIdentifiers(TestIdentifier::isTest);
    }

    /** Describes a run. */
    public static final class Builder {

        private @Nullable BackendCatalog catalog;
        private @Nullable String backend;
        private final Map<String, String> options = new HashMap<>();
        private String glob = "*";
        private long seed = RunSettings.DEFAULT_SEED;
        private Limits limits = Limits.NORMAL;
        private OpenTelemetry telemetry = OpenTelemetry.noop();
        private ConformanceListener listener = new ConformanceListener() {};
        private List<Class<?>> classes = List.of();
        private Predicate<String> wanted = name -> true;
        private Shard shard = Shard.WHOLE;
        private List<TestResult> earlier = List.of();
        private boolean failFast;
        private Optional<Boolean> probing = Optional.empty();

        private Builder() {}

        /**
         * Where the backend comes from.
         *
         * @param value a catalog, possibly over class loaders of plugins
         * @return this builder
         */
        public Builder catalog(BackendCatalog value) {
            catalog = value;
            return this;
        }

        /**
         * The backend under test.
         *
         * @param selector {@code name} or {@code name:variant}
         * @return this builder
         */
        public Builder backend(String selector) {
            backend = selector;
            return this;
        }

        /**
         * Options of the backend.
         *
         * @param values options by key
         * @return this builder
         */
        public Builder options(Map<String, String> values) {
            options.putAll(values);
            return this;
        }

        /**
         * Which rules to judge.
         *
         * @param value a glob over ids, such as {@code UNMAP-*}; several separated by commas
         * @return this builder
         */
        public Builder rules(String value) {
            glob = value;
            return this;
        }

        /**
         * The seed of all random choices.
         *
         * @param value any number
         * @return this builder
         */
        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /**
         * Scales every limit.
         *
         * @param factor 1 for an idle developer machine; above 0 and at most 1000
         * @return this builder
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder timeoutFactor(double factor) {
            limits = new Limits(factor);
            return this;
        }

        /**
         * Where the backend's spans and metrics go.
         *
         * @param value {@link OpenTelemetry#noop()} for nowhere
         * @return this builder
         */
        public Builder telemetry(OpenTelemetry value) {
            telemetry = value;
            return this;
        }

        /**
         * Who hears how the run goes on.
         *
         * @param value the listener
         * @return this builder
         */
        public Builder listener(ConformanceListener value) {
            listener = value;
            return this;
        }

        /**
         * Runs these classes instead of the suite's own, for tests that a vendor adds.
         *
         * @param values classes marked with {@link RuleTests}
         * @return this builder
         */
        public Builder tests(Class<?>... values) {
            classes = List.of(values);
            return this;
        }

        /**
         * Runs only some of the tests. A rule of which none runs gets no verdict.
         *
         * @param value tells by its name, {@code Class.method}, whether a test runs
         * @return this builder
         */
        public Builder only(Predicate<String> value) {
            wanted = value;
            return this;
        }

        /**
         * Runs only a part of the tests. A rule whose tests are all in other parts gets no verdict.
         *
         * @param value the part
         * @return this builder
         */
        public Builder shard(Shard value) {
            shard = value;
            return this;
        }

        /**
         * Counts tests in that have run before, and does not run them again.
         *
         * @param results what they found
         * @return this builder
         */
        public Builder earlier(List<TestResult> results) {
            earlier = results;
            return this;
        }

        /**
         * Ends the run with the first test that fails; tests that have not run by then are
         * inconclusive.
         *
         * @param value true to do so
         * @return this builder
         */
        public Builder failFast(boolean value) {
            failFast = value;
            return this;
        }

        /**
         * Asks the backend for every capability as well, claimed or not; without this, only a run
         * of every rule by the suite's own tests does, and of several shards the first.
         *
         * @param value true to do so
         * @return this builder
         */
        public Builder claims(boolean value) {
            probing = Optional.of(value);
            return this;
        }

        /**
         * Checks the description.
         *
         * @return the run
         * @throws org.opensva.api.backend.BackendException if there is no such backend
         * @throws RuleBookException if the glob is malformed or matches no rule
         */
        public ConformanceRun build() {
            String selector = backend;
            if (selector == null) {
                throw new IllegalStateException("no backend was named");
            }
            BackendCatalog from =
                    catalog == null
                            ? BackendCatalog.load(ConformanceRun.class.getClassLoader())
                            : catalog;
            RuleBook book = RuleBook.load();
            if (book.matching(glob).isEmpty()) {
                throw new RuleBookException("no rule matches '" + glob + "'");
            }
            return new ConformanceRun(
                    new RunSettings(
                            book,
                            from,
                            from.resolve(selector),
                            options,
                            glob,
                            seed,
                            limits,
                            telemetry),
                    this);
        }

        /**
         * Checks the description and runs.
         *
         * @return the result
         * @see ConformanceRun#run
         */
        public ConformanceResult run() {
            return build().run();
        }
    }
}
