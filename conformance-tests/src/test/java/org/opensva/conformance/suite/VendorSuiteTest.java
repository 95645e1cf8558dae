package org.opensva.conformance.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.opensva.api.backend.BackendProvider;
import org.opensva.conformance.suite.sample.SoftSuite;
import org.opensva.conformance.suite.testbackend.SoftProvider;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The suite as a vendor's own build runs it: through JUnit, with a class of a few lines. */
class VendorSuiteTest {

    @TempDir Path jar;

    @Test
    void aSubclassThatNamesItsBackendRunsTheSelectedRules() throws IOException {
        Path services = Files.createDirectories(jar.resolve("META-INF/services"));
        Files.writeString(
                services.resolve(BackendProvider.class.getName()), SoftProvider.class.getName());
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        List<String> skipped = new ArrayList<>();
        TestExecutionListener skips =
                new TestExecutionListener() {
                    @Override
                    public void executionSkipped(TestIdentifier test, String reason) {
                        skipped.add(reason);
                    }
                };
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, before);
                LauncherSession session = LauncherFactory.openSession()) {
            Thread.currentThread().setContextClassLoader(loader);
            session.getLauncher()
                    .execute(
                            LauncherDiscoveryRequestBuilder.request()
                                    .selectors(DiscoverySelectors.selectClass(SoftSuite.class))
                                    .build(),
                            summary,
                            skips);
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
        assertEquals(
                0,
                summary.getSummary().getTotalFailureCount(),
                () -> summary.getSummary().getFailures().toString());
        assertTrue(summary.getSummary().getTestsSucceededCount() >= 8, "too few tests ran");
        assertTrue(skipped.contains("none of its rules was asked for"), skipped.toString());
    }
}
