package org.opensva.smmuv3.layout;

import java.util.ArrayList;
import java.util.List;

/** The list of every structure, for decoders, documentation and tests. */
public final class Layouts {
    private static final List<Structure> ALL = collect();

    private Layouts() {}

    /**
     * Every structure of this package: registers, tables, descriptors, commands, events and PRI
     * queue entries.
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
        all.add(AtosRegisters.GatosParFault.STRUCTURE);
        all.add(CounterGroupRegisters.Evtyper.STRUCTURE);
        all.add(CounterGroupRegisters.Cfgr.STRUCTURE);
        all.add(CounterGroupRegisters.Cr.STRUCTURE);
        all.add(CounterGroupRegisters.IrqCtrl.STRUCTURE);
        all.add(CounterGroupRegisters.IrqStatus.STRUCTURE);
        all.add(Level1StreamTableDescriptor.STRUCTURE);
        all.add(StreamTableEntry.STRUCTURE);
        all.add(Level1ContextDescriptor.STRUCTURE);
        all.add(ContextDescriptor.STRUCTURE);
        all.add(Stage1Descriptor.STRUCTURE);
        all.add(Stage2Descriptor.STRUCTURE);
        for (Opcode opcode : Opcode.values()) {
            all.add(opcode.structure());
        }
        for (EventType type : EventType.values()) {
            all.add(type.structure());
        }
        all.add(PageRequestEntry.STRUCTURE);
        return List.copyOf(all);
    }
}
