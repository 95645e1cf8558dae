package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.BIND_18;
import static org.opensva.conformance.rules.RuleId.BIND_20;
import static org.opensva.conformance.rules.RuleId.BIND_21;
import static org.opensva.conformance.rules.RuleId.BIND_22;
import static org.opensva.conformance.rules.RuleId.EXIT_06;
import static org.opensva.conformance.rules.RuleId.EXIT_21;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.PageSize;
import org.opensva.api.process.Errno;
import org.opensva.api.process.PageTable;
import org.opensva.api.process.PageTableFormat;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.parts.AttachedProbe;
import org.opensva.conformance.suite.parts.OtherTables;
import org.opensva.conformance.suite.parts.ProbeDevice;
import org.opensva.conformance.suite.parts.ProbeTraits;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** What an IOMMU's driver does when it binds, with a device of the suite behind the IOMMU. */
@RuleTests
class IommuBindTests {

    private static AttachedProbe attached(TestBench bench, ProbeTraits traits) {
        return AttachedProbe.of(
                bench,
                traits,
                (device, group) -> device.respond(group, PageResponse.INVALID_REQUEST));
    }

    @Test
    @Covers(BIND_18)
    void featuresComeOnInOrderAndGoOffInReverse(TestBench bench) {
        AttachedProbe attached = attached(bench, ProbeTraits.asClaimed(bench));
        SvaProcess process = bench.process("owner");
        for (int round = 0; round < 2; round++) {
            SvaDomain domain = attached.domain(process);
            bench.step("two PASIDs are bound and unbound, round %d", round);
            attached.bind(1, domain);
            attached.bind(2, domain);
            attached.unbind(1);
            attached.unbind(2);
            domain.close();
        }
        attached.device().close();
        bench.step("the switches that the driver threw");
        mustBeInOrder(bench, attached.probe().switches());
    }

    private static void mustBeInOrder(TestBench bench, List<String> switches) {
        boolean pasid = false;
        boolean ats = false;
        boolean pri = false;
        for (String thrown : switches) {
            boolean right =
                    switch (thrown) {
                        case "PASID on", "PASID off" -> !ats;
                        case "ATS on" -> pasid && !pri;
                        case "ATS off" -> !pri;
                        case "PRI on" -> ats;
                        default -> true;
                    };
            bench.check(
                    right,
                    "PASID before ATS before PRI, and off in reverse",
                    "%s came out of order in %s".formatted(thrown, switches));
            switch (thrown) {
                case "PASID on", "PASID off" -> pasid = thrown.endsWith("on");
                case "ATS on", "ATS off" -> ats = thrown.endsWith("on");
                case "PRI on", "PRI off" -> pri = thrown.endsWith("on");
                default -> {}
            }
        }
        bench.check(
                switches.contains("PASID on") && switches.contains("ATS on"),
                "a bind that enables PASID and ATS in the device",
                switches.toString());
        bench.check(
                !ats && !pri,
                "ATS and page requests to be off in a device that was detached",
                switches.toString());
    }

    private static PageTable tables(SvaProcess process) {
        return process.addressSpace()
                .pageTable()
                .orElseThrow(() ->
                        new NotObservable("the backend does not show page tables of processes"));
    }

    private static void mustRefuse(
            TestBench bench, AttachedProbe attached, SvaProcess process, PageTable tables) {
        bench.mustRefuse(
                "a domain for an address space with " + tables,
                () ->
                        attached.driver()
                                .createDomain(new OtherTables(process.addressSpace(), tables)),
                Errno.EOPNOTSUPP);
    }

    @Test
    @Covers(BIND_20)
    void tablesThatTheIommuCannotWalkAreRefused(TestBench bench) {
        AttachedProbe attached = attached(bench, ProbeTraits.PLAIN);
        SvaProcess process = bench.process("owner");
        PageTable real = tables(process);
        List<PageTableFormat> foreign =
                Arrays.stream(PageTableFormat.values())
                        .filter(format ->
                                !attached.driver().capabilities().formats().contains(format))
                        .toList();
        if (foreign.isEmpty()) {
            throw new NotObservable("the IOMMU walks tables of every format there is");
        }
        for (PageTableFormat format : foreign) {
            bench.step("a domain is made for tables in the format %s", format);
            mustRefuse(
                    bench,
                    attached,
                    process,
                    new PageTable(
                            format,
                            real.root(),
                            PageSize.SIZE_4K,
                            format == PageTableFormat.X86_64_5LEVEL ? 57 : 48,
                            real.physicalAddressBits(),
                            real.memoryAttributes()));
        }
    }

    @Test
    @Covers(BIND_21)
    void widthsThatTheIommuDoesNotCoverAreRefused(TestBench bench) {
        AttachedProbe attached = attached(bench, ProbeTraits.PLAIN);
        SvaProcess process = bench.process("owner");
        PageTable real = tables(process);
        List<PageTable> tooMuch = new ArrayList<>();
        if (real.format() == PageTableFormat.VMSAV8_64) {
            // Wider than any that the format has, so that no IOMMU covers them.
            tooMuch.add(
                    new PageTable(
                            real.format(),
                            real.root(),
                            real.granule(),
                            real.virtualAddressBits(),
                            64,
                            real.memoryAttributes()));
            tooMuch.add(
                    new PageTable(
                            real.format(),
                            real.root(),
                            real.granule(),
                            64,
                            real.physicalAddressBits(),
                            real.memoryAttributes()));
        } else {
            // Pages of this size do not exist in the format.
            tooMuch.add(
                    new PageTable(
                            real.format(),
                            real.root(),
                            PageSize.SIZE_64K,
                            real.virtualAddressBits(),
                            real.physicalAddressBits(),
                            0));
        }
        for (PageTable tables : tooMuch) {
            bench.step(
                    "a domain is made for tables with pages of %d bytes, %d-bit virtual and %d-bit"
                            + " physical addresses",
                    tables.granule().bytes(),
                    tables.virtualAddressBits(),
                    tables.physicalAddressBits());
            mustRefuse(bench, attached, process, tables);
        }
    }

