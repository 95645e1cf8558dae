package org.opensva.vtd.layout;

import java.util.ArrayList;
import java.util.List;

/** The list of every structure, for decoders, documentation and tests. */
public final class Layouts {
    private static final List<Structure> ALL = collect();

    private Layouts() {}

    /**
     * Every structure of this package: registers, tables, paging entries, descriptors, records and
     * messages.
     *
     * @return an immutable list
     */
    public static List<Structure> all() {
        return ALL;
    }

    private static List<Structure> collect() {
        List<Structure> all = new ArrayList<>();
        for (Register register : Register.values()) {
            register.structure().filter(s -> !all.contains(s)).ifPresent(all::add);
        }
        all.add(IotlbRegisters.Iva.STRUCTURE);
        all.add(IotlbRegisters.Iotlb.STRUCTURE);
        all.add(PerformanceRegisters.CounterConfig.STRUCTURE);
        all.add(PerformanceRegisters.CounterCap.STRUCTURE);
        all.add(PerformanceRegisters.CounterEventCap.STRUCTURE);
        all.add(PerformanceRegisters.Filter.STRUCTURE);
        all.add(FaultRecord.STRUCTURE);
        all.add(RootEntry.STRUCTURE);
        all.add(ScalableRootEntry.STRUCTURE);
        all.add(ContextEntry.STRUCTURE);
        all.add(ScalableContextEntry.STRUCTURE);
        all.add(PasidDirectoryEntry.STRUCTURE);
        all.add(PasidTableEntry.STRUCTURE);
        all.add(FirstStageEntry.STRUCTURE);
        all.add(SecondStageEntry.STRUCTURE);
        for (DescriptorType type : DescriptorType.values()) {
            all.add(type.structure());
        }
        all.add(PageRequestDescriptor.STRUCTURE);
        all.add(RemappedInterruptEntry.STRUCTURE);
        all.add(PostedInterruptEntry.STRUCTURE);
        all.add(PostedInterruptDescriptor.STRUCTURE);
        all.add(InterruptMessage.RemappableAddress.STRUCTURE);
        all.add(InterruptMessage.RemappableData.STRUCTURE);
        all.add(InterruptMessage.CompatibilityAddress.STRUCTURE);
        all.add(InterruptMessage.CompatibilityData.STRUCTURE);
        return List.copyOf(all);
    }
}
