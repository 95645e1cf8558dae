package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.UACCE_14;
import static org.opensva.conformance.rules.RuleId.UACCE_15;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.ErrorInjection;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.SysfsTree;
import org.opensva.api.accelerator.VirtualFunctions;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Errno;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;

import java.time.Duration;
import java.util.List;

/** A device with too many hardware errors is not trusted any more. */
@RuleTests
class IsolationTests {

    private static final Duration MORE_THAN_AN_HOUR = Duration.ofSeconds(3602);

    private static SysfsTree files(TestBench bench, Accelerator device) {
        return device.sysfs()
                .orElseThrow(() -> bench.violation("attributes, as claimed", "it has none"));
    }

    private static ErrorInjection errors(TestBench bench, Accelerator device) {
        return device.errorInjection()
                .orElseThrow(() -> bench.violation("errors, as claimed", "it takes none"));
    }

    private static void threshold(TestBench bench, Accelerator device, int value) {
        files(bench, device).write("isolate_strategy", value + "\n");
        reads(bench, device, "isolate_strategy", Integer.toString(value));
    }

    private static void reads(TestBench bench, Accelerator device, String file, String expected) {
        String seen = files(bench, device).read(file);
        bench.check(
                seen.equals(expected + "\n"),
                "%s of %s to be %s and a newline".formatted(file, device.name(), expected),
                "'%s'".formatted(seen.replace("\n", "\\n")));
    }

    private static void works(TestBench bench, SvaProcess process, int index) {
        Memory memory = bench.memory(process, 1, "memory");
        BoundDevice device = bench.device(process, index);
        memory.writeBy(device, "by a device that is trusted");
        memory.mustHold("the process's memory");
        device.close();
    }

    private static void error(TestBench bench, Accelerator device, int times) {
        for (int i = 0; i < times; i++) {
            bench.bounded("a hardware error", errors(bench, device)::hardwareError);
        }
    }

    private static void isIsolated(TestBench bench, Accelerator device, SvaProcess process) {
        if (bench.claims(Capability.SYSFS)) {
            reads(bench, device, "isolate", "1");
        }
        bench.mustRefuse(
                "opening an isolated device", () -> bench.adopt(device.open(process)), Errno.EPERM);
    }

    @Test
    @Covers(UACCE_14)
    @Needs(Capability.SYSFS)
    void theThresholdIsANumberWithBounds(TestBench bench) {
        Accelerator device = bench.accelerator(0);
        SysfsTree files = files(bench, device);
        for (int value : new int[] {0, 1, 65535, 5}) {
            threshold(bench, device, value);
        }
        for (String text :
                List.of("65536", "-1", "4294967296", "99999999999999999999", "many", "5x", "\n")) {
            bench.mustRefuse(
                    "the threshold '%s'".formatted(text.replace("\n", "\\n")),
                    () -> files.write("isolate_strategy", text),
                    Errno.EINVAL);
            reads(bench, device, "isolate_strategy", "5");
        }
        bench.mustRefuse("writing isolate", () -> files.write("isolate", "1"), Errno.EACCES);
        threshold(bench, device, 0);
    }

    @Test
    @Covers(UACCE_14)
    @Needs({Capability.SYSFS, Capability.ERROR_INJECTION})
    void aNewThresholdForgetsTheErrorsAndAnIsolatedDeviceTakesNone(TestBench bench) {
        bench.spend();
        Accelerator device = bench.accelerator(0);
        SvaProcess process = bench.process("owner");
        bench.step("more errors than any threshold, and the threshold 0");
        error(bench, device, 3);
        works(bench, process, 0);
        for (int round = 0; round < 3; round++) {
            bench.step("round %d: the threshold 2 is set, then two errors", round);
            threshold(bench, device, 2);
            error(bench, device, 2);
            reads(bench, device, "isolate", "0");
            works(bench, process, 0);
        }
        bench.step("one error more");
        error(bench, device, 1);
        isIsolated(bench, device, process);
        for (String text : List.of("0", "2", "65535")) {
            bench.mustRefuse(
                    "a threshold for an isolated device",
                    () -> files(bench, device).write("isolate_strategy", text),
                    Errno.EPERM);
        }
        reads(bench, device, "isolate_strategy", "2");
    }

    @Test
    @Covers(UACCE_15)
    @Needs({Capability.SYSFS, Capability.ERROR_INJECTION})
    void earlierErrorsOfOneHourIsolate(TestBench bench) {
        bench.spend();
        Accelerator device = bench.accelerator(0);
        SvaProcess process = bench.process("owner");
        int most = 1 + bench.random().nextInt(4);
        threshold(bench, device, most);
        for (int round = 0; round < 3; round++) {
            bench.step("round %d: %d errors, and more than an hour after them", round, most);
            error(bench, device, most);
            reads(bench, device, "isolate", "0");
            works(bench, process, 0);
            errors(bench, device).advance(MORE_THAN_AN_HOUR);
        }
        bench.step("%d errors half an hour ago, and one now", most);
        error(bench, device, most);
        errors(bench, device).advance(Duration.ofMinutes(30));
        reads(bench, device, "isolate", "0");
        error(bench, device, 1);
        isIsolated(bench, device, process);
        bench.step("an hour later");
        errors(bench, device).advance(MORE_THAN_AN_HOUR);
        isIsolated(bench, device, process);
        if (bench.claims(Capability.TWO_DEVICES)) {
            bench.step("the other device goes on");
            works(bench, process, 1);
        }
    }

    @Test
    @Covers(UACCE_15)
    @Needs({Capability.RESET, Capability.ERROR_INJECTION})
    void aResetThatFailsIsolates(TestBench bench) {
        bench.spend();
        Accelerator device = bench.accelerator(0);
        SvaProcess process = bench.process("owner");
        bench.bounded("reset", device::reset);
        works(bench, process, 0);
        errors(bench, device).failNextReset();
        bench.mustRefuse("a reset that fails", device::reset, Errno.EIO);
        isIsolated(bench, device, process);
    }

    @Test
    @Covers({UACCE_14, UACCE_15})
    @Needs({Capability.VIRTUAL_FUNCTIONS, Capability.SYSFS, Capability.ERROR_INJECTION})
    void aVirtualFunctionIsIsolatedWithItsPhysicalFunctionAndDoesNotOwnTheThreshold(
            TestBench bench) {
        bench.spend();
        Accelerator physical = bench.accelerator(0);
        SvaProcess process = bench.process("owner");
        VirtualFunctions functions =
                physical.virtualFunctions()
                        .orElseThrow(() -> bench.violation("virtual functions", "there are none"));
        functions.enable(1);
        Accelerator virtual = functions.enabled().getFirst();
        Memory memory = bench.memory(process, 1, "memory");
        QueueHandle handle = bench.adopt(virtual.open(process));
        if (bench.claims(Capability.QUEUE_STATES)) {
            handle.start();
        }
        BoundDevice device = bench.use(handle, process);
        memory.writeBy(device, "by a virtual function");
        memory.mustHold("the process's memory");
        threshold(bench, physical, 1);
        reads(bench, virtual, "isolate_strategy", "1");
        bench.mustRefuse(
                "a threshold for a virtual function",
                () -> files(bench, virtual).write("isolate_strategy", "3"),
                Errno.EPERM);
        error(bench, virtual, 2);
        reads(bench, physical, "isolate", "0");
        error(bench, physical, 2);
        isIsolated(bench, physical, process);
        isIsolated(bench, virtual, process);
        bench.bounded("removing the virtual function", () -> functions.enable(0));
        bench.check(functions.enabled().isEmpty(), "no virtual function", "one is left");
    }
}
