package org.opensva.conformance.suite.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.Timeline.Lane;
import org.opensva.conformance.suite.bench.Timeline.Moment;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Pictures are drawn from the spans that a backend emits. */
class SpanFeedTest {

    private static final Duration SOON = Duration.ofSeconds(30);

    /** A device reads a page, which is unmapped then; what the picture shows of it. */
    private static List<Moment> unmapping(SpanFeed feed) {
        try (Backend backend =
                        BackendCatalog.load(SpanFeedTest.class.getClassLoader())
                                .open("emulated:smmuv3", Map.of(), feed);
                TestBench bench =
                        new TestBench(
                                backend,
                                new BenchSettings("test", List.of(), 0, new Limits(1)),
                                feed)) {
            SvaProcess process = backend.processes().spawn("pictured");
            QueueHandle queue = backend.accelerators().getFirst().open(process);
            queue.start();
            long page = process.pageSize();
            long address = process.mmap(MapRequest.anonymous(page));
            bench.beginTimeline();
            bench.step("a device reads a page, and it is unmapped");
            assertTrue(queue.run(Job.crc32c(address, page), SOON).succeeded());
            process.munmap(address, page);
            bench.step("and that was all");
            List<Moment> moments = bench.timeline().orElseThrow().moments();
            bench.endTimeline();
            queue.close();
            process.exit(0);
            return moments;
        }
    }

    private static int place(List<Moment> moments, Lane lane, String what) {
        List<Moment> found =
                moments.stream().filter(m -> m.lane() == lane && m.what().equals(what)).toList();
        assertEquals(1, found.size(), what + " in " + moments);
        return moments.indexOf(found.getFirst());
    }

    private static void assertWithin(List<Moment> moments, int span, int inner) {
        assertTrue(
                span < inner && inner <= moments.get(span).until(),
                moments.get(inner) + " within " + moments.get(span) + " in " + moments);
    }

    @Test
    void thePictureOfAnUnmappingShowsItsSpansAroundWhatTheHardwareDid() {
        List<Moment> moments = unmapping(new SpanFeed(OpenTelemetry.noop()));
        int execute = place(moments, Lane.DEVICE, "uacce.execute");
        int request = place(moments, Lane.KERNEL, "iommu.page_request");
        assertWithin(moments, execute, request);
        int unmap = place(moments, Lane.PROCESS, "mm.unmap");
        int invalidate = place(moments, Lane.KERNEL, "sva.invalidate");
        int iotlb = place(moments, Lane.IOMMU, "sva.invalidate.iotlb");
        int atc = place(moments, Lane.ATC, "sva.invalidate.atc");
        assertWithin(moments, unmap, invalidate);
        assertWithin(moments, invalidate, iotlb);
        assertWithin(moments, invalidate, atc);
        assertWithin(moments, iotlb, place(moments, Lane.IOMMU, "IOTLB invalidate"));
        assertWithin(moments, atc, place(moments, Lane.ATC, "ATC invalidate"));
        assertTrue(moments.get(iotlb).until() < atc, "the IOTLB is clean before devices are told");
        assertTrue(moments.get(unmap).detail().contains("length 4096"), moments.toString());
        assertTrue(
                moments.get(unmap).until() < moments.size() - 1, "it ended before the last step");
    }

    @Test
    void spansGoWhereTheyWouldGoAnyway() {
        InMemorySpanExporter spans = InMemorySpanExporter.create();
        try (OpenTelemetrySdk sdk =
                OpenTelemetrySdk.builder()
                        .setTracerProvider(
                                SdkTracerProvider.builder()
                                        .addSpanProcessor(SimpleSpanProcessor.create(spans))
                                        .build())
                        .build()) {
            place(unmapping(new SpanFeed(sdk)), Lane.PROCESS, "mm.unmap");
            SpanData unmap = first(spans, "mm.unmap");
            SpanData invalidate = first(spans, "sva.invalidate");
            assertEquals(unmap.getSpanId(), invalidate.getParentSpanId());
            assertEquals(unmap.getTraceId(), invalidate.getTraceId());
            SpanData job = first(spans, "uacce.job");
            SpanData request = first(spans, "iommu.page_request");
            assertEquals(
                    request.getSpanId(), job.getLinks().getFirst().getSpanContext().getSpanId());
        }
    }

    private static SpanData first(InMemorySpanExporter spans, String name) {
        return spans.getFinishedSpanItems().stream()
                .filter(span -> span.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
