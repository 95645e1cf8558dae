package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.UACCE_05;
import static org.opensva.conformance.rules.RuleId.UACCE_06;
import static org.opensva.conformance.rules.RuleId.UACCE_07;
import static org.opensva.conformance.rules.RuleId.UACCE_11;
import static org.opensva.conformance.rules.RuleId.UACCE_16;
import static org.opensva.conformance.rules.RuleId.UACCE_19;
import static org.opensva.conformance.rules.RuleId.UNMAP_31;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.AcceleratorInfo;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Errno;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.DeviceLoad;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a device says about itself, its regions, and its removal. */
@RuleTests
class DeviceTests {

    @Test
    @Covers(UACCE_06)
    void eachRegionIsMappedOnce(TestBench bench) {
        SvaProcess process = bench.process("owner");
        QueueHandle handle = bench.open(process, 0);
        QueueHandle other = bench.open(process, 0);
        Map<QueueRegion, Long> sizes = handle.accelerator().info().regionSizes();
        Set<Long> addresses = new HashSet<>();
        for (QueueRegion region : QueueRegion.values()) {
            bench.step("region %s", region);
            if (sizes.containsKey(region)) {
                addresses.add(handle.mapRegion(region));
                bench.mustRefuse("a second mapping", () -> handle.mapRegion(region), Errno.EEXIST);
                addresses.add(other.mapRegion(region));
            } else {
                bench.mustRefuse(
                        "a region that does not exist",
                        () -> handle.mapRegion(region),
                        Errno.EINVAL);
            }
        }
        bench.check(
                addresses.size() == 2 * sizes.size(),
                "a place of its own for each",
                "" + addresses);
    }

    @Test
    @Covers(UACCE_07)
    void anUnmappedRegionMayBeMappedAgainAndNoneIsMovedOrGrown(TestBench bench) {
        SvaProcess process = bench.process("owner");
        QueueHandle handle = bench.open(process, 0);
        for (Map.Entry<QueueRegion, Long> region :
                handle.accelerator().info().regionSizes().entrySet()) {
            bench.step("region %s", region.getKey());
            for (int round = 0; round < 3; round++) {
                long address = handle.mapRegion(region.getKey());
                if (bench.claims(Capability.MREMAP)) {
                    bench.mustRefuse(
                            "growing the region",
                            () ->
                                    process.mremap(
                                            address,
                                            region.getValue(),
                                            region.getValue() + bench.pageSize(),
                                            true),
                            Errno.EPERM,
                            Errno.EFAULT);
                }
                process.munmap(address, region.getValue());
                bench.mustFault("a load from the unmapped region", () -> process.loadLong(address));
            }
        }
    }

    @Test
    @Covers(UACCE_11)
    void aDeviceDoesWhatItSays(TestBench bench) {
        for (Accelerator accelerator : bench.backend().accelerators()) {
            AcceleratorInfo info = accelerator.info();
            bench.step("%s describes itself", accelerator.name());
            bench.check(info.sva(), "a device whose queues are bound to say so", "sva is false");
            bench.check(
                    info.instances() > 0 && info.queueDepth() > 0,
                    "at least one queue with room for a job",
                    info.toString());
            bench.check(
                    accelerator.availableInstances() <= info.instances(),
                    "no more free queues than there are: " + info.instances(),
                    accelerator.availableInstances() + "");
            bench.check(!info.api().isBlank(), "the name of its interface", "nothing");
        }
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        Memory memory = bench.memory(process, 5, "memory");
        OperationSamples samples = new OperationSamples(memory, bench.pageSize());
        AcceleratorInfo info = device.handle().accelerator().info();
        for (Operation operation : Operation.values()) {
            OperationSamples.Sample sample = samples.of(operation);
            if (sample == null) {
                continue;
            }
            bench.step("operation %s", operation.id());
            JobStatus status = device.run(sample.job()).status();
            Algorithm algorithm = sample.job().algorithm();
            boolean claimed =
                    info.operations().contains(operation)
                            && (algorithm == Algorithm.NONE
                                    || info.algorithms().contains(algorithm.id()));
            bench.check(
                    claimed
                            ? status == sample.end()
                            : status == JobStatus.UNSUPPORTED || status == JobStatus.BAD_DESCRIPTOR,
                    claimed ? "status " + sample.end() : "an operation it has not to be refused",
                    status.toString());
        }
    }

