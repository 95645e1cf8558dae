package org.opensva.conformance.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.testbackend.Fault;
import org.opensva.conformance.suite.testbackend.SoftBackend;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** With telemetry on, a test is the root of a trace, and what it found names that trace. */
class TraceOfATestTest {

    private static final String ROOT = "conformance.test";

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();

    private ConformanceRun.Builder traced() {
        return ConformanceRun.builder()
                .telemetry(
                        OpenTelemetrySdk.builder()
                                .setTracerProvider(
                                        SdkTracerProvider.builder()
                                                .addSpanProcessor(SimpleSpanProcessor.create(spans))
                                                .build())
                                .build());
    }

    private List<SpanData> roots() {
        return spans.getFinishedSpanItems().stream()
                .filter(span -> span.getName().equals(ROOT))
                .toList();
    }

    @Test
    void whatTheBackendDoesForATestIsInItsTrace() {
        ConformanceResult result = traced().backend("emulated:smmuv3").rules("BIND-03").run();
        assertEquals(ConformanceResult.Outcome.PASSED, result.outcome());
        Set<String> traces = roots().stream().map(SpanData::getTraceId).collect(Collectors.toSet());
        assertEquals(result.rule(RuleId.BIND_03).orElseThrow().tests().size(), traces.size());
        for (SpanData root : roots()) {
            assertFalse(root.getParentSpanContext().isValid(), root.toString());
            assertTrue(
                    spans.getFinishedSpanItems().stream()
                            .anyMatch(span ->
                                    span.getParentSpanId().equals(root.getSpanId())
                                            && span.getTraceId().equals(root.getTraceId())),
                    "the backend's spans are below the test's");
        }
    }

    @Test
    void aFailureNamesItsTrace() {
        ConformanceResult result =
                traced().catalog(
                                SoftBackend.catalog(
                                        SoftBackend.ALL,
                                        ForeignHandlePolicy.REFUSE,
                                        Fault.UNMAP_TELLS_NOBODY))
                        .backend("soft")
                        .rules("UNMAP-01")
                        .run();
        List<TestResult> failed =
                result.rule(RuleId.UNMAP_01).orElseThrow().tests().stream()
                        .filter(test -> test.verdict() == Verdict.FAILED)
                        .toList();
        assertFalse(failed.isEmpty(), result.toString());
        for (TestResult test : failed) {
            String trace = test.evidence().orElseThrow().trace();
            SpanData root =
                    roots().stream()
                            .filter(span -> span.getTraceId().equals(trace))
                            .findFirst()
                            .orElseThrow();
            assertTrue(root.getAttributes().asMap().containsValue(test.name()), root.toString());
            assertEquals(StatusCode.ERROR, root.getStatus().getStatusCode());
        }
    }
}
