package org.opensva.conformance.suite;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;
import org.opensva.conformance.rules.Rule;

import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/** What all tests of one run share. Closed by JUnit, or by the run that made it. */
final class RunContext implements AutoCloseable {

    /** Why a test did not run in a run that ends with its first failure. */
    static final String GIVEN_UP = "the run was to end with the first failure";

    static final String KEY = "org.opensva.conformance.run";
    private static final Namespace NAMESPACE = Namespace.create(KEY);

    private final RunSettings settings;
    private final Set<String> selected;
    private final BackendLease lease;
    private final Applicability applicability;
    private final AtomicBoolean leakSeen = new AtomicBoolean();
    private final boolean failFast;
    private volatile boolean givenUp;

    RunContext(RunSettings settings) {
        this(settings, false);
    }

    RunContext(RunSettings settings, boolean failFast) {
        this.settings = settings;
        this.failFast = failFast;
        this.selected =
                settings.book().matching(settings.glob()).stream()
                        .map(Rule::id)
                        .collect(Collectors.toUnmodifiableSet());
        this.lease = new BackendLease(settings);
        this.applicability = new Applicability(settings.book(), lease.descriptor());
    }

    /** The context of the run that a test belongs to: the one that was given, or one of its own. */
    static RunContext of(ExtensionContext context) {
        RunContext given =
                context.getStore(StoreScope.LAUNCHER_SESSION, NAMESPACE).get(KEY, RunContext.class);
        if (given != null) {
            return given;
        }
        return context.getStore(StoreScope.EXECUTION_REQUEST, NAMESPACE)
                .getOrComputeIfAbsent(
                        context.getConfigurationParameter(RunSettings.BACKEND).orElse(""),
                        key ->
                                new RunContext(
                                        RunSettings.of(
                                                context::getConfigurationParameter,
                                                loader(context))),
                        RunContext.class);
    }

    /** The loader that JUnit found the tests with, which sees a vendor's backend too. */
    private static ClassLoader loader(ExtensionContext context) {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        return loader == null ? context.getRequiredTestClass().getClassLoader() : loader;
    }

    RunSettings settings() {
        return settings;
    }

    BackendLease lease() {
        return lease;
    }

    Applicability applicability() {
        return applicability;
    }

    /** Set once a test has left something behind: later ones are not given the same time again. */
    AtomicBoolean leakSeen() {
        return leakSeen;
    }

    Set<String> selected() {
        return selected;
    }

    boolean isSelected(String rule) {
        return selected.contains(rule);
    }

    /** Notes that a test failed. */
    void failed() {
        givenUp = failFast;
    }

    /** Tells whether no further test is to run. */
    boolean isGivenUp() {
        return givenUp;
    }

    @Override
    public void close() {
        try {
            lease.close();
        } catch (BackendLease.DoesNotClose e) {
            // All verdicts are known by now, and what hangs are daemon threads: nothing to add.
            return;
        }
    }
}
