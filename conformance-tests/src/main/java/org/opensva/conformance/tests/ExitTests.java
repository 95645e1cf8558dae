package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.EXIT_01;
import static org.opensva.conformance.rules.RuleId.EXIT_03;
import static org.opensva.conformance.rules.RuleId.EXIT_04;
import static org.opensva.conformance.rules.RuleId.EXIT_05;
import static org.opensva.conformance.rules.RuleId.EXIT_06;
import static org.opensva.conformance.rules.RuleId.EXIT_14;
import static org.opensva.conformance.rules.RuleId.EXIT_15;
import static org.opensva.conformance.rules.RuleId.EXIT_16;
import static org.opensva.conformance.rules.RuleId.FAULT_09;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.Introspection;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.process.Errno;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.DeviceLoad;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.oracle.AliasOracle;
import org.opensva.conformance.suite.oracle.BudgetOracle;
import org.opensva.conformance.suite.oracle.ReuseOracle;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The end of an address space that devices use. */
@RuleTests
class ExitTests {

    /** More records than this for one dead PASID are a storm. */
    private static final int STORM = 16;

    private static DeviceLoad fill(TestBench bench, Memory memory, List<BoundDevice> devices) {
        return DeviceLoad.start(
                bench, devices, n -> Job.fill(memory.address(), memory.length(), n));
    }

    @Test
    @Covers(EXIT_01)
    void theNextOwnerOfADeadProcesssMemoryIsNeverDamaged(TestBench bench) {
        for (int round = 0; round < 12; round++) {
            SvaProcess process = bench.process("mortal");
            // Large, so that exit comes in the middle of a job.
            Memory memory = bench.memory(process, 512, "memory of the mortal");
            List<BoundDevice> devices = List.of(bench.device(process), bench.device(process));
            ReuseOracle oracle = new ReuseOracle(bench);
            DeviceLoad load = fill(bench, memory, devices);
            load.awaitSuccesses(2);
            bench.step("round %d: the process exits while its devices write", round);
            process.exit(0);
            oracle.take(512);
            load.stop();
            oracle.mustBeUndamaged("the device of a dead process");
            oracle.close();
            process.close();
        }
    }

    @Test
    @Covers(EXIT_03)
    void theEndOfOneAddressSpaceDisturbsNoOther(TestBench bench) {
        SvaProcess survivor = bench.process("survivor");
        Memory kept = bench.memory(survivor, 8, "memory of the survivor");
        BoundDevice keeps = bench.device(survivor);
        DeviceLoad survives = fill(bench, kept, List.of(keeps));
        survives.awaitSuccesses(1);
        for (int round = 0; round < 8; round++) {
            SvaProcess process = bench.process("mortal");
            Memory memory = Mapping.at(bench, process, kept.address(), 8, "memory of the mortal");
            BoundDevice device = bench.device(process);
            int pasid = bench.claims(Capability.PASID_VISIBLE) ? device.pasid() : -1;
            DeviceLoad load = fill(bench, memory, List.of(device));
            load.awaitSuccesses(1);
            bench.step("round %d: one process exits while both use the device", round);
            long before = records(bench, pasid);
            process.exit(0);
            load.stop();
            survives.awaitSuccesses(1);
            long storm = records(bench, pasid) - before;
            bench.check(
                    storm <= STORM,
                    "at most " + STORM + " fault records of a dead PASID",
                    storm + " records of PASID " + pasid);
            process.close();
        }
        survives.stop();
        bench.check(
                survives.failed() == 0, "no job of the survivor to fail", survives.failed() + "");
        bench.mustBe(survives.submitted(), survivor.loadLong(kept.page(3)), "its memory");
    }

    private static long records(TestBench bench, int pasid) {
        return bench
                .backend()
                .introspection()
                .map(Introspection::faultRecords)
                .orElse(List.of())
                .stream()
                .mapToInt(FaultRecord::pasid)
                .filter(recorded -> recorded == pasid)
                .count();
    }

