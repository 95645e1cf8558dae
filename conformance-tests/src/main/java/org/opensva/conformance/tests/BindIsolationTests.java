package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.ATS_26;
import static org.opensva.conformance.rules.RuleId.BIND_06;
import static org.opensva.conformance.rules.RuleId.BIND_07;
import static org.opensva.conformance.rules.RuleId.BIND_13;
import static org.opensva.conformance.rules.RuleId.BIND_26;
import static org.opensva.conformance.rules.RuleId.BIND_27;
import static org.opensva.conformance.rules.RuleId.FAULT_07;
import static org.opensva.conformance.rules.RuleId.UACCE_13;
import static org.opensva.conformance.rules.RuleId.UNMAP_29;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Capability;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.DeviceLoad;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.MemorySnapshot;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.oracle.ReuseOracle;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which address space a PASID names, and what it gives no access to. */
@RuleTests
class BindIsolationTests {

    /** Addresses that no process owns: of the kernel's half, and of neither half. */
    private static final long[] FOREIGN = {
        0xffff_0000_0000_0000L,
        0xffff_8000_0000_0000L,
        0xffff_ffff_8000_0000L,
        0xffff_ffff_ffff_f000L,
        0x0100_0000_0000_0000L,
        0x7fff_ffff_ffff_f000L,
        0x8000_0000_0000_0000L
    };

    @Test
    @Covers(BIND_06)
    void noTwoLiveAddressSpacesShareAPasid(TestBench bench) {
        int devices = bench.claims(Capability.TWO_DEVICES) ? 2 : 1;
        Map<SvaProcess, Integer> live = new HashMap<>();
        for (int round = 0; round < 40; round++) {
            if (live.size() < 3 || (live.size() < 7 && bench.random().nextBoolean())) {
                bench.step("round %d: a process binds", round);
                SvaProcess process = bench.process("p" + round);
                int pasid = bench.open(process, round % devices).pasid().value();
                live.forEach((other, taken) ->
                        bench.check(
                                taken != pasid,
                                "a PASID that no live address space has",
                                "PASID " + pasid + ", which process " + other.pid() + " has"));
                live.put(process, pasid);
            } else {
                bench.step("round %d: a process leaves", round);
                List<SvaProcess> all = new ArrayList<>(live.keySet());
                all.sort(java.util.Comparator.comparingLong(SvaProcess::pid));
                SvaProcess leaves = all.get(bench.random().nextInt(all.size()));
                live.remove(leaves);
                leaves.close();
            }
        }
    }

    @Test
    @Covers(BIND_07)
    void aPasidIsNeitherZeroNorAllOnes(TestBench bench) {
        for (int i = 0; i < 12; i++) {
            SvaProcess process = bench.process("p" + i);
            int pasid = bench.open(process, 0).pasid().value();
            bench.check(
                    pasid >= 1 && pasid < Pasid.MAX,
                    "a PASID from 1 to " + (Pasid.MAX - 1),
                    "PASID " + pasid);
            if (i % 2 == 0) {
                process.close();
            }
        }
    }

    @Test
    @Covers(BIND_13)
    void anAddressSpaceKeepsItsPasidFromBindToBind(TestBench bench) {
        SvaProcess process = bench.process("owner");
        QueueHandle first = bench.open(process, 0);
        int pasid = first.pasid().value();
        for (int round = 0; round < 4; round++) {
            bench.step("the last unbind, then others bind, round %d", round);
            first.close();
            QueueHandle other = bench.open(bench.process("other" + round), 0);
            bench.check(
                    other.pasid().value() != pasid,
                    "PASID " + pasid + " to stay with its address space",
                    "another address space was given it");
            bench.step("the address space binds again");
            first = bench.open(process, 0);
            bench.check(
                    first.pasid().value() == pasid,
                    "the rebind to give PASID " + pasid + " again",
                    "PASID " + first.pasid().value());
        }
    }