    @Test
    @Covers(UACCE_19)
    void everyDeviceHasANameOfItsOwn(TestBench bench) {
        Set<String> names = new HashSet<>();
        for (Accelerator accelerator : bench.backend().accelerators()) {
            bench.check(
                    names.add(accelerator.name()),
                    "a name that no other device has",
                    accelerator.name());
        }
    }

    @Test
    @Covers({UACCE_05, UACCE_16})
    @Needs(Capability.REMOVAL)
    void afterRemovalHandlesAcceptOnlyClose(TestBench bench) {
        bench.spend();
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 8, "memory");
        BoundDevice device = bench.device(process);
        QueueHandle idle = bench.open(process, 0);
        memory.writeBy(device, "before the removal");
        Map<QueueRegion, Long> sizes = device.handle().accelerator().info().regionSizes();
        boolean mapped = bench.claims(Capability.REGIONS) && sizes.containsKey(QueueRegion.MMIO);
        long doorbell = mapped ? idle.mapRegion(QueueRegion.MMIO) : 0;
        DeviceLoad load =
                DeviceLoad.start(
                        bench,
                        List.of(bench.device(process)),
                        n -> Job.fill(memory.page(4), bench.pages(4), n));
        load.awaitSuccesses(1);
        bench.step("the device is removed while it works");
        bench.bounded("removal", bench.accelerator(0)::remove);
        load.stop();
        for (QueueHandle handle : List.of(device.handle(), idle)) {
            bench.check(
                    handle.state() == QueueState.ZOMBIE, "state ZOMBIE", handle.state().toString());
            bench.mustRefuse("start", handle::start, Errno.ENXIO);
            bench.mustRefuse("put", handle::putQueue, Errno.ENXIO);
            bench.mustRefuse("a job", () -> handle.submit(Job.nop()), Errno.ENXIO);
            bench.mustRefuse("control", () -> handle.control(0x7fff), Errno.ENXIO);
            if (bench.claims(Capability.REGIONS)) {
                bench.mustRefuse(
                        "mapping a region",
                        () -> handle.mapRegion(QueueRegion.SHARED),
                        Errno.ENXIO);
            }
            bench.check(!handle.poll(Duration.ZERO), "poll to report nothing", "readable");
        }
        if (mapped) {
            bench.mustFault("a load from the removed device", () -> process.loadLong(doorbell));
        }
        bench.mustRefuse("an open", () -> bench.open(process, 0), Errno.ENODEV);
        memory.in(process).mustHold(0, "the process's memory");
        if (bench.claims(Capability.TWO_DEVICES)) {
            bench.step("the other device goes on");
            memory.writeBy(bench.device(process, 1), 1, "by the other device");
            memory.mustHold(1, "the process's memory");
        }
        bench.step("the handles are closed");
        device.close();
        idle.close();
    }

    @Test
    @Covers(UNMAP_31)
    @Needs(Capability.TWO_DEVICES)
    void aRemovedDeviceHangsNoUnmapping(TestBench bench) {
        bench.spend();
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 6, "memory");
        BoundDevice gone = bench.device(process, 0);
        BoundDevice stays = bench.device(process, 1);
        memory.writeBy(gone, "by the device that will be removed");
        memory.writeBy(stays, "by the device that stays");
        bench.accelerator(0).remove();
        bench.step("memory is unmapped that the removed device had cached");
        bench.bounded("munmap", () -> process.munmap(memory.address(), bench.pages(4)));
        for (int i = 0; i < 4; i++) {
            stays.mustNotReach(memory.page(i), "an unmapped page, by the device that is left");
        }
        memory.writeBy(stays, 5, "by the device that is left");
        memory.mustHold(5, "the process's memory");
        JobResult nop = stays.run(Job.nop());
        bench.check(nop.succeeded(), "the device that is left to work", nop.status().toString());
        bench.bounded("exit", () -> process.exit(0));
    }
}
