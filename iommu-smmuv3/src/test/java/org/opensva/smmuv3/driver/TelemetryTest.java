package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.logs.export.SimpleLogRecordProcessor;
import io.opentelemetry.sdk.testing.exporter.InMemoryLogRecordExporter;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.SvaAttributes;
import org.opensva.api.telemetry.SvaTelemetry;

import java.util.List;

/** Spans and log events of the driver. */
class TelemetryTest {

    private static final String SYNC = SvaTelemetry.SPAN_INVALIDATE_SYNC;
    private static final String IOTLB = SvaTelemetry.SPAN_INVALIDATE_IOTLB;
    private static final String ATC = SvaTelemetry.SPAN_INVALIDATE_ATC;

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final InMemoryLogRecordExporter logs = InMemoryLogRecordExporter.create();
    private final OpenTelemetrySdk telemetry =
            OpenTelemetrySdk.builder()
                    .setTracerProvider(
                            SdkTracerProvider.builder()
                                    .addSpanProcessor(SimpleSpanProcessor.create(spans))
                                    .build())
                    .setLoggerProvider(
                            SdkLoggerProvider.builder()
                                    .addLogRecordProcessor(SimpleLogRecordProcessor.create(logs))
                                    .build())
                    .build();
    private final FlatMemory memory = new FlatMemory();
    private final RecordingSmmu smmu = new RecordingSmmu(memory, true);
    private final SmmuV3Driver driver =
            new SmmuV3Driver(smmu, memory, memory, HardwareEventSink.NONE, telemetry);
    private final AttachedDevice device =
            driver.attach(new FakeDevice("zip-0", 0x100, true), (from, group) -> {});
    private final FakeAddressSpace mm = new FakeAddressSpace(1, 0x4100_0000L);

    @AfterEach
    void everythingCanBeClosed() {
        driver.close();
        telemetry.close();
    }

    private List<SpanData> spansOf(Runnable action) {
        spans.reset();
        action.run();
        return spans.getFinishedSpanItems();
    }

    private static List<String> names(List<SpanData> spans) {
        return spans.stream().map(SpanData::getName).toList();
    }

    private static List<String> told(SpanData span) {
        return span.getEvents().stream()
                .map(event ->
                        event.getAttributes().get(SvaAttributes.REQUESTER)
                                + " "
                                + event.getAttributes().get(SvaAttributes.PASID))
                .toList();
    }

    private void unmap() {
        mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096));
    }

    @Test
    void anInvalidationIsASpanWithAChildForEachPhaseAndInItTheWait() {
        device.bind(new Pasid(5), driver.createDomain(mm));
        List<SpanData> seen = spansOf(this::unmap);
        assertEquals(List.of(SYNC, IOTLB, SYNC, ATC, SvaTelemetry.SPAN_INVALIDATE), names(seen));
        SpanData whole = seen.getLast();
        assertEquals(SpanId.getInvalid(), whole.getParentSpanId());
        assertEquals(seen.get(1).getSpanId(), seen.get(0).getParentSpanId());
        assertEquals(whole.getSpanId(), seen.get(1).getParentSpanId());
        assertEquals(seen.get(3).getSpanId(), seen.get(2).getParentSpanId());
        assertEquals(whole.getSpanId(), seen.get(3).getParentSpanId());
        assertEquals(List.of("256 5"), told(seen.get(3)));
    }

    @Test
    void anAtcThatIsEmptiedForABindOrAnUnbindIsASpanToo() {
        List<SpanData> bind = spansOf(() -> device.bind(new Pasid(5), driver.createDomain(mm)));
        assertEquals(List.of(SYNC, ATC), names(bind));
        assertEquals(List.of("256 -1"), told(bind.getLast()));
        assertEquals(bind.get(1).getSpanId(), bind.get(0).getParentSpanId());
        List<SpanData> unbind = spansOf(() -> device.unbind(new Pasid(5)));
        assertEquals(List.of(SYNC, ATC, SYNC, ATC), names(unbind));
        assertEquals(List.of("256 5"), told(unbind.get(1)));
        assertEquals(List.of("256 -1"), told(unbind.get(3)));
    }

    @Test
    void aDeviceThatIsCutOffIsALogEventInTheTraceOfTheInvalidation() {
        device.bind(new Pasid(5), driver.createDomain(mm));
        smmu.silentStreams.add(0x100);
        List<SpanData> seen = spansOf(this::unmap);
        LogRecordData event = logs.getFinishedLogRecordItems().getFirst();
        assertEquals(1, logs.getFinishedLogRecordItems().size());
        assertEquals("zip-0", event.getAttributes().get(SvaAttributes.DEVICE));
        assertEquals(256L, event.getAttributes().get(SvaAttributes.REQUESTER));
        assertEquals(seen.getLast().getTraceId(), event.getSpanContext().getTraceId());
    }
}
