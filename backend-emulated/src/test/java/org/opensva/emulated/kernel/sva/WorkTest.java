package org.opensva.emulated.kernel.sva;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.memory.Access;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.telemetry.ControlMeters;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.api.telemetry.WorkInProgress;
import org.opensva.api.telemetry.WorkInProgress.Work;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Which spans the core records, and whose work a page request is told as. */
@Timeout(60)
class WorkTest {

    private static final long PAGE = 0x1000;

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final OpenTelemetrySdk sdk =
            OpenTelemetrySdk.builder()
                    .setTracerProvider(
                            SdkTracerProvider.builder()
                                    .addSpanProcessor(SimpleSpanProcessor.create(spans))
                                    .build())
                    .build();
    private final SvaMachine sva = new SvaMachine(PagingMode.ARM64_4K, sdk, ControlMeters.off());
    private final SvaCore core = sva.core;

    @AfterEach
    void nothingIsLeftBehind() {
        sva.close();
        sdk.close();
    }

    private SvaBond bind(OwnFaults.Service service) {
        return core.bind(sva.zip, new OwnFaults(sva.process.addressSpace(), service));
    }

    private SvaBond bind() {
        return bind((address, access) -> FaultOutcome.RESOLVED);
    }

    private Work work(String name) {
        Span job = sdk.getTracer("test").spanBuilder(name).startSpan();
        return new Work(job, sdk.getTracer("test").spanBuilder(name + " executes").startSpan());
    }

    /** The jobs of one page: some are under way, some have ended in a fault. */
    private record OnePage(List<Work> underWay, List<Work> faulted) implements WorkInProgress {
        @Override
        public void visit(long address, Consumer<Work> visitor) {
            if ((address & -4096) == PAGE) {
                underWay.forEach(visitor);
            }
        }

        @Override
        public void visitFaulted(long address, Consumer<Work> visitor) {
            if ((address & -4096) == PAGE) {
                faulted.forEach(visitor);
            }
        }
    }

    private SpanData span(String name) {
        List<SpanData> found =
                spans.getFinishedSpanItems().stream()
                        .filter(span -> span.getName().equals(name))
                        .toList();
        assertEquals(1, found.size(), name);
        return found.getFirst();
    }

    private static Map<String, String> attributes(SpanData span) {
        return span.getAttributes().asMap().entrySet().stream()
                .collect(
                        Collectors.toMap(
                                (Map.Entry<AttributeKey<?>, Object> one) -> one.getKey().getKey(),
                                one -> one.getValue().toString()));
    }

    @Test
    void bindAndUnbindSayWhatIsBoundToWhat() {
        bind().close();
        Map<String, String> expected =
                Map.of(
                        "sva.lane", "kernel",
                        "sva.device", "zip-0",
                        "sva.requester", "8",
                        "sva.address_space", Long.toString(sva.process.addressSpace().id()),
                        "sva.pasid", "1");
        assertEquals(expected, attributes(span(SvaTelemetry.SPAN_BIND)));
        assertEquals(expected, attributes(span(SvaTelemetry.SPAN_UNBIND)));
    }

    @Test
    void onlyTheLastUnbindIsASpanAndARefusalSaysItsReason() {
        SvaBond one = bind();
        bind().close();
        one.close();
        assertEquals(StatusCode.UNSET, span(SvaTelemetry.SPAN_UNBIND).getStatus().getStatusCode());
        spans.reset();
        sva.iommu.failBind = Errno.EBUSY;
        ErrnoException refusal = null;
        try {
            bind().close();
        } catch (ErrnoException e) {
            refusal = e;
        }
        assertTrue(refusal != null);
        assertEquals("EBUSY", attributes(span(SvaTelemetry.SPAN_BIND)).get("error.type"));
        sva.iommu.failBind = null;
    }

    @Test
    void aPageRequestSaysWhatIsAskedForAndWhatWasAnswered() throws InterruptedException {
        AtomicReference<SpanContext> inside = new AtomicReference<>();
        try (SvaBond bond =
                bind((address, access) -> {
                    inside.set(Span.current().getSpanContext());
                    return FaultOutcome.RESOLVED;
                })) {
            sva.zip.device.fault(
                    bond.pasid().value(),
                    new PageFault(PAGE, Access.READ),
                    new PageFault(PAGE + 4096, Access.WRITE));
            assertEquals(PageResponse.SUCCESS, sva.zip.device.answer());
        }
        SpanData request = span(SvaTelemetry.SPAN_PAGE_REQUEST);
        assertEquals(
                Map.of(
                        "sva.lane", "kernel",
                        "sva.device", "zip-0",
                        "sva.requester", "8",
                        "sva.pasid", "1",
                        "sva.address", "0x1000",
                        "iommu.page_request.group", "0",
                        "iommu.page_request.pages", "2",
                        "iommu.page_request.stalled", "false",
                        "sva.status", "SUCCESS"),
                attributes(request));
        assertEquals(StatusCode.UNSET, request.getStatus().getStatusCode());
        assertEquals(SpanContext.getInvalid(), request.getParentSpanContext());
        assertEquals(request.getSpanContext(), inside.get(), "what serves it belongs to its trace");
    }