    @Test
    @Covers({EXIT_03, EXIT_16})
    @Needs({Capability.FORK, Capability.SHARED_MEMORY, Capability.TWO_DEVICES})
    void whenExitReturnsEveryDeviceHasLeftTheMemory(TestBench bench) {
        for (int round = 0; round < 10; round++) {
            SvaProcess process = bench.process("mortal");
            AliasOracle oracle = new AliasOracle(bench, process, 512);
            // A witness that holds the handles keeps them open: then only the release can help.
            boolean holds = round % 2 == 0;
            SvaProcess early = bench.fork(process);
            List<BoundDevice> devices = List.of(bench.device(process, 0), bench.device(process, 1));
            SvaProcess witness = holds ? bench.fork(process) : early;
            DeviceLoad load = oracle.seenBy(witness).writeBy(devices);
            oracle.mustStopChanging(
                    "round %d: exit while two devices write to shared memory".formatted(round),
                    load,
                    () -> process.exit(0));
            process.close();
            witness.close();
            early.close();
        }
    }

    @Test
    @Covers(EXIT_04)
    void exitWaitsForNoJob(TestBench bench) {
        SvaProcess process = bench.process("mortal");
        List<BoundDevice> devices = new ArrayList<>();
        for (int i = 0; i < Math.min(4, bench.accelerator(0).availableInstances()); i++) {
            devices.add(bench.device(process));
        }
        Memory memory = bench.memory(process, 256, "memory");
        DeviceLoad load = fill(bench, memory, devices);
        load.awaitSuccesses(1);
        bench.step("exit while several queues are busy");
        new BudgetOracle(bench).mustEnd("exit", () -> process.exit(0));
        load.stop();
    }

    @Test
    @Covers(FAULT_09)
    void faultsOfADyingAddressSpaceEndWithIt(TestBench bench) {
        for (int round = 0; round < 10; round++) {
            SvaProcess process = bench.process("mortal");
            List<BoundDevice> devices = List.of(bench.device(process), bench.device(process));
            int pages = 4096;
            Memory absent = new Mapping(bench, process).untouched(pages);
            DeviceLoad load =
                    DeviceLoad.start(
                            bench,
                            devices,
                            n -> Job.fill(absent.page((int) (n % pages)), Long.BYTES, n));
            load.awaitSuccesses(4);
            bench.step("round %d: exit while devices fault pages in", round);
            bench.bounded("exit", () -> process.exit(0));
            load.stop();
            process.close();
        }
    }

    @Test
    @Covers(EXIT_05)
    void naturalDeathAndGracefulEndLeaveTheSame(TestBench bench) {
        List<SortedMap<String, Long>> states = new ArrayList<>();
        for (boolean graceful : new boolean[] {false, true, false}) {
            SvaProcess process = bench.process("mortal");
            Memory memory = bench.memory(process, 4, "memory");
            BoundDevice device = bench.device(process);
            memory.writeBy(device, "by the device");
            bench.step("the process ends, %s", graceful ? "closing first" : "with an open handle");
            if (graceful) {
                device.close();
            }
            process.exit(0);
            process.close();
            SortedMap<String, Long> state = new TreeMap<>();
            bench.backend().introspection().ifPresent(view -> state.putAll(view.resources()));
            if (bench.claims(Capability.INSTANCES)) {
                state.put("free queues", (long) bench.accelerator(0).availableInstances());
            }
            states.add(state);
            bench.check(
                    state.equals(states.getFirst()),
                    "the same state after both ends: " + states.getFirst(),
                    state.toString());
            bench.step("another process takes over");
            SvaProcess next = bench.process("next");
            Memory own = Mapping.at(bench, next, memory.address(), 4, "memory of the next");
            BoundDevice works = bench.device(next);
            for (int i = 0; i < 4; i++) {
                works.mustRead(own.page(i), own.token(i), "memory of the next");
            }
            own.writeBy(works, "by the next one's device");
            own.mustHold("memory of the next");
            next.close();
        }
    }

