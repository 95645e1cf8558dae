package org.opensva.emulated.kernel.sva;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.memory.Access;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.ControlMeters;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/** Page-fault groups that an interrupt handler reports: one is served by its own thread. */
@Timeout(60)
class FaultsAfterHandlersTest {

    private final TestMachine machine = new TestMachine(PagingMode.X86_64_4LEVEL);
    private final FakeIommu iommu = new FakeIommu();
    private final FakeIommu.Function zip = new FakeIommu.Function("zip-0", 8, 1 << 20);
    private final Deque<Runnable> deferred = new ArrayDeque<>();
    private boolean takes = true;
    private final SvaCore core =
            new SvaCore(
                    machine.addressSpaces,
                    function -> Optional.of(iommu),
                    this::handler,
                    machine.events,
                    ControlMeters.off(),
                    new KernelTracer(OpenTelemetry.noop()),
                    // One at a time, as InterruptDispatcher does.
                    work -> takes && deferred.isEmpty() && deferred.add(work));
    private final SvaProcess process = machine.spawn();
    private final SvaBond bond = core.bind(zip, process.addressSpace());
    private final PageFault fault =
            new PageFault(process.mmap(MapRequest.anonymous(machine.pageBytes)), Access.WRITE);

    private PageFaultHandler handler() {
        return core;
    }

    private void fault() {
        zip.device.fault(bond.pasid().value(), fault);
    }

    @AfterEach
    void nothingIsLeftBehind() {
        // Of a test that failed.
        deferred.forEach(Runnable::run);
        machine.kernel.close();
        core.close();
        machine.close();
        assertEquals(0, core.pendingFaults());
        assertEquals(0, core.failures());
        assertTrue(zip.device.answers.isEmpty());
    }

    @Test
    void aGroupIsServedWhenTheHandlersAreThrough() throws InterruptedException {
        for (int round = 0; round < 3; round++) {
            fault();
            assertEquals(1, core.pendingFaults());
            assertTrue(zip.device.answers.isEmpty());
            deferred.remove().run();
            assertEquals(0, core.pendingFaults());
            assertEquals(PageResponse.SUCCESS, zip.device.answers.remove());
        }
    }

    @Test
    void nobodyWaitsForTheGroupThatIsServedAfterTheHandlers() throws InterruptedException {
        fault();
        fault();
        fault();
        assertEquals(PageResponse.SUCCESS, zip.device.answer());
        assertEquals(PageResponse.SUCCESS, zip.device.answer());
        assertEquals(1, deferred.size());
        deferred.remove().run();
        assertEquals(PageResponse.SUCCESS, zip.device.answers.remove());
    }

    @Test
    void whatNoHandlerReportsIsServedByOthers() throws InterruptedException {
        takes = false;
        fault();
        assertEquals(PageResponse.SUCCESS, zip.device.answer());
        takes = true;
        fault();
        deferred.remove().run();
        assertEquals(PageResponse.SUCCESS, zip.device.answers.remove());
    }

    @Test
    void unbindingAndTheEndWaitForTheGroup() throws InterruptedException {
        fault();
        Thread ending = Thread.ofPlatform().start(core::close);
        Thread unbinding = Thread.ofPlatform().start(bond::close);
        while (ending.getState() != Thread.State.WAITING
                || unbinding.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        deferred.remove().run();
        ending.join();
        unbinding.join();
        assertEquals(PageResponse.SUCCESS, zip.device.answers.remove());
        assertEquals(0, core.bondCount());
    }

    @Test
    void afterTheEndNothingIsLeftToHandlersAnyMore() throws InterruptedException {
        core.close();
        SvaBond late = core.bind(zip, process.addressSpace());
        zip.device.fault(late.pasid().value(), fault);
        assertEquals(PageResponse.RESPONSE_FAILURE, zip.device.answers.remove());
        assertFalse(deferred.stream().findAny().isPresent());
        late.close();
    }
}