    /** How requests end that a bind must not change. */
    private static String without(ProbeDevice probe, long address) {
        long read = probe.read(Pasid.NONE, address);
        long write = probe.write(Pasid.NONE, address, 0x77);
        long low = probe.read(Pasid.NONE, 0x1000);
        return "read %s, write %s, read at 0x1000 %s"
                .formatted(DmaResult.status(read), DmaResult.status(write), DmaResult.status(low));
    }

    @Test
    @Covers(BIND_22)
    void trafficWithoutPasidIsUntouchedByBinds(TestBench bench) {
        AttachedProbe attached = attached(bench, ProbeTraits.asClaimed(bench));
        ProbeDevice probe = attached.probe();
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 1, "memory of the bound process");
        long at = memory.page(0);
        SvaDomain domain = attached.domain(process);
        bench.step("the device makes requests without PASID before the first bind");
        String before = without(probe, at);
        Queue<String> meanwhile = new ConcurrentLinkedQueue<>();
        try (var _ =
                bench.parts()
                        .afterEveryDriverStore(() -> meanwhile.add(without(probe, at)))
                        .orElse(() -> {})) {
            for (int pasid = 1; pasid <= 3; pasid++) {
                bench.step("PASID %d is bound", pasid);
                attached.bind(pasid, domain);
                same(bench, before, without(probe, at));
            }
            for (int pasid = 3; pasid >= 1; pasid--) {
                bench.step("PASID %d is unbound", pasid);
                attached.unbind(pasid);
                same(bench, before, without(probe, at));
            }
        }
        domain.close();
        bench.step("the device made requests without PASID between the driver's stores");
        meanwhile.forEach(seen -> same(bench, before, seen));
        memory.mustHold("the process's memory after requests without PASID");
    }

    private static void same(TestBench bench, String before, String now) {
        bench.check(
                now.equals(before),
                "requests without PASID to end as before the first bind: " + before,
                now);
    }

    private static String configuration(ProbeDevice probe, long address) {
        int count = probe.port().translate(Pasid.NONE, Access.READ, address, new long[1]);
        int bound = probe.port().translate(1, Access.READ, address, new long[1]);
        return "%s; translation requests %d and with PASID 1 %d; read with PASID 1 %s; ATS %s"
                .formatted(
                        without(probe, address),
                        count,
                        bound,
                        DmaResult.status(probe.read(1, address)),
                        probe.isAtsEnabled() ? "on" : "off");
    }

    @Test
    @Covers(EXIT_21)
    void theLastUnbindRestoresWhatWasBeforeTheFirstBind(TestBench bench) {
        AttachedProbe attached = attached(bench, ProbeTraits.asClaimed(bench));
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 1, "memory of the bound process");
        bench.step("what the device meets before the first bind");
        String before = configuration(attached.probe(), memory.page(0));
        for (int round = 0; round < 3; round++) {
            SvaDomain domain = attached.domain(process);
            attached.bind(1, domain);
            attached.bind(2, domain);
            attached.unbind(1);
            attached.unbind(2);
            domain.close();
            bench.step("what the device meets after the last unbind");
            String after = configuration(attached.probe(), memory.page(0));
            bench.check(
                    after.equals(before), "the same as before the first bind: " + before, after);
        }
        memory.mustHold("the process's memory");
    }

    @Test
    @Covers(EXIT_06)
    void anUnboundPasidReachesNothingWhileAnotherGoesOn(TestBench bench) {
        AttachedProbe attached = attached(bench, ProbeTraits.asClaimed(bench));
        ProbeDevice probe = attached.probe();
        SvaProcess first = bench.process("first");
        SvaProcess second = bench.process("second");
        Memory gone = bench.memory(first, 2, "memory of the process that is unbound");
        Memory stays = bench.memory(second, 1, "memory of the process that stays bound");
        SvaDomain mine = attached.domain(first);
        SvaDomain other = attached.domain(second);
        attached.bind(1, mine);
        attached.bind(2, other);
        probe.read(1, gone.page(0));
        probe.read(2, stays.page(0));
        bench.step("PASID 1 is unbound while PASID 2 stays bound");
        attached.unbind(1);
        for (int page = 0; page < 2; page++) {
            long result = probe.write(1, gone.page(page), bench.token("by an unbound PASID"));
            bench.check(
                    !DmaResult.isComplete(result)
                            && !DmaResult.isComplete(probe.read(1, gone.page(page))),
                    "accesses with the unbound PASID to fail",
                    "an access to page %d ended as %s".formatted(page, DmaResult.describe(result)));
        }
        gone.mustHold("the process that was unbound");
        bench.check(probe.reads(2, stays, 0), "PASID 2 to go on translating", "its read failed");
        attached.unbind(2);
        mine.close();
        other.close();
    }
}
