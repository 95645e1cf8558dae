package org.opensva.conformance.suite;

import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.EngineFilter;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.opensva.conformance.rules.RuleId;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Which tests a run has: those of the rules that were asked for, and of them the wanted ones. */
final class TestSelection {

    private static final String TESTS = "org.opensva.conformance.tests";

    private final List<Class<?>> classes;
    private final Set<String> rules;
    private final Predicate<String> wanted;
    private final Map<String, PlannedTest> all = new LinkedHashMap<>();

    /**
     * Describes a selection.
     *
     * @param classes classes with tests, or none for the suite's own
     * @param rules the ids of the rules that were asked for
     * @param wanted which of their tests, by name
     */
    TestSelection(List<Class<?>> classes, Set<String> rules, Predicate<String> wanted) {
        this.classes = classes;
        this.rules = rules;
        this.wanted = wanted;
    }

    static LauncherConfig config() {
        // What else is on the class path (another listener, a filter) must not change a verdict.
        return LauncherConfig.builder()
                .enableTestExecutionListenerAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .enableLauncherDiscoveryListenerAutoRegistration(false)
                .enablePostDiscoveryFilterAutoRegistration(false)
                .build();
    }

    /** Every test of the suite, without a backend. */
    static List<PlannedTest> everything() {
        Set<String> rules =
                Arrays.stream(RuleId.values())
                        .map(RuleId::id)
                        .collect(Collectors.toUnmodifiableSet());
        TestSelection selection = new TestSelection(List.of(), rules, name -> true);
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(TestSelection.class.getClassLoader());
        try (LauncherSession session = LauncherFactory.openSession(config())) {
            selection.discover(session.getLauncher());
            return selection.all();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** Finds the tests. */
    TestPlan discover(Launcher launcher) {
        List<DiscoverySelector> selectors = new ArrayList<>();
        if (classes.isEmpty()) {
            selectors.add(DiscoverySelectors.selectPackage(TESTS));
        } else {
            classes.forEach(type -> selectors.add(DiscoverySelectors.selectClass(type)));
        }
        PostDiscoveryFilter filter = this::filter;
        LauncherDiscoveryRequest request =
                LauncherDiscoveryRequestBuilder.request()
                        .selectors(selectors)
                        .filters(
                                EngineFilter.includeEngines("junit-jupiter"),
                                ClassNameFilter.includeClassNamePatterns(".*"),
                                filter)
                        .enableImplicitConfigurationParameters(false)
                        .build();
        try {
            return launcher.discover(request);
        } catch (org.junit.platform.commons.JUnitException e) {
            throw e.getCause() instanceof SuiteFault fault
                    ? fault
                    : new SuiteFault("the tests could not be found: " + e.getMessage(), e);
        }
    }

    private FilterResult filter(TestDescriptor descriptor) {
        Optional<Method> test = method(descriptor);
        if (test.isEmpty()) {
            return FilterResult.included("not a test");
        }
        List<RuleId> covered = Applicability.covered(test.get());
        if (covered.stream().noneMatch(id -> rules.contains(id.id()))) {
            return FilterResult.excluded("none of its rules was asked for");
        }
        String name = Applicability.name(test.get());
        all.put(name, new PlannedTest(name, Applicability.sentence(test.get()), covered));
        return FilterResult.includedIf(wanted.test(name));
    }

    private static Optional<Method> method(TestDescriptor descriptor) {
        return descriptor.isTest()
                ? descriptor
                        .getSource()
                        .filter(MethodSource.class::isInstance)
                        .map(source -> ((MethodSource) source).getJavaMethod())
                : Optional.empty();
    }

    /** Every test of the rules that were asked for, whether wanted or not. */
    List<PlannedTest> all() {
        return List.copyOf(all.values());
    }
}