    @Test
    @Covers({BIND_26, ATS_26})
    void nothingMovesUnderAPasidAfterItsUnbind(TestBench bench) {
        SvaProcess process = bench.process("owner");
        SvaProcess other = bench.process("other");
        for (int round = 0; round < 6; round++) {
            Memory memory = bench.memory(process, 128, "the owner's memory");
            BoundDevice device = bench.device(process);
            bench.step("round %d: jobs run while the last handle is closed", round);
            DeviceLoad load =
                    DeviceLoad.start(
                            bench,
                            List.of(device),
                            n -> Job.fill(memory.address(), memory.length(), n));
            load.awaitSuccesses(3);
            device.close();
            MemorySnapshot after = MemorySnapshot.ofTail(bench, memory, 2);
            load.stop();
            bench.step("round %d: another process uses the hardware queue", round);
            Memory theirs = Mapping.at(bench, other, memory.address(), 8, "the other's");
            BoundDevice next = bench.device(other);
            theirs.writeBy(next, "by the other's device");
            next.close();
            theirs.mustHold("the other process's memory");
            after.mustBeUnchanged("memory of a process that is not bound any more");
            bench.mustRefuse(
                    "a job through the closed handle",
                    () -> device.handle().submit(Job.nop()),
                    Errno.EBADF);
        }
    }

    @Test
    @Covers(BIND_26)
    void aDeviceReachesOnlyTheAddressSpaceItIsBoundTo(TestBench bench) {
        SvaProcess bound = bench.process("bound");
        SvaProcess unbound = bench.process("unbound");
        BoundDevice device = bench.device(bound);
        Memory theirs = bench.memory(unbound, 4, "memory of the unbound process");
        // Where the bound process has nothing, so that only the other one could be meant.
        bound.mmap(MapRequest.anonymous(theirs.length()).at(theirs.address()));
        Memory own = bench.memory(bound, 1, "memory of the bound process");
        bound.munmap(theirs.address(), theirs.length());
        own.writeBy(device, "by the device");
        for (int i = 0; i < theirs.count(); i++) {
            device.mustNotReach(theirs.page(i), "memory that only an unbound process has");
        }
        theirs.mustHold("the unbound process's memory");
    }

    @Test
    @Covers(BIND_27)
    void aDeviceWritesNoReadOnlyPage(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        bench.step("anonymous memory mapped for reading only");
        long zeros =
                process.mmap(MapRequest.anonymous(bench.pages(2)).withProtection(Protection.READ));
        for (int i = 0; i < 2; i++) {
            long page = zeros + bench.pages(i);
            bench.mustBe(0, process.loadLong(page), "the read-only page");
            if (i == 0) {
                device.mustRead(page, 0, "the read-only page");
            }
            device.mustNotWrite(page, "a read-only page");
            bench.mustBe(0, process.loadLong(page), "the read-only page");
        }
        if (bench.claims(Capability.SHARED_MEMORY)) {
            bench.step("a memory object mapped writable at one place, read-only at another");
            int fd = process.createSharedMemory(bench.pages(1));
            MapRequest request = MapRequest.sharedFile(fd, 0, bench.pages(1));
            Memory writable = bench.fill(process, process.mmap(request), 1, "shared");
            long readOnly = process.mmap(request.withProtection(Protection.READ));
            bench.mustBe(writable.token(0), process.loadLong(readOnly), "the read-only view");
            writable.writeBy(device, "through the writable view");
            device.mustRead(readOnly, writable.token(0), "the read-only view");
            device.mustNotWrite(readOnly, "the read-only view of a writable page");
            writable.mustHold("the memory object");
        }
        bench.step("memory that allows nothing");
        long none =
                process.mmap(MapRequest.anonymous(bench.pages(1)).withProtection(Protection.NONE));
        device.mustNotReach(none, "memory without any permission");
    }

