package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.UNMAP_22;
import static org.opensva.conformance.rules.RuleId.UNMAP_25;
import static org.opensva.conformance.rules.RuleId.UNMAP_34;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.MemoryPressure;
import org.opensva.api.backend.MemoryPressure.Kind;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

/** What the system does to pages of its own accord, while a device holds their translations. */
@RuleTests
class PressureTests {

    private static final int ROUNDS = 8;

    private static void apply(TestBench bench, Kind kind, Memory memory) {
        MemoryPressure pressure =
                bench.backend()
                        .memoryPressure()
                        .orElseThrow(() -> new NotObservable("no memory pressure on demand"));
        if (!pressure.kinds().contains(kind)) {
            throw new NotObservable("the system cannot " + kind.id());
        }
        long changed =
                pressure.apply(
                        kind,
                        memory.process().addressSpace(),
                        new AddressRange(memory.address(), memory.address() + memory.length()));
        bench.step("%s: %d pages", kind.id(), changed);
    }

    @Test
    @Covers(UNMAP_22)
    @Needs({Capability.MEMORY_PRESSURE, Capability.DEMAND_PAGING})
    void aMovedPageHasWhatTheDeviceWroteAndTheDeviceUsesNoOther(TestBench bench) {
        SvaProcess process = bench.process("owner of pages that move");
        Memory memory = bench.memory(process, 4, "memory that moves");
        BoundDevice device = bench.device(process);
        for (int round = 0; round < ROUNDS; round++) {
            memory.writeBy(device, "by the device before the move");
            apply(bench, Kind.MIGRATE, memory);
            memory.mustHold("after the move");
            process.storeLong(memory.page(0), 0x1000 + round);
            device.mustRead(memory.page(0), 0x1000 + round, "what was written after the move");
            device.mustWrite(memory.page(1), 0x2000 + round, "a page that has moved");
            bench.mustBe(
                    0x2000 + round,
                    process.loadLong(memory.page(1)),
                    "what the device wrote after the move");
        }
    }

    @Test
    @Covers(UNMAP_25)
    @Needs({Capability.MEMORY_PRESSURE, Capability.DEMAND_PAGING})
    void aDeviceThatCouldWriteToMergedPagesWritesToItsOwnAgain(TestBench bench) {
        SvaProcess process = bench.process("owner of pages that look alike");
        Memory memory = bench.memory(process, 2, "memory that looks alike");
        BoundDevice device = bench.device(process);
        for (int round = 0; round < ROUNDS; round++) {
            long same = 0x5000L + round;
            device.write(memory.page(0), same);
            device.write(memory.page(1), same);
            apply(bench, Kind.MERGE, memory);
            device.mustWrite(memory.page(0), 0x6000 + round, "one of the pages");
            bench.mustBe(same, process.loadLong(memory.page(1)), "the other page");
            bench.mustBe(0x6000 + round, process.loadLong(memory.page(0)), "the page itself");
            device.mustRead(memory.page(1), same, "the other page");
        }
    }

    @Test
    @Covers(UNMAP_25)
    @Needs({Capability.MEMORY_PRESSURE, Capability.DEMAND_PAGING})
    void writeProtectionBySystemCostsNoWriteOfADevice(TestBench bench) {
        SvaProcess process = bench.process("owner of pages that are watched");
        Memory memory = bench.memory(process, 3, "memory that is watched");
        BoundDevice device = bench.device(process);
        for (int round = 0; round < ROUNDS; round++) {
            memory.writeBy(device, "by the device before protection");
            apply(bench, Kind.WRITE_PROTECT, memory);
            memory.mustHold("after protection");
            memory.writeBy(device, "by the device after protection");
            memory.mustHold("after protection was lifted by a write");
        }
    }

    @Test
    @Covers(UNMAP_34)
    @Needs({Capability.MEMORY_PRESSURE, Capability.DEMAND_PAGING})
    void reapedMemoryIsOutOfTheDevicesReach(TestBench bench) {
        SvaProcess process = bench.process("owner of memory that is reaped");
        BoundDevice device = bench.device(process);
        for (int round = 0; round < ROUNDS; round++) {
            Memory memory = bench.memory(process, 4, "memory that is reaped");
            memory.writeBy(device, "by the device before it is reaped");
            apply(bench, Kind.REAP, memory);
            for (int i = 0; i < memory.count(); i++) {
                device.mustRead(memory.page(i), 0, "a page that was reaped");
                device.mustWrite(memory.page(i), i + 1, "a page that was reaped");
                bench.mustBe(i + 1, process.loadLong(memory.page(i)), "the new page");
            }
        }
    }
}
