package org.opensva.emulated.kernel.sva;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.memory.Access;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.telemetry.ControlMeters;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.PasidLimit;
import org.opensva.api.telemetry.SvaAttributes;
import org.opensva.api.telemetry.SvaMetric;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

/** Page-fault groups: each is answered once, whatever happens on the way. */
@Timeout(60)
class FaultServiceTest {

    private static final PageFault FAULT = new PageFault(0x1000, Access.READ);

    private final InMemoryMetricReader metrics = InMemoryMetricReader.create();
    private final SvaMachine sva =
            new SvaMachine(
                    PagingMode.X86_64_4LEVEL,
                    OpenTelemetry.noop(),
                    new ControlMeters(
                            OpenTelemetrySdk.builder()
                                    .setMeterProvider(
                                            SdkMeterProvider.builder()
                                                    .registerMetricReader(metrics)
                                                    .build())
                                    .build(),
                            HardwareEventSink.NONE,
                            "test",
                            Map.of(8, "zip-0"),
                            4096,
                            new PasidLimit(8)));
    private final SvaCore core = sva.core;

    @AfterEach
    void end() {
        sva.machine.kernel.close();
        core.close();
        assertEquals(0, core.pendingFaults());
        assertEquals(0, core.bondCount());
        assertEquals(0, core.pasidCount());
    }

    private SvaBond bind(OwnFaults.Service service) {
        return core.bind(sva.zip, new OwnFaults(sva.process.addressSpace(), service));
    }

    private void fault(SvaBond bond, PageFault... pages) {
        sva.zip.device.fault(bond.pasid().value(), pages);
    }

    @Test
    void anAddressSpaceThatFailsIsAnsweredWithResponseFailure() throws InterruptedException {
        try (SvaBond bond =
                bind((address, access) -> {
                    throw new IllegalStateException("the tables are broken");
                })) {
            fault(bond, FAULT);
            assertEquals(PageResponse.RESPONSE_FAILURE, sva.zip.device.answer());
        }
        assertEquals(1, core.failures());
        assertTrue(sva.zip.device.answers.isEmpty());
    }

    @Test
    void anAnswerThatCannotBeGivenHoldsNobodyUp() throws InterruptedException {
        sva.zip.onRespond =
                () -> {
                    throw new IllegalStateException("no link");
                };
        SvaBond bond = bind((address, access) -> FaultOutcome.RESOLVED);
        fault(bond, FAULT);
        assertEquals(PageResponse.SUCCESS, sva.zip.device.answer());
        bond.close();
        assertEquals(0, core.pendingFaults());
        assertEquals(1, core.failures());
        assertThrows(IllegalStateException.class, () -> sva.zip.device.fault(Pasid.NONE, FAULT));
        assertEquals(0, core.pendingFaults());
    }

    @Test
    void theLastOfSeveralAnswersLetsTheUnbindGo() throws InterruptedException {
        CountDownLatch serving = new CountDownLatch(3);
        Semaphore goOn = new Semaphore(0);
        SvaBond bond =
                bind((address, access) -> {
                    serving.countDown();
                    goOn.acquireUninterruptibly();
                    return FaultOutcome.RESOLVED;
                });
        for (int i = 0; i < 3; i++) {
            fault(bond, FAULT);
        }
        serving.await(); // Groups are served side by side.
        assertEquals(3, core.pendingFaults());
        Thread unbinding = Thread.ofPlatform().start(bond::close);
        for (int answered = 1; answered <= 3; answered++) {
            while (unbinding.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            assertEquals(1, core.bondCount());
            goOn.release();
            assertEquals(PageResponse.SUCCESS, sva.zip.device.answer());
        }
        unbinding.join();
        assertEquals(0, core.bondCount());
    }

    @Test
    void closingServesWhatIsQueuedAndKeepsAnInterrupt() throws InterruptedException {
        CountDownLatch serving = new CountDownLatch(1);
        Semaphore goOn = new Semaphore(0);
        List<Long> served = Collections.synchronizedList(new ArrayList<>());
        SvaBond bond =
                bind((address, access) -> {
                    serving.countDown();
                    goOn.acquireUninterruptibly();
                    served.add(address);
                    return FaultOutcome.RESOLVED;
                });
        int groups = 20;
        for (int i = 0; i < groups; i++) {
            fault(bond, FAULT);
        }
        serving.await();
        boolean[] interrupted = new boolean[2];
        Thread closing =
                Thread.ofPlatform()
                        .start(() -> {
                            core.close();
                            interrupted[0] = Thread.interrupted();
                            core.close();
                            interrupted[1] = Thread.interrupted();
                        });
        while (closing.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        closing.interrupt();
        goOn.release(groups);
        closing.join();
        assertEquals(groups, served.size());
        assertEquals(groups, sva.zip.device.answers.size());
        assertTrue(interrupted[0]);
        assertFalse(interrupted[1], "an interrupt that nobody sent");
        bond.close();
    }

    @Test
    void afterTheEndEveryGroupIsAnsweredWithResponseFailure() throws InterruptedException {
        core.close();
        SvaBond bond = bind((address, access) -> FaultOutcome.RESOLVED);
        fault(bond, FAULT);
        assertEquals(PageResponse.RESPONSE_FAILURE, sva.zip.device.answer());
        bond.close();
        assertEquals(0, core.failures());
    }

    @Test
    void answersAreCountedByPasidAndCodeAndTheirTimeIsTaken() throws InterruptedException {
        long before = System.nanoTime();
        try (SvaBond bond =
                bind((address, access) ->
                        address == 0 ? FaultOutcome.INVALID : FaultOutcome.RESOLVED)) {
            fault(bond, FAULT);
            fault(bond, FAULT, FAULT);
            fault(bond, FAULT, new PageFault(0, Access.READ), FAULT);
        }
        sva.zip.device.fault(7, FAULT);
        double elapsed = (System.nanoTime() - before) * 1e-9;
        Collection<HistogramPointData> points =
                metrics.collectAllMetrics().stream()
                        .filter(data -> data.getName().equals(SvaMetric.PAGE_REQUEST_DURATION.id()))
                        .findAny()
                        .orElseThrow()
                        .getHistogramData()
                        .getPoints();
        List<String> counted =
                points.stream()
                        .map(point ->
                                "%s %s %s: %d"
                                        .formatted(
                                                point.getAttributes().get(SvaAttributes.DEVICE),
                                                point.getAttributes().get(SvaAttributes.PASID),
                                                point.getAttributes().get(SvaAttributes.STATUS),
                                                point.getCount()))
                        .sorted()
                        .toList();
        assertEquals(
                List.of(
                        "zip-0 1 INVALID_REQUEST: 1",
                        "zip-0 1 SUCCESS: 2",
                        "zip-0 7 INVALID_REQUEST: 1"),
                counted);
        for (HistogramPointData point : points) {
            assertTrue(point.getSum() <= point.getCount() * elapsed, point::toString);
        }
    }
}
