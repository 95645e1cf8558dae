package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.ATS_14;
import static org.opensva.conformance.rules.RuleId.ATS_15;
import static org.opensva.conformance.rules.RuleId.ATS_16;
import static org.opensva.conformance.rules.RuleId.FAULT_20;
import static org.opensva.conformance.rules.RuleId.UNMAP_13;
import static org.opensva.conformance.rules.RuleId.UNMAP_32;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.backend.Capability;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.memory.Access;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Alias;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.parts.ProbeDevice;
import org.opensva.conformance.suite.parts.ProbeTraits;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/** What an IOMMU and its driver tell a device, and believe of it, with a device of the suite. */
@RuleTests
class IommuLinkTests {

    private static final int WRITE = Access.READ | Access.WRITE;

    /** Long enough for a completion that was believed to end an unmapping. */
    private static final int LOOKS = 2_000;

    /** How often memory pressure may take a page away that the process has just touched. */
    private static final int ATTEMPTS = 8;

    private static long physical(
            TestBench bench, ProbeDevice probe, SvaProcess process, int pasid, long address) {
        long entry = probe.translate(pasid, WRITE, address);
        for (int i = 1; i < ATTEMPTS; i++) {
            if ((TranslationEntry.access(entry) & Access.WRITE) != 0) {
                break;
            }
            process.storeLong(address, process.loadLong(address));
            entry = probe.translate(pasid, WRITE, address);
        }
        if ((TranslationEntry.access(entry) & Access.WRITE) == 0) {
            throw bench.violation(
                    "a translation of a page that the process has written",
                    "permissions " + Access.describe(TranslationEntry.access(entry)));
        }
        if (TranslationEntry.has(entry, TranslationEntry.U)) {
            throw new NotObservable("the IOMMU grants untranslated access only");
        }
        long inside = address & ((1L << TranslationEntry.sizeShift(entry)) - 1);
        return TranslationEntry.address(entry) + inside;
    }

    @Test
    @Covers(ATS_14)
    @Needs(Capability.SHARED_MEMORY)
    void anInvalidationThatIsNeverCompletedDoesNotCountAsDone(TestBench bench) {
        ProbeDevice probe = ProbeDevice.plug(bench, ProbeTraits.ATS);
        SvaProcess process = bench.process("owner");
        int pasid = probe.bind(process).pasid().value();
        Alias alias = bench.alias(process, 2);
        Memory memory = alias.first();
        memory.store("memory that is mapped twice");
        alias.second().expect(0, memory.token(0));
        alias.second().expect(1, memory.token(1));
        long physical = physical(bench, probe, memory.process(), pasid, memory.page(0));
        probe.holdBack(request -> true);
        bench.step("munmap of a page whose invalidation the device never completes");
        bench.bounded("munmap", () -> process.munmap(memory.page(0), bench.pageSize()));
        bench.step("the device, which still has the translation, writes with it");
        byte[] bytes = new byte[Long.BYTES];
        Arrays.fill(bytes, (byte) 0x5a);
        probe.port().writeTranslated(physical, bytes, 0, bytes.length);
        alias.second()
                .mustHold("the page's other mapping, after munmap returned without completion");
    }

