package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.logs.export.SimpleLogRecordProcessor;
import io.opentelemetry.sdk.testing.exporter.InMemoryLogRecordExporter;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.SvaAttributes;
import org.opensva.api.telemetry.SvaTelemetry;

import java.util.List;

class TelemetryTest {

    private static final int ZIP = 0x100;
    private static final int PASID = DriverBench.PASID.value();

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final InMemoryLogRecordExporter logs = InMemoryLogRecordExporter.create();
    private final FlatMemory memory = new FlatMemory();
    private final RecordingUnit unit = new RecordingUnit(memory);
    private final VtdDriver driver =
            new VtdDriver(
                    unit,
                    memory,
                    memory,
                    HardwareEventSink.NONE,
                    OpenTelemetrySdk.builder()
                            .setTracerProvider(
                                    SdkTracerProvider.builder()
                                            .addSpanProcessor(SimpleSpanProcessor.create(spans))
                                            .build())
                            .setLoggerProvider(
                                    SdkLoggerProvider.builder()
                                            .addLogRecordProcessor(
                                                    SimpleLogRecordProcessor.create(logs))
                                            .build())
                            .build());
    private final AttachedDevice device =
            driver.attach(new FakeDevice("zip-0", ZIP, true), (from, group) -> {});
    private final FakeAddressSpace mm = new FakeAddressSpace(1, 0x4100_0000L);

    private List<SpanData> spansOf(Runnable action) {
        spans.reset();
        action.run();
        return spans.getFinishedSpanItems();
    }

    private void bind() {
        device.bind(DriverBench.PASID, driver.createDomain(mm));
    }

    private static List<String> names(List<SpanData> spans) {
        return spans.stream().map(SpanData::getName).toList();
    }

    private static List<Attributes> told(SpanData span) {
        return span.getEvents().stream()
                .filter(event -> event.getName().equals(SvaTelemetry.EVENT_ATC_INVALIDATE))
                .map(EventData::getAttributes)
                .toList();
    }

    private static Attributes whom(int requester, int pasid) {
        return Attributes.of(
                SvaAttributes.REQUESTER, (long) requester, SvaAttributes.PASID, (long) pasid);
    }

    @Test
    void anInvalidationIsASpanWithAChildForEachPhase() {
        bind();
        List<SpanData> seen =
                spansOf(() -> mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096)));
        assertEquals(
                List.of(
                        SvaTelemetry.SPAN_INVALIDATE_SYNC,
                        SvaTelemetry.SPAN_INVALIDATE_IOTLB,
                        SvaTelemetry.SPAN_INVALIDATE_SYNC,
                        SvaTelemetry.SPAN_INVALIDATE_ATC,
                        SvaTelemetry.SPAN_INVALIDATE),
                names(seen));
        String parent = seen.getLast().getSpanId();
        assertEquals(SpanId.getInvalid(), seen.getLast().getParentSpanId());
        assertEquals(seen.get(1).getSpanId(), seen.get(0).getParentSpanId());
        assertEquals(parent, seen.get(1).getParentSpanId());
        assertEquals(seen.get(3).getSpanId(), seen.get(2).getParentSpanId());
        assertEquals(parent, seen.get(3).getParentSpanId());
        assertEquals(List.of(whom(ZIP, PASID)), told(seen.get(3)));
        driver.close();
    }

    @Test
    void aFirstBindIsTwoAtcPhasesOfTheDeviceAndOfThePasid() {
        List<SpanData> seen = spansOf(this::bind);
        assertEquals(
                List.of(
                        SvaTelemetry.SPAN_INVALIDATE_SYNC,
                        SvaTelemetry.SPAN_INVALIDATE_ATC,
                        SvaTelemetry.SPAN_INVALIDATE_SYNC,
                        SvaTelemetry.SPAN_INVALIDATE_ATC),
                names(seen));
        assertEquals(List.of(whom(ZIP, Pasid.NONE)), told(seen.get(1)));
        assertEquals(List.of(whom(ZIP, PASID)), told(seen.get(3)));
    }

    @Test
    void aReleaseIsASpanWithEverythingInIt() {
        bind();
        List<SpanData> seen = spansOf(() -> mm.listeners.getFirst().release());
        assertEquals(SvaTelemetry.SPAN_INVALIDATE, seen.getLast().getName());
        assertEquals(5, seen.size());
        assertEquals(-1L, seen.getLast().getAttributes().get(SvaAttributes.LENGTH));
    }

    @Test
    void aDeviceThatIsCutOffIsLoggedByItsName() {
        bind();
        unit.silentDevices.add(ZIP);
        mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096));
        LogRecordData log = logs.getFinishedLogRecordItems().getFirst();
        assertEquals("zip-0", log.getAttributes().get(SvaAttributes.DEVICE));
        assertEquals((long) ZIP, log.getAttributes().get(SvaAttributes.REQUESTER));
        assertEquals(1, logs.getFinishedLogRecordItems().size());
    }
}