    @Test
    @Covers({BIND_27, FAULT_07})
    void aDeviceReachesNoKernelAddress(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 1, "memory");
        BoundDevice device = bench.device(process);
        memory.writeBy(device, "by the device");
        for (long address : FOREIGN) {
            bench.step("an access to 0x%x", address);
            device.mustNotReach(address, "an address of no process");
            bench.step("an access to the process's address with the upper bits of 0x%x", address);
            long alias = memory.address() | (address & 0xffff_0000_0000_0000L);
            if (alias != memory.address()) {
                device.mustNotReach(alias, "an address that is the process's but for upper bits");
            }
        }
        memory.mustHold("the process's memory");
        memory.writeBy(device, "by the next job");
        memory.mustHold("the process's memory");
    }

    @Test
    @Covers(UACCE_13)
    void aUserAddressIsNeverTakenForAPhysicalOne(TestBench bench) {
        ReuseOracle oracle = new ReuseOracle(bench);
        oracle.take(64);
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 1, "memory");
        BoundDevice device = bench.device(process);
        for (long place = bench.pageSize(); place < 1L << 40; place <<= 1) {
            for (long address : new long[] {place, place + bench.pages(7)}) {
                if (!isMapped(process, address)) {
                    bench.step("a job with the address 0x%x, which is not mapped", address);
                    device.mustNotReach(address, "where memory may lie physically");
                }
            }
        }
        oracle.mustBeUndamaged("a job with an address that is not mapped");
        memory.writeBy(device, "by the device");
        memory.mustHold("the process's memory");
    }

    private static boolean isMapped(SvaProcess process, long address) {
        try {
            process.loadLong(address);
            return true;
        } catch (CpuFaultException notMapped) {
            return false;
        }
    }

    @Test
    @Covers(UNMAP_29)
    void aBindBesideAnUnmappingMissesNothing(TestBench bench) {
        SvaProcess process = bench.process("owner");
        int rounds = 25;
        Sweep sweep = new Sweep(rounds);
        for (int round = 0; round < rounds; round++) {
            int at = round;
            Memory memory = bench.memory(process, 4, "memory");
            bench.step("round %d: a bind and first accesses beside munmap", round);
            Concurrent<BoundDevice> binds =
                    bench.beside(() -> {
                        long begin = System.nanoTime();
                        BoundDevice device = bench.device(process);
                        for (int i = 0; i < memory.count(); i++) {
                            device.write(memory.page(i), at);
                        }
                        sweep.took(System.nanoTime() - begin);
                        return device;
                    });
            sweep.delay(round);
            process.munmap(memory.address(), memory.length());
            BoundDevice device = bench.join("the bind and its jobs", binds);
            bench.step("round %d: both are over", round);
            for (int i = 0; i < memory.count(); i++) {
                device.mustNotReach(memory.page(i), "page " + i + ", unmapped beside the bind");
            }
            device.close();
        }
    }

    @Test
    @Covers(BIND_26)
    void aJobAfterTheUnbindIsRefused(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 1, "memory");
        BoundDevice device = bench.device(process);
        memory.writeBy(device, "while it was bound");
        device.close();
        try {
            device.handle().submit(Job.fill(memory.address(), Long.BYTES, 1));
        } catch (ErrnoException refused) {
            memory.mustHold("the process's memory");
            return;
        }
        throw bench.violation("a job without a bond to be refused", "it was accepted");
    }

    @Test
    @Covers(UNMAP_29)
    void aFirstAccessBesideAnUnmappingLeavesNothingCached(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        int rounds = 60;
        Sweep sweep = new Sweep(rounds);
        for (int round = 0; round < rounds; round++) {
            Memory memory = bench.memory(process, 1, "memory");
            bench.step("round %d: the first access of a device beside munmap", round);
            long begin = System.nanoTime();
            long ticket = device.submit(Job.fill(memory.page(0), Long.BYTES, round));
            sweep.delay(round);
            process.munmap(memory.address(), memory.length());
            device.await(ticket, "job beside munmap");
            sweep.took(System.nanoTime() - begin);
            device.mustNotReach(memory.page(0), "the page, unmapped beside the access");
        }
    }
}