    @Test
    @Covers(ATS_15)
    void aCompletionThatNobodyWaitsForCompletesNothing(TestBench bench) {
        ProbeDevice probe = ProbeDevice.plug(bench, ProbeTraits.ATS);
        ProbeDevice other = ProbeDevice.plug(bench, ProbeTraits.ATS, 1);
        SvaProcess process = bench.process("owner");
        int pasid = probe.bind(process).pasid().value();
        other.bind(bench.process("another"));
        Memory memory = bench.memory(process, 2, "memory");
        physical(bench, probe, memory.process(), pasid, memory.page(0));
        AtomicReference<@Nullable InvalidateRequest> asked = new AtomicReference<>();
        probe.holdBack(request -> holds(asked, request));
        bench.step("munmap of a page");
        Concurrent<Boolean> unmapping =
                bench.beside(() -> {
                    process.munmap(memory.page(0), bench.pageSize());
                    return true;
                });
        bench.until("an invalidate request", bench.limits().job(), () -> asked.get() != null);
        int tag = Objects.requireNonNull(asked.get()).itag();
        bench.step("completions come with other tags, and from another device");
        for (int wrong = 0; wrong < 32; wrong++) {
            if (wrong != tag) {
                probe.complete(wrong);
            }
        }
        other.complete(tag);
        for (int i = 0; i < LOOKS && !unmapping.isDone(); i++) {
            Thread.onSpinWait();
            Thread.yield();
        }
        if (unmapping.isDone()) {
            // It may have given the device up for dead; then nothing of it is let through.
            DmaStatus reach = DmaResult.status(probe.read(pasid, memory.page(1)));
            bench.check(
                    reach != DmaStatus.COMPLETE,
                    "munmap to wait for the completion with tag " + tag,
                    "it returned without, and the device still reaches the process's memory");
            throw new NotObservable("the IOMMU gave the device up before completions were sent");
        }
        bench.step("the completion comes");
        probe.holdBack(null);
        probe.complete(tag);
        for (InvalidateRequest request : probe.invalidations()) {
            if (request.itag() != tag) {
                probe.complete(request.itag());
            }
        }
        bench.join("munmap", unmapping);
        memory.mustHold(1, "the page beside");
    }

    private static boolean holds(
            AtomicReference<@Nullable InvalidateRequest> first, InvalidateRequest request) {
        first.compareAndSet(null, request);
        return true;
    }

    @Test
    @Covers(ATS_16)
    void aTranslatedAccessIsTakenOnlyFromADeviceThatWasGrantedAts(TestBench bench) {
        ProbeDevice granted = ProbeDevice.plug(bench, ProbeTraits.ATS);
        ProbeDevice plain = ProbeDevice.plug(bench, ProbeTraits.PLAIN, 1);
        SvaProcess process = bench.process("owner");
        int pasid = granted.bind(process).pasid().value();
        Memory memory = bench.memory(process, 1, "memory");
        long physical = physical(bench, granted, memory.process(), pasid, memory.page(0));
        bench.step("a device that was never bound makes a translated access");
        refused(bench, plain, physical, "a device that was never bound");
        plain.bind(process);
        bench.step("a device that is bound and has no ATS makes a translated access");
        refused(bench, plain, physical, "a device without ATS");
        memory.mustHold("the process's memory");
        // The device that was granted ATS is let through, as a cross-check.
        bench.check(
                DmaResult.isComplete(
                        granted.port().readTranslated(physical, new byte[8], 0, Long.BYTES)),
                "the translated access of a device that was granted ATS to be taken",
                "it was refused");
    }

    private static void refused(TestBench bench, ProbeDevice probe, long physical, String who) {
        byte[] bytes = new byte[Long.BYTES];
        boolean read =
                DmaResult.isComplete(probe.port().readTranslated(physical, bytes, 0, bytes.length));
        boolean write =
                DmaResult.isComplete(
                        probe.port().writeTranslated(physical, bytes, 0, bytes.length));
        bench.check(
                !read && !write,
                "the translated access of " + who + " to be aborted",
                read ? "it read memory" : "it wrote memory");
    }

