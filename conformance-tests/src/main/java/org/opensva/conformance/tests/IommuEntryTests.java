package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.BIND_23;
import static org.opensva.conformance.rules.RuleId.BIND_28;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.Access;
import org.opensva.api.process.Errno;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.parts.AttachedProbe;
import org.opensva.conformance.suite.parts.ProbeTraits;

import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** The entry of a PASID while a driver writes it, with a device of the suite that uses it. */
@RuleTests
class IommuEntryTests {

    /**
     * A driver does the same stores in every bind, so that a torn entry shows each time. That the
     * system takes the page away just then, with the same faults, is chance.
     */
    private static final int ATTEMPTS = 9;

    private static final int AROUND = 4096;

    private static AttachedProbe attached(TestBench bench) {
        return AttachedProbe.of(
                bench,
                ProbeTraits.asClaimed(bench),
                (device, group) -> device.respond(group, PageResponse.INVALID_REQUEST));
    }

    @Test
    @Covers(BIND_28)
    void anEntryInUseIsNotOverwritten(TestBench bench) {
        AttachedProbe attached = attached(bench);
        SvaProcess first = bench.process("first");
        SvaProcess second = bench.process("second");
        Memory memory = bench.memory(first, 1, "the first process's page");
        SvaDomain mine = attached.domain(first);
        SvaDomain other = attached.domain(second);
        attached.bind(5, mine);
        bench.step("PASID 5, which is bound, is bound to another address space");
        bench.mustRefuse("the second bind", () -> attached.bind(5, other), Errno.EBUSY);
        bench.mustRefuse("the same bind again", () -> attached.bind(5, mine), Errno.EBUSY);
        long token = bench.token("written by the device after the refusal");
        bench.check(
                attached.probe().writes(5, memory, 0, token),
                "PASID 5 to go on translating",
                "its write failed");
        memory.expect(0, token);
        memory.mustHold("the first process's memory");
        attached.unbind(5);
        mine.close();
        other.close();
    }

    @Test
    @Covers(BIND_23)
    void betweenAnyTwoStoresOfABindTheEntryIsOldOrNew(TestBench bench) {
        AttachedProbe attached = attached(bench);
        Faults faults = new Faults(bench, attached);
        SvaProcess process = bench.process("owner");
        // In the midst of many others, so that the system finds it seldom.
        long at = bench.map(process, AROUND) + bench.pages(AROUND / 2);
        Memory memory = bench.fill(process, at, 1, "the page");
        SvaDomain domain = attached.domain(process);
        bench.step("PASID 1 is bound, others are not");
        attached.bind(1, domain);
        for (int pasid : new int[] {2, 3, 700, 9000}) {
            attached.probe().read(pasid, memory.page(0));
        }
        Set<String> known = faults.since(memory.page(0));
        for (int pasid : new int[] {2, 700}) {
            // Once per bind: what was seen of an entry may be kept until it is invalidated.
            for (int store = 1, stores = store; store <= stores; store++) {
                bench.step("the device uses PASID %d after store %d of its bind", pasid, store);
                stores = boundAndUsed(bench, attached, domain, pasid, memory, store);
                Set<String> strange = faults.since(memory.page(0));
                strange.removeAll(known);
                int seen = strange.isEmpty() ? 0 : 1;
                for (int attempt = 2; !strange.isEmpty() && attempt <= ATTEMPTS; attempt++) {
                    boundAndUsed(bench, attached, domain, pasid, memory, store);
                    Set<String> again = faults.since(memory.page(0));
                    again.removeAll(known);
                    seen += again.isEmpty() ? 0 : 1;
                    strange.addAll(again);
                }
                bench.check(
                        2 * seen <= ATTEMPTS,
                        "the faults of an entry that is not valid: " + known,
                        "faults of an entry that is neither old nor new, in %d of %d binds: %s"
                                .formatted(seen, ATTEMPTS, strange));
            }
        }
        attached.unbind(1);
        domain.close();
    }

    /** Binds, with one access after the given store, and unbinds; how many stores it were. */
    private static int boundAndUsed(
            TestBench bench,
            AttachedProbe attached,
            SvaDomain domain,
            int pasid,
            Memory memory,
            int store) {
        AtomicInteger stores = new AtomicInteger();
        byte[] bytes = new byte[Long.BYTES];
        long[] result = {DmaResult.of(DmaStatus.ABORTED, 0)};
        Runnable use =
                () -> {
                    if (stores.incrementAndGet() == store) {
                        result[0] =
                                attached.probe()
                                        .port()
                                        .read(
                                                pasid,
                                                Access.READ,
                                                memory.page(0),
                                                bytes,
                                                0,
                                                Long.BYTES);
                    }
                };
        // The page is there again, if the system has taken it away.
        memory.mustHold("the page");
        try (var _ =
                bench.parts()
                        .afterEveryDriverStore(use)
                        .orElseThrow(
                                () -> new NotObservable("stores of the driver are not shown"))) {
            attached.bind(pasid, domain);
        }
        attached.unbind(pasid);
        long seen = little(bytes);
        bench.check(
                !DmaResult.isComplete(result[0]) || seen == memory.token(0),
                "no access, or one to the process's page",
                "the device read " + bench.describe(seen));
        return stores.get();
    }

    private static long little(byte[] bytes) {
        long value = 0;
        for (int i = Long.BYTES - 1; i >= 0; i--) {
            value = value << 8 | bytes[i] & 0xff;
        }
        return value;
    }

    /** What the IOMMU records, told apart by the records of accesses that are known to fail. */
    private static final class Faults {
        private final TestBench bench;
        private final AttachedProbe attached;
        private final Queue<FaultRecord> records = new ConcurrentLinkedQueue<>();
        private boolean lost;

        Faults(TestBench bench, AttachedProbe attached) {
            this.bench = bench;
            this.attached = attached;
            attached.driver().onFault(records::add);
        }

        /**
         * The faults since the last call: records come in order, so that a last one that is known
         * ends them.
         */
        Set<String> since(long address) {
            int marker = 11_000 + bench.random().nextInt(1000);
            long deadline = System.nanoTime() + bench.limits().settle().toNanos();
            attached.probe().read(marker, address);
            while (!lost && records.stream().noneMatch(record -> record.pasid() == marker)) {
                // Nothing is recorded of such an access, or it was lost among many.
                lost = System.nanoTime() - deadline > 0;
                Thread.yield();
            }
            Set<String> seen = new TreeSet<>();
            for (FaultRecord record = records.poll(); record != null; record = records.poll()) {
                seen.add(record.architectural());
            }
            return seen;
        }
    }
}
