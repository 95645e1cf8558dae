package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.BIND_05;
import static org.opensva.conformance.rules.RuleId.EXIT_02;
import static org.opensva.conformance.rules.RuleId.EXIT_16;
import static org.opensva.conformance.rules.RuleId.UNMAP_06;
import static org.opensva.conformance.rules.RuleId.UNMAP_29;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.EventLog;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** One address space in devices behind several IOMMUs. */
@RuleTests
class SecondIommuTests {

    /** A queue of every accelerator, whatever IOMMU it is behind. */
    private static List<BoundDevice> everywhere(TestBench bench, SvaProcess process) {
        List<BoundDevice> devices = new ArrayList<>();
        for (int i = 0; i < bench.backend().accelerators().size(); i++) {
            devices.add(bench.device(process, i));
        }
        return devices;
    }

    private static String name(BoundDevice device) {
        return device.handle().accelerator().name();
    }

    @Test
    @Covers(BIND_05)
    @Needs({Capability.SECOND_IOMMU, Capability.PASID_VISIBLE})
    void onePasidNamesTheAddressSpaceBehindEveryIommu(TestBench bench) {
        SvaProcess process = bench.process("owner");
        SvaProcess other = bench.process("other");
        List<BoundDevice> theirs = everywhere(bench, other);
        List<BoundDevice> devices = everywhere(bench, process);
        Memory memory = bench.memory(process, devices.size(), "memory");
        for (int i = 0; i < devices.size(); i++) {
            BoundDevice device = devices.get(i);
            bench.mustBe(devices.getFirst().pasid(), device.pasid(), "PASID on " + name(device));
            device.mustRead(memory.page(i), memory.token(i), "memory, by " + name(device));
            memory.writeBy(device, i, "by " + name(device));
            theirs.get(i).mustNotReach(memory.page(i), "memory of another address space");
        }
        memory.mustHold("the process's memory");
    }

    @Test
    @Covers({BIND_05, UNMAP_06})
    @Needs({Capability.SECOND_IOMMU, Capability.INTROSPECTION})
    void anInvalidationReachesEveryIommuWhoeverWasBoundFirst(TestBench bench) {
        for (boolean reversed : new boolean[] {false, true}) {
            SvaProcess process = bench.process("owner");
            int count = bench.backend().accelerators().size();
            List<BoundDevice> devices = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                devices.add(bench.device(process, reversed ? count - 1 - i : i));
            }
            for (int pages : new int[] {1, 5, 600}) {
                Memory memory = bench.memory(process, pages, "memory to be unmapped");
                for (BoundDevice device : devices) {
                    memory.writeBy(device, "by " + name(device));
                }
                bench.step("munmap of %d pages is recorded", pages);
                EventLog log =
                        new EventLog(
                                bench, () -> process.munmap(memory.address(), memory.length()));
                bench.check(
                        log.count(Kind.IOTLB_INVALIDATE) >= 2,
                        "an invalidation of the IOTLB of each IOMMU",
                        log.count(Kind.IOTLB_INVALIDATE) + " of them; " + log.summary());
                log.mustPrecede(
                        log.last(Kind.IOTLB_INVALIDATE),
                        log.last(Kind.IOTLB_SYNC),
                        "completion of the last IOTLB invalidation");
                for (BoundDevice device : devices) {
                    device.mustNotReach(memory.page(0), "an unmapped page, by " + name(device));
                    device.mustNotReach(
                            memory.page(pages - 1), "an unmapped page, by " + name(device));
                }
            }
        }
    }

    @Test
    @Covers(BIND_05)
    @Needs(Capability.SECOND_IOMMU)
    void theDomainOfOneIommuOutlivesThatOfAnother(TestBench bench) {
        int count = bench.backend().accelerators().size();
        for (int left = 0; left < count; left++) {
            SvaProcess process = bench.process("owner");
            List<BoundDevice> devices = everywhere(bench, process);
            BoundDevice last = devices.get(left);
            Memory memory = bench.memory(process, 2, "memory");
            memory.writeBy(last, "before the others are unbound");
            bench.step("every device but %s is unbound", name(last));
            List<BoundDevice> others = new ArrayList<>(devices);
            others.remove(last);
            Collections.shuffle(others, bench.random());
            others.forEach(BoundDevice::close);
            memory.writeBy(last, "after the others were unbound");
            memory.mustHold("the process's memory");
            process.munmap(memory.address(), memory.length());
            last.mustNotReach(memory.page(0), "an unmapped page, by " + name(last));
            last.mustNotReach(memory.page(1), "an unmapped page, by " + name(last));
        }
    }

    @Test
    @Covers({BIND_05, UNMAP_29})
    @Needs(Capability.SECOND_IOMMU)
    void bindsBehindOneIommuRaceWithUnmappings(TestBench bench) {
        SvaProcess process = bench.process("owner");
        int count = bench.backend().accelerators().size();
        bench.device(process, 0);
        for (int round = 0; round < 25; round++) {
            Memory memory = bench.memory(process, 2, "memory to be unmapped");
            List<BoundDevice> late = Collections.synchronizedList(new ArrayList<>());
            bench.step("round %d: devices are bound while memory is unmapped", round);
            int first = round % 2;
            Concurrent<Boolean> binding =
                    bench.beside(() -> {
                        for (int i = first; i < count; i++) {
                            BoundDevice device = bench.device(process, i);
                            late.add(device);
                            device.read(memory.page(0));
                        }
                        return true;
                    });
            // Sometimes before the first bind, sometimes between two, sometimes after them.
            while (late.size() < round % (count - first + 1) && !binding.isDone()) {
                Thread.onSpinWait();
            }
            process.munmap(memory.address(), memory.length());
            bench.join("binding of devices", binding);
            for (BoundDevice device : late) {
                device.mustNotReach(memory.page(0), "an unmapped page, by " + name(device));
                device.mustNotReach(memory.page(1), "an unmapped page, by " + name(device));
            }
            bench.step("round %d: all but the first device are unbound", round);
            late.forEach(BoundDevice::close);
        }
    }

    @Test
    @Covers({BIND_05, EXIT_02, EXIT_16})
    @Needs({Capability.SECOND_IOMMU, Capability.INTROSPECTION})
    void oneReleaseQuiescesTheEntryOfEveryDeviceBehindEveryIommu(TestBench bench) {
        SvaProcess process = bench.process("mortal");
        List<BoundDevice> devices = everywhere(bench, process);
        bench.step("exit of a process with %d devices is recorded", devices.size());
        EventLog log = new EventLog(bench, () -> process.exit(0));
        int end = log.mustHave(Kind.RELEASE_END, "exit");
        for (BoundDevice device : devices) {
            int requester = device.handle().accelerator().requester().value();
            int quiesced =
                    log.first(
                            0,
                            event ->
                                    event.kind() == Kind.PASID_ENTRY_QUIESCED
                                            && event.requester() == requester);
            bench.check(
                    quiesced >= 0 && quiesced < end,
                    "the entry of " + name(device) + " to be quiesced within the release",
                    log.summary());
        }
    }
}
