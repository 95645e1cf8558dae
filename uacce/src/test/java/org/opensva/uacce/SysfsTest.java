package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.lab.Lab.refused;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.SysfsTree;
import org.opensva.api.process.Errno;
import org.opensva.uacce.engine.StandardEngines;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabEndpoint;
import org.opensva.uacce.lab.LabProcess;
import org.opensva.uacce.lab.LabSlots;

import java.util.List;
import java.util.Map;

class SysfsTest {

    private final LabEndpoint endpoint = new LabEndpoint();
    private final LabSlots slots = new LabSlots(3);
    private final UacceDevice device =
            new UacceDevice(
                    UacceConfig.of("lab-0").withInstances(8),
                    endpoint,
                    endpoint,
                    new StandardEngines(),
                    OpenTelemetry.noop(),
                    slots);
    private final SysfsTree files = device.sysfs().orElseThrow();

    @AfterEach
    void close() {
        device.close();
    }

    @Test
    void theFilesAreThoseOfTheKernelAndEndWithANewline() {
        assertEquals(
                List.of(
                        "algorithms",
                        "api",
                        "available_instances",
                        "device",
                        "flags",
                        "isolate",
                        "isolate_strategy",
                        "region_dus_size",
                        "region_mmio_size"),
                files.list(""));
        assertEquals(
                List.of("remove", "reset", "sriov_numvfs", "sriov_totalvfs", "uevent"),
                files.list("device"));
        Map<String, String> expected =
                Map.of(
                        "api", "opensva_queue_v1\n",
                        "flags", "1\n",
                        "available_instances", "8\n",
                        "algorithms", String.join("\n", device.info().algorithms()) + "\n",
                        "isolate", "0\n",
                        "isolate_strategy", "0\n",
                        "region_mmio_size", "4096\n",
                        "region_dus_size", "4096\n",
                        "device/sriov_totalvfs", "3\n",
                        "device/uevent", "PCI_SLOT_NAME=0000:00:03.0\n");
        expected.forEach((file, text) -> assertEquals(text, files.read(file), file));
    }

    @Test
    void whatIsNoFileIsNotOpened() {
        for (String path : List.of("nothing", "api/", "/api", "device/nothing", "..", "ap")) {
            refused(Errno.ENOENT, () -> files.read(path));
            refused(Errno.ENOENT, () -> files.write(path, "1"));
        }
        refused(Errno.ENOENT, () -> files.list("nowhere"));
        refused(Errno.ENOENT, () -> files.list("api"));
        refused(Errno.EISDIR, () -> files.read("device"));
        refused(Errno.EISDIR, () -> files.write("", "1"));
        refused(Errno.EACCES, () -> files.write("api", "mine"));
        refused(Errno.EACCES, () -> files.write("isolate", "1"));
        refused(Errno.EACCES, () -> files.read("device/reset"));
    }

    @Test
    void theStrategyTakesWhatTheKernelTakesForANumber() {
        Map<String, String> accepted =
                Map.of(
                        "0", "0\n",
                        "7\n", "7\n",
                        "+12", "12\n",
                        "0x1f", "31\n",
                        "0X1F\n", "31\n",
                        "017", "15\n",
                        "65535", "65535\n",
                        "00000000000000000000000000000000000001", "1\n");
        accepted.forEach((text, value) -> {
            files.write("isolate_strategy", text);
            assertEquals(value, files.read("isolate_strategy"), text);
        });
        files.write("isolate_strategy", "5");
        for (String text :
                List.of(
                        "65536",
                        "-1",
                        "\n",
                        " 1",
                        "1 ",
                        "1\n\n",
                        "many",
                        "0x",
                        "0xg",
                        "08",
                        "++1",
                        "1.0",
                        "\u0661",
                        "9223372036854775808",
                        "99999999999999999999999999",
                        "1".repeat(5000))) {
            refused(Errno.EINVAL, () -> files.write("isolate_strategy", text));
        }
        files.write("isolate_strategy", "");
        assertEquals("5\n", files.read("isolate_strategy"));
    }

    @Test
    void freeInstancesFollowTheQueues() {
        LabProcess process = new LabProcess();
        QueueHandle queue = device.open(process);
        assertEquals("7\n", files.read("available_instances"));
        queue.close();
        assertEquals("8\n", files.read("available_instances"));
    }