    @Test
    @Covers(UNMAP_13)
    void whatIsUnmappedIsOutOfTheIotlbWhateverTheNumberOfPages(TestBench bench) {
        ProbeDevice probe = ProbeDevice.plug(bench, ProbeTraits.PLAIN);
        SvaProcess process = bench.process("owner");
        int pasid = probe.bind(process).pasid().value();
        List<Integer> sizes = new ArrayList<>(List.of(31, 32, 33, 47, 62, 63, 64, 65, 96, 127));
        for (int pages = 1; pages <= 18; pages++) {
            sizes.add(pages);
        }
        for (int i = 0; i < 6; i++) {
            sizes.add(1 + bench.random().nextInt(300));
        }
        for (int pages : sizes) {
            int before = 1 + bench.random().nextInt(3);
            Memory memory = bench.memory(process, before + pages + 1, "memory");
            for (int i = 0; i < memory.count(); i++) {
                bench.check(
                        probe.reads(pasid, memory, i),
                        "the device to read a page of the process",
                        "its read of page " + i + " failed");
            }
            bench.step("munmap of %d pages that the IOTLB holds", pages);
            process.munmap(memory.page(before), bench.pages(pages));
            for (int i = before; i < before + pages; i++) {
                bench.check(
                        !DmaResult.isComplete(probe.read(pasid, memory.page(i)))
                                && !DmaResult.isComplete(probe.write(pasid, memory.page(i), i)),
                        "none of %d unmapped pages to be reached".formatted(pages),
                        "page %d of them was reached".formatted(i - before));
            }
            process.munmap(memory.address(), memory.length());
        }
    }

    @Test
    @Covers(UNMAP_32)
    void aDeviceThatNeedsToBeToldTwiceIsToldTwice(TestBench bench) {
        for (int times : new int[] {1, 2, 3}) {
            ProbeDevice probe =
                    ProbeDevice.plug(bench, ProbeTraits.ATS.obeyingThe(times), times - 1);
            SvaProcess process = bench.process("owner");
            int pasid = probe.bind(process).pasid().value();
            for (int pages : new int[] {1, 3, 7, 600}) {
                Memory memory = bench.memory(process, pages, "memory");
                physical(bench, probe, memory.process(), pasid, memory.page(0));
                int mark = probe.invalidations().size();
                bench.step(
                        "munmap of %d pages, with a device that obeys invalidation number %d",
                        pages, times);
                process.munmap(memory.address(), memory.length());
                List<InvalidateRequest> told = probe.invalidations();
                for (int i : new int[] {0, pages / 2, pages - 1}) {
                    long page = memory.page(i);
                    long seen =
                            told.stream()
                                    .skip(mark)
                                    .filter(request -> request.covers(page))
                                    .count();
                    bench.check(
                            seen >= times,
                            "%d invalidate requests of each page".formatted(times),
                            "%d for page %d of %d".formatted(seen, i, pages));
                }
            }
        }
    }

    @Test
    @Covers(FAULT_20)
    void eachStalledAccessGetsItsOwnAnswer(TestBench bench) {
        ProbeDevice probe = ProbeDevice.plug(bench, ProbeTraits.STALL);
        SvaProcess process = bench.process("owner");
        int pasid = probe.bind(process).pasid().value();
        int pages = 12;
        for (int round = 0; round < 6; round++) {
            long present = bench.map(process, pages);
            long gone = bench.map(process, pages);
            process.munmap(gone, bench.pages(pages));
            bench.step("%d accesses to absent pages stall, and as many to none", pages);
            List<Concurrent<Long>> good = new ArrayList<>();
            List<Concurrent<Long>> bad = new ArrayList<>();
            for (int i = 0; i < pages; i++) {
                long offset = bench.pages(i);
                good.add(bench.beside(() -> probe.write(pasid, present + offset, 0x1234)));
                bad.add(bench.beside(() -> probe.write(pasid, gone + offset, 0x4321)));
            }
            for (int i = 0; i < pages; i++) {
                long result = bench.join("an access to an absent page", good.get(i));
                bench.check(
                        DmaResult.isComplete(result),
                        "an access to an absent page to be retried and succeed",
                        DmaResult.describe(result));
                bench.mustBe(
                        0x1234,
                        process.loadLong(present + bench.pages(i)),
                        "the page that the device wrote");
                long none = bench.join("an access to no page", bad.get(i));
                bench.check(
                        !DmaResult.isComplete(none),
                        "an access to no page to be aborted",
                        DmaResult.describe(none));
            }
        }
    }
}