    @Test
    @Covers(EXIT_06)
    void unbindCutsOffThisDeviceOnly(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 4, "memory");
        BoundDevice device = bench.device(process);
        boolean two = bench.claims(Capability.TWO_DEVICES);
        BoundDevice other =
                two ? bench.device(process, 1) : bench.device(bench.process("other"), 0);
        memory.writeBy(device, "by the device");
        bench.step("the last unbind of one device");
        device.close();
        bench.mustRefuse(
                "a job through the closed handle",
                () -> device.handle().submit(Job.fill(memory.page(0), Long.BYTES, 1)),
                Errno.EBADF);
        memory.mustHold("the process's memory");
        memory.store("stored after the unbind");
        if (two) {
            memory.writeBy(other, "by the other device");
        }
        memory.mustHold("the process's memory");
        other.close();
        bench.step("memory that is unmapped and mapped between unbind and bind");
        Memory fresh = Mapping.at(bench, process, memory.address(), 4, "new memory");
        BoundDevice again = bench.device(process);
        for (int i = 0; i < 4; i++) {
            again.mustRead(fresh.page(i), fresh.token(i), "new memory at the old address");
        }
    }

    @Test
    @Covers(EXIT_14)
    void howAProcessEndsMakesNoDifference(TestBench bench) {
        SvaProcess other = bench.process("other");
        ReuseOracle oracle = new ReuseOracle(bench);
        List<Signal> ways =
                new ArrayList<>(List.of(Signal.SIGKILL, Signal.SIGABRT, Signal.SIGTERM));
        int free =
                bench.claims(Capability.INSTANCES) ? bench.accelerator(0).availableInstances() : -1;
        for (int round = 0; round < 8; round++) {
            SvaProcess process = bench.process("mortal");
            Memory memory = bench.memory(process, 8, "memory of the mortal");
            BoundDevice device = bench.device(process);
            DeviceLoad load = fill(bench, memory, List.of(device));
            load.awaitSuccesses(1);
            if (round % 4 == 3) {
                bench.step("round %d: the process exits", round);
                process.exit(1);
            } else {
                Signal signal = ways.get(round % 4);
                bench.step("round %d: the process gets %s", round, signal);
                process.kill(signal);
                bench.check(
                        process.awaitTermination(bench.limits().bounded()),
                        "the process to end",
                        "it lives after " + signal);
            }
            bench.check(!process.isAlive(), "the process to have ended", "it is alive");
            oracle.take(8);
            load.stop();
            oracle.mustBeUndamaged("the device of a process that was ended");
            if (free >= 0) {
                bench.mustBe(free, bench.accelerator(0).availableInstances(), "free queues");
            }
            bench.mustRefuse("a call of a dead process", () -> bench.map(process, 1), Errno.ESRCH);
            process.close();
        }
        bench.step("the device is as usable as before");
        Memory own = bench.memory(other, 1, "memory");
        own.writeBy(bench.device(other), "by the other's device");
        own.mustHold("the other's memory");
    }

    @Test
    @Covers(EXIT_15)
    void jobsOfADeadProcessEndAndItsQueuesServeOthers(TestBench bench) {
        int free = bench.accelerator(0).availableInstances();
        int take = Math.min(free, 16);
        for (int round = 0; round < 3; round++) {
            SvaProcess process = bench.process("mortal");
            Memory memory = bench.memory(process, 64, "memory of the mortal");
            List<BoundDevice> devices = new ArrayList<>();
            for (int i = 0; i < take; i++) {
                devices.add(bench.device(process));
            }
            DeviceLoad load = fill(bench, memory, devices.subList(0, Math.min(4, take)));
            load.awaitSuccesses(1);
            bench.step("round %d: exit with jobs in flight on several queues", round);
            process.exit(0);
            load.stop();
            bench.step("round %d: another process takes as many queues", round);
            SvaProcess next = bench.process("next");
            Memory own =
                    Mapping.at(bench, next, memory.address(), 64, "memory of the next process");
            for (int i = 0; i < take; i++) {
                BoundDevice device = bench.device(next);
                device.mustRead(own.page(i), own.token(i), "memory of the next process");
                own.writeBy(device, i, "by the next one's device");
            }
            own.mustHold("memory of the next process");
            next.close();
        }
    }

    @Test
    @Covers(EXIT_01)
    @Needs(Capability.FORK)
    void memoryIsLeftAtExitAlsoWhileAChildKeepsTheQueueOpen(TestBench bench) {
        for (int round = 0; round < 8; round++) {
            SvaProcess process = bench.process("mortal");
            BoundDevice device = bench.device(process);
            SvaProcess child = bench.fork(process);
            // Large, so that exit comes in the middle of a job.
            Memory memory = bench.memory(process, 2048, "memory of the mortal");
            ReuseOracle oracle = new ReuseOracle(bench);
            DeviceLoad load = fill(bench, memory, List.of(device));
            load.awaitSuccesses(2);
            bench.step("round %d: the opener exits, a child keeps its queue open", round);
            process.exit(0);
            oracle.take(512);
            load.stop();
            oracle.mustBeUndamaged("the device of a dead process");
            oracle.close();
            child.close();
            process.close();
        }
    }
}
