package org.opensva.vtd.driver;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.vtd.layout.PasidDirectoryEntry;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.ScalableContextEntry;
import org.opensva.vtd.layout.ScalableRootEntry;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A driver of recording registers with one device, and what tests look at. */
final class DriverBench {

    static final Pasid PASID = new Pasid(5);
    static final int ZIP = 0x100;
    static final int DMA = 0x288;

    final FlatMemory memory = new FlatMemory();
    final RecordingUnit unit;
    final List<Kind> events = new ArrayList<>();

    /** The same, with whom they concern. */
    final List<HardwareEvent> recorded = new ArrayList<>();

    final List<FaultRecord> faults = new ArrayList<>();
    final List<PageFaultGroup> groups = new ArrayList<>();

    /** What happens at each event, in the thread that records it. */
    Consumer<Kind> onEvent = kind -> {};

    /** What happens to each group, in the thread that reports it. */
    Consumer<PageFaultGroup> onGroup = group -> {};

    final VtdDriver driver;
    final FakeDevice zip = new FakeDevice("zip-0", ZIP, true);
    final FakeDevice dma = new FakeDevice("dma-1", DMA, true, 20);
    final FakeAddressSpace mm = new FakeAddressSpace(1, 0x4100_0000L);
    final AttachedDevice device;

    DriverBench() {
        this(RecordingUnit.CAP, RecordingUnit.ECAP);
    }

    DriverBench(long cap, long ecap) {
        unit = new RecordingUnit(memory, cap, ecap);
        driver =
                new VtdDriver(
                        unit,
                        memory,
                        memory,
                        (kind, requester, pasid, address, length) -> {
                            events.add(kind);
                            recorded.add(
                                    new HardwareEvent(0, kind, requester, pasid, address, length));
                            onEvent.accept(kind);
                        },
                        OpenTelemetry.noop());
        driver.onFault(faults::add);
        device = attach(zip);
    }

    AttachedDevice attach(FakeDevice function) {
        return driver.attach(
                function,
                (from, group) -> {
                    groups.add(group);
                    onGroup.accept(group);
                });
    }

    SvaDomain bind() {
        SvaDomain domain = driver.createDomain(mm);
        device.bind(PASID, domain);
        return domain;
    }

    List<RecordingUnit.Seen> descriptorsOf(Runnable action) {
        unit.seen.clear();
        unit.log.clear();
        events.clear();
        recorded.clear();
        action.run();
        return List.copyOf(unit.seen);
    }

    long contextEntry(int requester) {
        long root = unit.get(Register.RTADDR) & -4096L;
        long half = memory.readLong(root + ScalableRootEntry.offset(requester));
        return ScalableRootEntry.contextTable(half) + ScalableContextEntry.offset(requester);
    }

    long pasidEntry(int requester, int pasid) {
        long directory =
                ScalableContextEntry.pasidDirectory(memory.readLong(contextEntry(requester)));
        long link = memory.readLong(directory + PasidDirectoryEntry.offset(pasid));
        return PasidDirectoryEntry.pasidTable(link) + PasidTableEntry.offset(pasid);
    }

    long word(long entry, int word) {
        return memory.readLong(entry + 8L * word);
    }
}
