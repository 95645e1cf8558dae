package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.UACCE_11;
import static org.opensva.conformance.rules.RuleId.UACCE_12;
import static org.opensva.conformance.rules.RuleId.UACCE_16;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.AcceleratorInfo;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.SysfsTree;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Errno;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a device says about itself in files. */
@RuleTests
class AttributeTests {

    private static final Map<QueueRegion, String> REGION_FILES =
            Map.of(QueueRegion.MMIO, "region_mmio_size", QueueRegion.SHARED, "region_dus_size");

    private static SysfsTree files(TestBench bench, Accelerator device) {
        return device.sysfs()
                .orElseThrow(() -> bench.violation("attributes, as claimed", "it has none"));
    }

    private static void reads(TestBench bench, SysfsTree files, String file, String expected) {
        String seen = files.read(file);
        bench.check(
                seen.equals(expected + "\n"),
                "%s to be '%s' and a newline".formatted(file, expected.replace("\n", "\\n")),
                "'%s'".formatted(seen.replace("\n", "\\n")));
    }

    @Test
    @Covers(UACCE_11)
    @Needs(Capability.SYSFS)
    void theFilesSayWhatTheCallsDo(TestBench bench) {
        for (Accelerator device : bench.backend().accelerators()) {
            bench.step("the files of %s", device.name());
            SysfsTree files = files(bench, device);
            AcceleratorInfo info = device.info();
            List<String> names = files.list("");
            reads(bench, files, "api", info.api());
            reads(bench, files, "flags", info.sva() ? "1" : "0");
            reads(bench, files, "algorithms", String.join("\n", info.algorithms()));
            for (Map.Entry<QueueRegion, String> region : REGION_FILES.entrySet()) {
                Long size = info.regionSizes().get(region.getKey());
                bench.check(
                        names.contains(region.getValue()) == (size != null),
                        "a file for each region that exists",
                        names.toString());
                if (size != null) {
                    reads(bench, files, region.getValue(), size.toString());
                }
            }
            bench.check(
                    names.contains("isolate") == bench.claims(Capability.ISOLATION),
                    "the file isolate where devices are isolated",
                    names.toString());
            bench.mustRefuse("a file that is not there", () -> files.read("none"), Errno.ENOENT);
            bench.mustRefuse("writing api", () -> files.write("api", "other"), Errno.EACCES);
        }
    }

    @Test
    @Covers({UACCE_11, UACCE_12})
    @Needs({Capability.SYSFS, Capability.INSTANCES})
    void theFreeQueuesAreCountedExactlyHoweverManyOpenAndClose(TestBench bench) {
        Accelerator device = bench.accelerator(0);
        SysfsTree files = files(bench, device);
        int before = device.availableInstances();
        int users = Math.clamp(before / 4, 1, 4);
        List<Concurrent<Integer>> running = new ArrayList<>();
        for (int user = 0; user < users; user++) {
            SvaProcess process = bench.process("user " + user);
            running.add(bench.beside(() -> openAndClose(bench, device, process, before)));
        }
        bench.step("%d processes open and close", users);
        while (running.stream().anyMatch(one -> !one.isDone())) {
            int seen = Integer.parseInt(files.read("available_instances").strip());
            bench.check(
                    seen <= before && seen >= before - 2 * users,
                    "%d to %d free queues".formatted(before - 2 * users, before),
                    Integer.toString(seen));
        }
        for (Concurrent<Integer> one : running) {
            bench.join("a user", one);
        }
        reads(bench, files, "available_instances", Integer.toString(before));
    }

    private static int openAndClose(
            TestBench bench, Accelerator device, SvaProcess process, int before) {
        int least = before;
        for (int round = 0; round < 25; round++) {
            try (QueueHandle one = device.open(process);
                    QueueHandle two = device.open(process)) {
                int free = device.availableInstances();
                bench.check(
                        free <= before - 2,
                        "at most %d free queues while two are open".formatted(before - 2),
                        "%d, with descriptors %d and %d".formatted(free, one.fd(), two.fd()));
                least = Math.min(least, free);
            }
        }
        return least;
    }

    @Test
    @Covers({UACCE_11, UACCE_16})
    @Needs({Capability.SYSFS, Capability.REMOVAL})
    void theFilesGoWithTheDevice(TestBench bench) {
        bench.spend();
        Accelerator device = bench.accelerator(0);
        SysfsTree files = files(bench, device);
        bench.check(!files.list("").isEmpty(), "some files", "none");
        bench.bounded("removal", device::remove);
        for (String file : List.of("api", "flags", "isolate_strategy")) {
            bench.mustRefuse(
                    file + " of a removed device",
                    () -> files.read(file),
                    Errno.ENOENT,
                    Errno.ENODEV);
        }
        bench.mustRefuse("the directory", () -> files.list(""), Errno.ENOENT, Errno.ENODEV);
    }
}