    @Test
    void resetAndRemovalAreFilesOfTheFunction() {
        QueueHandle queue = device.open(new LabProcess());
        for (String text : List.of("0", "2", "yes")) {
            refused(Errno.EINVAL, () -> files.write("device/reset", text));
        }
        queue.start();
        files.write("device/reset", "1\n");
        refused(Errno.ENXIO, queue::start);
        files.write("device/remove", "0");
        assertEquals("1\n", files.read("flags"));
        files.write("device/remove", "1");
        refused(Errno.ENOENT, () -> files.read("flags"));
        refused(Errno.ENOENT, () -> files.list(""));
        refused(Errno.ENODEV, () -> device.open(new LabProcess()));
        queue.close();
    }

    @Test
    void virtualFunctionsComeAllTogetherAndGoAllTogether() {
        files.write("device/sriov_numvfs", "2");
        assertEquals("2\n", files.read("device/sriov_numvfs"));
        refused(Errno.EBUSY, () -> files.write("device/sriov_numvfs", "3"));
        refused(Errno.ERANGE, () -> files.write("device/sriov_numvfs", "4"));
        refused(Errno.EINVAL, () -> files.write("device/sriov_numvfs", "all"));
        files.write("device/sriov_numvfs", "2");
        List<Accelerator> functions = device.virtualFunctions().orElseThrow().enabled();
        assertEquals(List.of("lab-1", "lab-2"), functions.stream().map(Accelerator::name).toList());
        files.write("device/sriov_numvfs", "0");
        assertEquals(List.of("plug 0", "plug 1", "unplug 1", "unplug 0"), slots.log);
        refused(Errno.ENODEV, () -> functions.getFirst().open(new LabProcess()));
    }

    @Test
    void aFunctionThatCannotBePluggedInLeavesNone() {
        slots.defective = 2;
        try {
            files.write("device/sriov_numvfs", "3");
        } catch (IllegalStateException expected) {
            assertTrue(expected.getMessage().contains("slot 2"));
        }
        assertEquals(List.of("plug 0", "plug 1", "unplug 1", "unplug 0"), slots.log);
        assertEquals("0\n", files.read("device/sriov_numvfs"));
    }

    @Test
    void aVirtualFunctionShowsTheIsolationOfItsPhysicalFunctionAndDoesNotOwnIt() {
        files.write("device/sriov_numvfs", "1");
        Accelerator function = device.virtualFunctions().orElseThrow().enabled().getFirst();
        SysfsTree its = function.sysfs().orElseThrow();
        assertEquals(List.of("remove", "reset", "uevent"), its.list("device"));
        files.write("isolate_strategy", "1");
        assertEquals("1\n", its.read("isolate_strategy"));
        refused(Errno.EPERM, () -> its.write("isolate_strategy", "2"));
        refused(Errno.EINVAL, () -> its.write("isolate_strategy", "x"));
        function.errorInjection().orElseThrow().hardwareError();
        function.errorInjection().orElseThrow().hardwareError();
        assertEquals("0\n", files.read("isolate"), "its errors are not its own to count");
        device.errorInjection().orElseThrow().hardwareError();
        device.errorInjection().orElseThrow().hardwareError();
        assertEquals("1\n", its.read("isolate"));
        refused(Errno.EPERM, () -> function.open(new LabProcess()));
        refused(Errno.EPERM, () -> files.write("isolate_strategy", "0"));
    }

    @Test
    void theHardwareOfAFunctionIsResetAndRemovedWithItsPhysicalFunction() {
        files.write("device/sriov_numvfs", "1");
        Accelerator function = device.virtualFunctions().orElseThrow().enabled().getFirst();
        LabProcess process = new LabProcess();
        try (QueueHandle queue = device.open(process)) {
            queue.start();
            function.reset();
            assertTrue(queue.run(Job.nop(), Lab.SOON).succeeded());
        }
        device.remove();
        refused(Errno.ENODEV, () -> function.open(process));
        refused(Errno.ENODEV, () -> device.virtualFunctions().orElseThrow().enable(1));
        assertEquals(List.of("plug 0", "unplug 0"), slots.log);
    }
}
