package org.opensva.vtd.driver;

import io.opentelemetry.api.OpenTelemetry;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.api.process.PageTableFormat;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.vtd.layout.FirstStageEntry;
import org.opensva.vtd.model.VtdInterrupts;
import org.opensva.vtd.model.VtdIommu;
import org.opensva.vtd.model.VtdProfile;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The driver and the hardware model together, with processes' page tables written by hand. */
final class ModelBench implements AutoCloseable {

    static final Pasid PASID = new Pasid(5);
    static final long PAGE_VA = 0x7f00_1234_5000L;

    private static final long TIME_OUT_NANOS = 2_000_000;
    private static final long FLAGS =
            FirstStageEntry.P.mask() | FirstStageEntry.RW.mask() | FirstStageEntry.US.mask();

    final FlatMemory memory = new FlatMemory();
    final Messages messages = new Messages();
    final VtdIommu unit;
    final VtdDriver driver;
    final List<PageFaultGroup> groups = Collections.synchronizedList(new ArrayList<>());
    final List<FaultRecord> faults = new CopyOnWriteArrayList<>();
    final Function zip;
    final FakeAddressSpace mm;
    private final int levels;

    /** Interrupts are handled when the test says so. */
    static final class Messages implements VtdInterrupts {
        final List<Integer> vectors = new CopyOnWriteArrayList<>();

        @Override
        public void message(long address, int data) {
            if (address == VtdDriver.MESSAGE_ADDRESS) {
                vectors.add(data);
            }
        }
    }

    /** A device that answers invalidations at once, or never, and remembers page responses. */
    final class Function implements DevicePort {
        final List<InvalidateRequest> invalidations = new CopyOnWriteArrayList<>();
        final List<PageGroupResponse> responses = Collections.synchronizedList(new ArrayList<>());
        final FakeDevice function;
        final AgentPort agent;
        final AttachedDevice device;
        volatile boolean silent;

        Function(String name, int requester) {
            function = new FakeDevice(name, requester, true, 20);
            agent = unit.connect(function.requester(), this);
            device = driver.attach(function, (from, group) -> groups.add(group));
        }

        @Override
        public void invalidate(InvalidateRequest request) {
            invalidations.add(request);
            if (!silent) {
                agent.complete(InvalidateCompletion.of(request.itag()));
            }
        }

        @Override
        public void respond(PageGroupResponse response) {
            responses.add(response);
        }

        boolean write(int pasid, long address, int value) {
            byte[] data = {(byte) value};
            return DmaResult.isComplete(agent.write(pasid, Access.WRITE, address, data, 0, 1));
        }

        boolean write(int value) {
            return write(PASID.value(), PAGE_VA, value);
        }

        /** What it reads, or null if it may not. */
        @Nullable Integer read(int pasid, long address) {
            byte[] data = new byte[1];
            long result = agent.read(pasid, Access.READ, address, data, 0, 1);
            return DmaResult.isComplete(result) ? Integer.valueOf(data[0]) : null;
        }
    }

    ModelBench(PageTableFormat format) {
        VtdProfile sva = VtdProfile.sva();
        VtdProfile profile =
                new VtdProfile(
                        sva.version(),
                        sva.capability(),
                        sva.extendedCapability(),
                        sva.addressBits(),
                        1 << 12,
                        1 << 8,
                        1 << 8,
                        1 << 8,
                        TIME_OUT_NANOS);
        unit = new VtdIommu(profile, memory, messages, System::nanoTime);
        driver = new VtdDriver(unit, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
        driver.onFault(faults::add);
        zip = new Function("zip-0", 0x100);
        mm = new FakeAddressSpace(1, memory.allocate(0), format);
        levels = format == PageTableFormat.X86_64_5LEVEL ? 5 : 4;
    }

    /** Binds the process to the first device. */
    void bind() {
        zip.device.bind(PASID, driver.createDomain(mm));
    }

    /** Writes the tables for one page and returns the address of its entry. */
    long map(FakeAddressSpace to, long va, long pa) {
        long table = to.pageTable().orElseThrow().root();
        for (int shift = 3 + 9 * levels; shift > 12; shift -= 9) {
            long entry = table + (va >>> shift & 511) * 8;
            if (memory.readLong(entry) == 0) {
                memory.writeLong(entry, memory.allocate(0) | FLAGS);
            }
            table = FirstStageEntry.table(memory.readLong(entry));
        }
        long entry = table + (va >>> 12 & 511) * 8;
        memory.writeLong(entry, pa | FLAGS);
        return entry;
    }

    /** Handles every interrupt that was raised. */
    void handleInterrupts() {
        for (int vector : messages.vectors) {
            switch (vector) {
                case VtdDriver.FAULT_VECTOR -> driver.onFaultInterrupt();
                case VtdDriver.PAGE_REQUEST_VECTOR -> driver.onPageRequestInterrupt();
                case VtdDriver.INVALIDATION_VECTOR -> driver.onInvalidationInterrupt();
                default -> throw new IllegalStateException("vector " + vector);
            }
        }
    }

    @Override
    public void close() {
        driver.close();
        unit.close();
    }
}
