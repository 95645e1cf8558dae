package org.opensva.conformance.suite.claims;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.SysfsTree;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Inconclusive;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.claims.Probe.Seen;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What the machine and its devices can do. A claim about devices holds for each of them. */
final class MachineProbes {

    private static final String NOT_SHOWN = "only hardware events show it, and none are offered";

    private MachineProbes() {}

    static Seen twoDevices(TestBench bench) {
        int count = bench.backend().accelerators().size();
        return Seen.of(count > 1, count + " accelerators", "there is one accelerator");
    }

    static Seen introspection(TestBench bench) {
        return optional(bench.backend().introspection(), "introspection");
    }

    static Seen memoryPressure(TestBench bench) {
        return optional(bench.backend().memoryPressure(), "memory pressure on demand");
    }

    static Seen sysfs(TestBench bench) {
        return optional(anyDevice(bench, Accelerator::sysfs), "attributes as files");
    }

    static Seen errorInjection(TestBench bench) {
        return optional(anyDevice(bench, Accelerator::errorInjection), "errors on demand");
    }

    static Seen virtualFunctions(TestBench bench) {
        return optional(anyDevice(bench, Accelerator::virtualFunctions), "virtual functions");
    }

    private static <T> Optional<T> anyDevice(
            TestBench bench, Function<Accelerator, Optional<T>> what) {
        return bench.backend().accelerators().stream()
                .map(what)
                .flatMap(Optional::stream)
                .findAny();
    }

    private static Seen optional(Optional<?> there, String what) {
        return Seen.of(there.isPresent(), what + ": offered", what + ": not offered");
    }

    static Seen isolation(TestBench bench) {
        Optional<SysfsTree> tree = anyDevice(bench, Accelerator::sysfs);
        if (tree.isEmpty()) {
            return Seen.unknown("only attributes show it, and none are offered");
        }
        boolean there = tree.get().list("").contains("isolate");
        return Seen.of(
                there, "there is an attribute 'isolate'", "no attribute is called 'isolate'");
    }

    static Seen demandPaging(TestBench bench) {
        List<String> cannot = new ArrayList<>();
        for (BoundDevice device : devices(bench)) {
            long page = bench.map(device.process(), 1);
            if (!device.write(page, 1).succeeded()) {
                cannot.add(device.handle().accelerator().name());
            }
        }
        return Seen.of(
                cannot.isEmpty(),
                "each device wrote to a page that was not there yet",
                "a write to an absent page failed: " + String.join(", ", cannot));
    }

    static Seen pri(TestBench bench) {
        return faults(bench, Capability.PRI, Capability.STALL);
    }

    static Seen stall(TestBench bench) {
        return faults(bench, Capability.STALL, Capability.PRI);
    }

    /** Both ways to serve a fault report a group, so that one does not show where both may be. */
    private static Seen faults(TestBench bench, Capability asked, Capability other) {
        if (bench.backend().introspection().isEmpty()) {
            return Seen.unknown(NOT_SHOWN);
        }
        for (BoundDevice device : devices(bench)) {
            long page = bench.map(device.process(), 1);
            if (!seen(bench, HardwareEvent.Kind.PAGE_REQUEST, () -> device.write(page, 1))) {
                return Seen.absent(
                        "an access to an absent page is reported by no group: "
                                + device.handle().accelerator().name());
            }
        }
        String groups = "accesses to absent pages are reported as groups";
        if (bench.claims(other)) {
            return bench.claims(asked)
                    ? Seen.unknown(groups)
                    : Seen.absent(groups + ", which are claimed to be those of " + other.id());
        }
        return Seen.present(groups);
    }

    static Seen ats(TestBench bench) {
        if (bench.backend().introspection().isEmpty()) {
            return Seen.unknown(NOT_SHOWN);
        }
        List<String> without = new ArrayList<>();
        for (BoundDevice device : devices(bench)) {
            SvaProcess process = device.process();
            long page = bench.map(process, 1);
            process.storeLong(page, 1);
            device.read(page);
            if (!seen(
                    bench,
                    HardwareEvent.Kind.ATC_INVALIDATE,
                    () -> process.munmap(page, bench.pageSize()))) {
                without.add(device.handle().accelerator().name());
            }
        }
        return Seen.of(
                without.isEmpty(),
                "an unmapping invalidates in each device",
                "an unmapping invalidates nothing in: " + String.join(", ", without));
    }

    static Seen secondIommu(TestBench bench) {
        if (bench.backend().accelerators().size() < 2) {
            return Seen.absent("there is one accelerator");
        }
        if (bench.backend().introspection().isEmpty()) {
            return Seen.unknown(NOT_SHOWN);
        }
        SvaProcess process = bench.process("owner");
        for (int i = 0; i < bench.backend().accelerators().size(); i++) {
            bench.device(process, i);
        }
        long page = bench.map(process, 1);
        process.storeLong(page, 1);
        long count =
                bench.events(() -> process.munmap(page, bench.pageSize())).stream()
                        .filter(event -> event.kind() == HardwareEvent.Kind.IOTLB_INVALIDATE)
                        .count();
        String how = "unmapping a page invalidated %d times in IOTLBs".formatted(count);
        return count < 2 ? Seen.absent(how) : Seen.unknown(how);
    }

    static Seen faultRecords(TestBench bench) {
        return bench.backend().introspection().isEmpty()
                ? Seen.absent("faults are read by introspection, which is not offered")
                : Seen.unknown("a machine that is sound and well used records no fault");
    }

    static Seen reset(TestBench bench) {
        Accelerator accelerator = bench.accelerator(0);
        bench.spend();
        accelerator.reset();
        bench.open(bench.process("owner"), 0);
        return Seen.present("a device was reset and opened again");
    }

    static Seen removal(TestBench bench) {
        Accelerator accelerator = bench.accelerator(0);
        SvaProcess process = bench.process("owner");
        bench.spend();
        accelerator.remove();
        try {
            bench.adopt(accelerator.open(process));
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENODEV) {
                return Seen.present("a device was removed, and cannot be opened any more");
            }
            throw e;
        }
        return Seen.broken("a device was removed, and can be opened");
    }

    private static boolean seen(TestBench bench, HardwareEvent.Kind kind, Runnable action) {
        return bench.events(action).stream().anyMatch(event -> event.kind() == kind);
    }

    /** Each device that can write, bound to a process of its own. */
    private static List<BoundDevice> devices(TestBench bench) {
        List<BoundDevice> devices = new ArrayList<>();
        for (int i = 0; i < bench.backend().accelerators().size(); i++) {
            if (bench.accelerator(i).info().operations().contains(Operation.FILL)) {
                devices.add(bench.device(bench.process("owner"), i));
            }
        }
        if (devices.isEmpty()) {
            throw new Inconclusive("no device can fill memory");
        }
        return devices;
    }
}
