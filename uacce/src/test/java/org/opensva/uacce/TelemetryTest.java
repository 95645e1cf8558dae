package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.lab.Lab.SOON;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.logs.export.SimpleLogRecordProcessor;
import io.opentelemetry.sdk.testing.exporter.InMemoryLogRecordExporter;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.ErrorInjection;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.telemetry.SvaAttributes;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

class TelemetryTest {

    private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
    private final OpenTelemetry telemetry =
            OpenTelemetrySdk.builder()
                    .setTracerProvider(
                            SdkTracerProvider.builder()
                                    .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                                    .build())
                    .build();
    private final Lab lab =
            new Lab(
                    UacceConfig.of("zip-0").withForeignHandles(ForeignHandlePolicy.OPENER),
                    telemetry);
    private final LabProcess process = new LabProcess();

    private List<SpanData> jobs() {
        return exporter.getFinishedSpanItems().stream()
                .filter(span -> span.getName().equals(SvaTelemetry.SPAN_JOB))
                .toList();
    }

    private static Map<String, Object> attributes(SpanData span) {
        Map<String, Object> all = new HashMap<>();
        for (Map.Entry<AttributeKey<?>, Object> one : span.getAttributes().asMap().entrySet()) {
            all.put(one.getKey().getKey(), one.getValue());
        }
        return all;
    }

    /** Threshold and one errors within the hour; and told once. */
    @Test
    void anAcceleratorThatIsIsolatedIsTold() {
        InMemoryLogRecordExporter logs = InMemoryLogRecordExporter.create();
        OpenTelemetry onlyLogs =
                OpenTelemetrySdk.builder()
                        .setLoggerProvider(
                                SdkLoggerProvider.builder()
                                        .addLogRecordProcessor(
                                                SimpleLogRecordProcessor.create(logs))
                                        .build())
                        .build();
        try (Lab other = new Lab(UacceConfig.of("zip-1"), onlyLogs)) {
            other.device.sysfs().orElseThrow().write("isolate_strategy", "1");
            ErrorInjection errors = other.device.errorInjection().orElseThrow();
            errors.hardwareError();
            assertEquals(List.of(), logs.getFinishedLogRecordItems());
            for (int i = 0; i < 3; i++) {
                errors.hardwareError();
            }
            assertEquals(
                    List.of(SvaTelemetry.LOG_ACCELERATOR_ISOLATED),
                    logs.getFinishedLogRecordItems().stream()
                            .map(LogRecordData::getEventName)
                            .toList());
        }
    }

    @Test
    void aJobIsASpanFromItsSubmissionOnBelowTheSubmittersSpan() {
        QueueHandle queue = lab.device.open(process);
        queue.start();
        Span parent = telemetry.getTracer("test").spanBuilder("request").startSpan();
        long to = process.memory(new byte[16]);
        try (Scope _ = parent.makeCurrent()) {
            assertTrue(queue.run(Job.fill(to, 16, 1), SOON).succeeded());
        }
        queue.close();
        assertEquals(1, jobs().size());
        SpanData job = jobs().getFirst();
        assertEquals(parent.getSpanContext().getSpanId(), job.getParentSpanId());
        assertEquals(
                Map.of(
                        SvaAttributes.LANE.getKey(),
                        "process",
                        SvaAttributes.DEVICE.getKey(),
                        "zip-0",
                        SvaAttributes.REQUESTER.getKey(),
                        0x18L,
                        SvaAttributes.PASID.getKey(),
                        (long) queue.pasid().value(),
                        SvaAttributes.PROCESS.getKey(),
                        process.pid(),
                        SvaAttributes.OPERATION.getKey(),
                        "fill",
                        SvaAttributes.LENGTH.getKey(),
                        16L,
                        SvaAttributes.STATUS.getKey(),
                        "SUCCESS"),
                attributes(job));
        assertEquals(StatusCode.UNSET, job.getStatus().getStatusCode());
        SpanData engine =
                exporter.getFinishedSpanItems().stream()
                        .filter(span -> span.getName().equals(SvaTelemetry.SPAN_EXECUTE))
                        .findFirst()
                        .orElseThrow();
        assertEquals(job.getSpanId(), engine.getParentSpanId());
        assertEquals(job.getTraceId(), engine.getTraceId());
        assertTrue(engine.getStartEpochNanos() >= job.getStartEpochNanos());
        assertTrue(engine.getEndEpochNanos() <= job.getEndEpochNanos());
    }

    @Test
    void everyJobHasASpanThatEndsWhateverBecomesOfIt() {
        QueueHandle queue = lab.device.open(process);
        queue.start();
        QueueHandle inherited = queue.inheritedBy(process.fork());
        for (int i = 0; i < 10; i++) {
            assertTrue(queue.run(Job.nop(), SOON).succeeded());
            assertTrue(inherited.run(Job.nop(), SOON).succeeded());
        }
        assertEquals(JobStatus.PAGE_FAULT, queue.run(Job.crc32c(0, 1), SOON).status());
        long hidden = process.memory(new byte[1]);
        lab.endpoint.gateAt(hidden);
        for (int i = 0; i < 5; i++) {
            queue.submit(Job.crc32c(hidden, 1));
            inherited.submit(Job.nop());
        }
        process.exit(0);
        lab.device.remove();
        Map<Object, Long> byStatus =
                jobs().stream()
                        .collect(
                                Collectors.groupingBy(
                                        span -> attributes(span).get(SvaAttributes.STATUS.getKey()),
                                        Collectors.counting()));
        assertEquals(31, jobs().size());
        assertEquals(1, byStatus.get("PAGE_FAULT"));
        assertNotEquals(null, byStatus.get("ABORTED"));
        assertTrue(byStatus.get("SUCCESS") >= 20);
    }
}
