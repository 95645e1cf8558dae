package org.opensva.emulated.kernel.sva;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.ControlMeters;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.Optional;

/** A kernel with the SVA core, a process, and devices behind IOMMUs that only write down. */
final class SvaMachine implements AutoCloseable {

    final TestMachine machine;
    final FakeIommu iommu = new FakeIommu();
    final FakeIommu second = new FakeIommu();
    final FakeIommu.Function zip = new FakeIommu.Function("zip-0", 8, 1 << 20);
    final FakeIommu.Function dma = new FakeIommu.Function("dma-1", 16, 1 << 20);

    /** Behind the second one. */
    final FakeIommu.Function far = new FakeIommu.Function("far-3", 32, 1 << 20);

    /** Behind none. */
    final FakeIommu.Function none = new FakeIommu.Function("none-4", 40, 1 << 20);

    final SvaCore core;
    final SvaProcess process;

    SvaMachine(PagingMode mode) {
        this(mode, OpenTelemetry.noop(), ControlMeters.off());
    }

    SvaMachine(PagingMode mode, OpenTelemetry telemetry, ControlMeters meters) {
        machine = new TestMachine(mode);
        process = machine.spawn();
        core =
                new SvaCore(
                        machine.addressSpaces,
                        function ->
                                function == none
                                        ? Optional.empty()
                                        : Optional.of(function == far ? second : iommu),
                        this::handler,
                        machine.events,
                        meters,
                        new KernelTracer(telemetry));
    }

    private PageFaultHandler handler() {
        return core;
    }

    /** Ends it; nothing may be left behind. */
    @Override
    public void close() {
        machine.kernel.close();
        assertEquals(0, core.bondCount());
        assertEquals(0, core.pasidCount());
        assertEquals(0, core.pendingFaults());
        assertEquals(0, core.failures());
        core.close();
        machine.close();
        assertEquals(0, machine.addressSpaces.identityCount());
        assertEquals(0, machine.frames.allocatedFrames());
    }
}
