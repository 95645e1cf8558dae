package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.BIND_08;
import static org.opensva.conformance.rules.RuleId.BIND_09;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A device that carries few PASIDs. */
@RuleTests
class NarrowDeviceTests {

    /** More address spaces than a narrow device, of eight bits at most, can tell apart. */
    private static final int ENOUGH = 260;

    /** Every PASID of a device is taken. */
    private record Exhausted(int device, List<SvaProcess> owners, List<QueueHandle> handles) {}

    /** Takes PASIDs of a device until there are no more; empty if something else runs out first. */
    private static Optional<Exhausted> exhaust(TestBench bench, int device) {
        List<SvaProcess> owners = new ArrayList<>();
        List<QueueHandle> handles = new ArrayList<>();
        while (owners.size() < ENOUGH) {
            SvaProcess process = bench.process("owner " + owners.size());
            try {
                handles.add(bench.adopt(bench.accelerator(device).open(process)));
            } catch (ErrnoException refused) {
                process.close();
                if (refused.errno() == Errno.EBUSY) {
                    break;
                }
                bench.check(
                        refused.errno() == Errno.ENOSPC,
                        "a bind without a free PASID to fail with ENOSPC",
                        String.valueOf(refused.getMessage()));
                return Optional.of(new Exhausted(device, owners, handles));
            }
            owners.add(process);
        }
        handles.forEach(QueueHandle::close);
        owners.forEach(SvaProcess::close);
        return Optional.empty();
    }

    private static Exhausted exhaustNarrow(TestBench bench) {
        for (int device = 0; device < bench.backend().accelerators().size(); device++) {
            bench.step("accelerator %d is bound to new address spaces until it refuses", device);
            Optional<Exhausted> exhausted = exhaust(bench, device);
            if (exhausted.isPresent()) {
                return exhausted.get();
            }
        }
        throw new NotObservable(
                "queues ran out before PASIDs, or " + ENOUGH + " PASIDs were not all");
    }

    @Test
    @Covers(BIND_09)
    void withoutAFreePasidABindFailsAndAPasidThatComesBackIsUsed(TestBench bench) {
        Exhausted all = exhaustNarrow(bench);
        int bound = all.owners().size();
        if (bench.claims(Capability.PASID_VISIBLE)) {
            long different =
                    all.handles().stream()
                            .map(handle -> handle.pasid().value())
                            .filter(pasid -> pasid > 0)
                            .distinct()
                            .count();
            bench.mustBe(bound, different, "the number of different PASIDs above 0");
        }
        bench.step("an address space that is bound works, another one is still refused");
        if (bound > 0) {
            works(bench, all, bound - 1);
        }
        bench.mustRefuse(
                "a bind", () -> bench.open(bench.process("late"), all.device()), Errno.ENOSPC);
        bench.step("one owner is gone");
        if (bound > 0) {
            all.handles().getFirst().close();
            all.owners().getFirst().close();
            SvaProcess next = bench.process("next");
            BoundDevice device = bench.device(next, all.device());
            Memory memory = bench.memory(next, 1, "memory of the next");
            device.mustRead(memory.page(0), memory.token(0), "memory of the next");
            works(bench, all, bound - 1);
        }
    }

    private static void works(TestBench bench, Exhausted all, int owner) {
        QueueHandle handle = all.handles().get(owner);
        SvaProcess process = all.owners().get(owner);
        if (bench.claims(Capability.QUEUE_STATES)
                && handle.state() == org.opensva.api.accelerator.QueueState.INIT) {
            handle.start();
        }
        Memory memory = bench.memory(process, 1, "memory of an owner");
        bench.use(handle, process).mustRead(memory.page(0), memory.token(0), "memory of an owner");
    }

    @Test
    @Covers(BIND_08)
    @Needs(Capability.TWO_DEVICES)
    void aPasidThatIsTooWideForADeviceIsRefusedThereAndWorksElsewhere(TestBench bench) {
        Exhausted all = exhaustNarrow(bench);
        int wide = all.device() == 0 ? 1 : 0;
        SvaProcess process = bench.process("owner of a wide PASID");
        bench.step("a wider device is bound, with a PASID that the narrow one cannot carry");
        BoundDevice first;
        try {
            first = bench.device(process, wide);
        } catch (ErrnoException refused) {
            throw new NotObservable("no device is wider: " + refused.errno());
        }
        Memory memory = bench.memory(process, 2, "memory");
        memory.writeBy(first, 0, "by the wide device");
        bench.step("the narrow device is bound to the same address space");
        bench.mustRefuse("the bind", () -> bench.open(process, all.device()), Errno.EOVERFLOW);
        memory.writeBy(first, 1, "by the wide device, after the refusal");
        memory.mustHold("the memory");
        works(bench, all, 0);
        bench.step("the narrow device has PASIDs again; the address space keeps its own");
        all.handles().forEach(QueueHandle::close);
        all.owners().forEach(SvaProcess::close);
        bench.mustRefuse("the bind", () -> bench.open(process, all.device()), Errno.EOVERFLOW);
        memory.writeBy(first, 0, "by the wide device, at the end");
        memory.mustHold("the memory");
    }
}
