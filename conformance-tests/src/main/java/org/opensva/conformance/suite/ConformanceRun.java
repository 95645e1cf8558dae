package org.opensva.conformance.suite;

import io.opentelemetry.api.OpenTelemetry;

import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.engine.support.store.Namespace;
import org.junit.platform.launcher.EngineFilter;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.rules.RuleBookException;
import org.opensva.conformance.suite.bench.Limits;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Runs the suite against one backend, from a program: the command line, or a test of the suite.
 *
 * <p>A run may be repeated; each {@link #run} opens the backend anew. Not thread-safe.
 */
public final class ConformanceRun {

    private static final String TESTS = "org.opensva.conformance.tests";

    private final RunSettings settings;
    private final ConformanceListener listener;
    private final List<Class<?>> classes;

    private ConformanceRun(
            RunSettings settings, ConformanceListener listener, List<Class<?>> classes) {
        this.settings = settings;
        this.listener = listener;
        this.classes = List.copyOf(classes);
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
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        // JUnit looks for engines and tests in the context loader; they are where the suite is.
        thread.setContextClassLoader(ConformanceRun.class.getClassLoader());
        try (RunContext context = new RunContext(settings);
                LauncherSession session = LauncherFactory.openSession(config())) {
            session.getStore().put(Namespace.create(RunContext.KEY), RunContext.KEY, context);
            TestPlan plan = discover(session, context);
            int tests = count(plan);
            if (tests == 0) {
                throw new SuiteFault(
                        "no test was found for the rules "
                                + settings.glob()
                                + "; the suite has nothing to run");
            }
            listener.runStarted(context.lease().descriptor(), tests, rules.size());
            VerdictCollector collector = new VerdictCollector(listener);
            session.getLauncher().execute(plan, collector);
            Optional<SuiteFault> fault = collector.fault();
            if (fault.isPresent()) {
                throw fault.get();
            }
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
                            collector.verdicts(rules, context.applicability()));
            listener.runFinished(result);
            return result;
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static LauncherConfig config() {
        // What else is on the class path (another listener, a filter) must not change a verdict.
        return LauncherConfig.builder()
                .enableTestExecutionListenerAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .enableLauncherDiscoveryListenerAutoRegistration(false)
                .enablePostDiscoveryFilterAutoRegistration(false)
                .build();
    }

    private TestPlan discover(LauncherSession session, RunContext context) {
        List<DiscoverySelector> selectors = new ArrayList<>();
        if (classes.isEmpty()) {
            selectors.add(DiscoverySelectors.selectPackage(TESTS));
        } else {
            classes.forEach(type -> selectors.add(DiscoverySelectors.selectClass(type)));
        }
        LauncherDiscoveryRequest request =
                LauncherDiscoveryRequestBuilder.request()
                        .selectors(selectors)
                        .filters(
                                EngineFilter.includeEngines("junit-jupiter"),
                                ClassNameFilter.includeClassNamePatterns(".*"),
                                selection(context))
                        .enableImplicitConfigurationParameters(false)
                        .build();
        try {
            return session.getLauncher().discover(request);
        } catch (org.junit.platform.commons.JUnitException e) {
            throw e.getCause() instanceof SuiteFault fault
                    ? fault
                    : new SuiteFault("the tests could not be found: " + e.getMessage(), e);
        }
    }

    private static PostDiscoveryFilter selection(RunContext context) {
        return descriptor -> {
            Optional<Method> test = method(descriptor);
            if (test.isEmpty()) {
                return FilterResult.included("not a test");
            }
            return FilterResult.includedIf(
                    Applicability.covered(test.get()).stream()
                            .anyMatch(id -> context.isSelected(id.id())));
        };
    }

    private static Optional<Method> method(TestDescriptor descriptor) {
        return descriptor.isTest()
                ? descriptor
                        .getSource()
                        .filter(MethodSource.class::isInstance)
                        .map(source -> ((MethodSource) source).getJavaMethod())
                : Optional.empty();
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
                    listener,
                    classes);
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
