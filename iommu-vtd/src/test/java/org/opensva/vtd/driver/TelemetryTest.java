package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.SvaTelemetry;

import java.util.List;

class TelemetryTest {

    @Test
    void anInvalidationIsASpanWithAChildForEachPhase() {
        InMemorySpanExporter exporter = InMemorySpanExporter.create();
        FlatMemory memory = new FlatMemory();
        try (SdkTracerProvider provider =
                SdkTracerProvider.builder()
                        .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                        .build()) {
            VtdDriver driver =
                    new VtdDriver(
                            new RecordingUnit(memory),
                            memory,
                            memory,
                            HardwareEventSink.NONE,
                            OpenTelemetrySdk.builder().setTracerProvider(provider).build());
            AttachedDevice device =
                    driver.attach(new FakeDevice("zip-0", 0x100, true), (from, group) -> {});
            FakeAddressSpace mm = new FakeAddressSpace(1, 0x4100_0000L);
            device.bind(DriverBench.PASID, driver.createDomain(mm));
            exporter.reset();
            mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096));
            List<SpanData> spans = exporter.getFinishedSpanItems();
            assertEquals(
                    List.of(
                            SvaTelemetry.SPAN_INVALIDATE_SYNC,
                            SvaTelemetry.SPAN_INVALIDATE_IOTLB,
                            SvaTelemetry.SPAN_INVALIDATE_SYNC,
                            SvaTelemetry.SPAN_INVALIDATE_ATC,
                            SvaTelemetry.SPAN_INVALIDATE),
                    spans.stream().map(SpanData::getName).toList());
            String parent = spans.getLast().getSpanId();
            assertEquals(SpanId.getInvalid(), spans.getLast().getParentSpanId());
            assertEquals(spans.get(1).getSpanId(), spans.get(0).getParentSpanId());
            assertEquals(parent, spans.get(1).getParentSpanId());
            assertEquals(spans.get(3).getSpanId(), spans.get(2).getParentSpanId());
            assertEquals(parent, spans.get(3).getParentSpanId());
            driver.close();
        }
    }
}