    @Test
    void aRequestOfNobodyIsASpanThatFailed() throws InterruptedException {
        try (SvaBond _ = bind()) {
            sva.zip.device.fault(9, new PageFault(PAGE, Access.READ));
            assertEquals(PageResponse.INVALID_REQUEST, sva.zip.device.answer());
        }
        SpanData request = span(SvaTelemetry.SPAN_PAGE_REQUEST);
        assertEquals("INVALID_REQUEST", attributes(request).get("sva.status"));
        assertEquals(StatusCode.ERROR, request.getStatus().getStatusCode());
    }

    @Test
    void aPageRequestBelongsToTheFirstJobThatWaitsAndIsLinkedWithAll() throws InterruptedException {
        Work first = work("first");
        Work second = work("second");
        try (SvaBond one = bind();
                SvaBond two = bind()) {
            one.follow(new OnePage(List.of(first), List.of()));
            two.follow(new OnePage(List.of(second), List.of()));
            sva.zip.device.fault(1, new PageFault(PAGE, Access.READ));
            assertEquals(PageResponse.SUCCESS, sva.zip.device.answer());
        }
        SpanData request = span(SvaTelemetry.SPAN_PAGE_REQUEST);
        assertEquals(first.executing().getSpanContext(), request.getParentSpanContext());
        assertEquals(
                List.of(first.submitted().getSpanContext(), second.submitted().getSpanContext()),
                linked(request));
        first.submitted().end();
        second.submitted().end();
        assertEquals(List.of(request.getSpanContext()), linked(span("first")));
        assertEquals(List.of(request.getSpanContext()), linked(span("second")));
    }

    private static List<SpanContext> linked(SpanData span) {
        return span.getLinks().stream().map(LinkData::getSpanContext).toList();
    }

    private List<Work> underWay(int pasid, long address) {
        List<Work> found = new ArrayList<>();
        core.visitWork(sva.zip.requester, pasid, address, found::add);
        return found;
    }

    private List<Work> faulted(int pasid, long address) {
        List<Work> found = new ArrayList<>();
        core.visitFaulted(sva.zip.requester, pasid, address, found::add);
        return found;
    }

    @Test
    void jobsAreFoundByDevicePasidAndPageAsLongAsTheirBondIsOpen() {
        List<Work> running = List.of(work("running"));
        List<Work> ended = List.of(work("ended"));
        assertEquals(List.of(), underWay(1, PAGE), "nothing was ever bound");
        assertEquals(List.of(), faulted(1, PAGE));
        SvaBond bond = bind();
        assertEquals(List.of(), underWay(1, PAGE), "nobody follows");
        bond.follow(new OnePage(ended, running));
        bond.follow(new OnePage(running, ended));
        assertEquals(running, underWay(1, PAGE), "whom it followed last");
        assertEquals(ended, faulted(1, PAGE));
        assertEquals(List.of(), underWay(1, PAGE + 4096));
        assertEquals(List.of(), faulted(1, PAGE + 4096));
        assertEquals(List.of(), underWay(2, PAGE));
        assertEquals(List.of(), faulted(Pasid.NONE, PAGE));
        SvaBond another = bind();
        bond.close();
        assertEquals(List.of(), underWay(1, PAGE), "the other reference follows nobody");
        another.close();
        assertEquals(List.of(), faulted(1, PAGE));
    }

    @Test
    void whoIsBoundCanBeAskedByDeviceAndByIommu() {
        long id = sva.process.addressSpace().id();
        sva.second.asid = OptionalInt.of(77);
        assertTrue(core.boundTo(sva.zip.requester, 1).isEmpty());
        assertEquals(Map.of(), core.addressSpacesOf(sva.iommu));
        SvaBond near = core.bind(sva.zip, sva.process.addressSpace());
        SvaBond other = core.bind(sva.dma, sva.machine.spawn().addressSpace());
        SvaBond far = core.bind(sva.far, sva.process.addressSpace());
        long otherId = other.addressSpace().id();
        assertNotEquals(id, otherId);
        assertEquals(id, core.boundTo(sva.zip.requester, 1).orElseThrow().id());
        assertEquals(otherId, core.boundTo(sva.dma.requester, 2).orElseThrow().id());
        assertTrue(core.boundTo(sva.zip.requester, 2).isEmpty());
        assertEquals(Map.of(1, id, 2, otherId), core.addressSpacesOf(sva.iommu));
        assertEquals(Map.of(77, id), core.addressSpacesOf(sva.second));
        near.close();
        assertTrue(core.boundTo(sva.zip.requester, 1).isEmpty());
        assertEquals(Map.of(2, otherId), core.addressSpacesOf(sva.iommu));
        assertEquals(Map.of(77, id), core.addressSpacesOf(sva.second));
        other.close();
        far.close();
        assertEquals(Map.of(), core.addressSpacesOf(sva.second));
    }

    @Test
    void askingForAddressSpacesLeavesThemUnlocked() throws InterruptedException {
        try (SvaBond bond = core.bind(sva.zip, sva.process.addressSpace())) {
            Thread asking = Thread.ofPlatform().start(() -> core.addressSpacesOf(sva.iommu));
            asking.join();
            core.bind(sva.zip, bond.addressSpace()).close();
        }
    }
}
