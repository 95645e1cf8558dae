package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.conformance.zoo.SystemCalls.Call;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Members that are told too little, or the wrong thing, when mappings change. */
final class NotificationFaults {

    private static final long PAGE = 4096;

    private NotificationFaults() {}

    /** Understands a change as another range; null for nothing at all. */
    @FunctionalInterface
    private interface Ear {
        void hear(AddressRange range, Consumer<AddressRange> driver);
    }

    private static Defect hears(Ear ear) {
        return new HardOfHearing() {
            @Override
            void heard(AddressRange range, Call call, Consumer<AddressRange> driver) {
                ear.hear(range, driver);
            }
        };
    }

    static Defect deafTo(Call first, Call... more) {
        Set<Call> unheard = EnumSet.of(first, more);
        return new HardOfHearing() {
            @Override
            void heard(AddressRange range, Call call, Consumer<AddressRange> driver) {
                if (!unheard.contains(call)) {
                    driver.accept(range);
                }
            }
        };
    }

    private static long pages(AddressRange range) {
        return range.length() >>> 12;
    }

    private static boolean isShort(AddressRange range, long limit) {
        return Long.compareUnsigned(pages(range), limit) <= 0;
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("full-flush-is-nothing", FORK_05, UNMAP_10)
                        .as(
                                "e7ad6c2a4b1a, iommu/vt-d: the end of the whole range was"
                                        + " rounded up and overflowed")
                        .because(
                                "the end of the whole address space is rounded up and wraps, so"
                                        + " that a full flush invalidates nothing")
                        .notTouching(UNMAP_01, UNMAP_07, UNMAP_17)
                        .by(() ->
                                hears((range, driver) -> {
                                    if (!range.isWhole()) {
                                        driver.accept(range);
                                    }
                                })),
                BrokenBackend.breaking("whole-space-is-walked-page-by-page", FORK_05)
                        .as(
                                "38b14e2e3de9, iommu/arm-smmu-v3: the end of all ones taken for a"
                                        + " range")
                        .because(
                                "a full flush is done page by page from address 0, and given up"
                                        + " after 1024 pages")
                        .notTouching(UNMAP_01, UNMAP_07)
                        .by(() ->
                                hears((range, driver) -> {
                                    if (!range.isWhole()) {
                                        driver.accept(range);
                                        return;
                                    }
                                    for (long page = 0; page < 1 << 10; page++) {
                                        driver.accept(
                                                new AddressRange(page * PAGE, (page + 1) * PAGE));
                                    }
                                })),
                BrokenBackend.breaking("large-range-is-nothing", UNMAP_11, UNMAP_04)
                        .as(
                                "e7ad6c2a4b1a, iommu/vt-d: large unmappings became full"
                                        + " flushes of no page")
                        .because(
                                "more than 32 pages become a full flush whose length is computed"
                                        + " as nothing")
                        .notTouching(UNMAP_01, UNMAP_07)
                        .by(() ->
                                hears((range, driver) -> {
                                    if (isShort(range, 32)) {
                                        driver.accept(range);
                                    }
                                })),
                BrokenBackend.breaking(
                                "single-page-is-nothing",
                                UNMAP_01,
                                UNMAP_10,
                                UNMAP_02,
                                UNMAP_04,
                                UNMAP_21,
                                ATS_06)
                        .as(
                                "eb6c97647be2, iommu/arm-smmu-v3: one page encoded with both"
                                        + " range fields zero")
                        .because("one page is encoded with a size of 0, which does nothing")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() ->
                                hears((range, driver) -> {
                                    if (pages(range) != 1) {
                                        driver.accept(range);
                                    }
                                })),
                BrokenBackend.breaking("last-page-is-left-out", UNMAP_07, UNMAP_01)
                        .as(
                                "class of bug: a half-open notifier range read with an"
                                        + " inclusive end")
                        .because("the last page of a range of several is not invalidated")
                        .notTouching(FORK_05)
                        .by(() ->
                                hears((range, driver) ->
                                        driver.accept(
                                                range.isWhole() || pages(range) < 2
                                                        ? range
                                                        : new AddressRange(
                                                                range.start(),
                                                                range.end() - PAGE)))),
                BrokenBackend.breaking("first-page-is-left-out", UNMAP_07, UNMAP_01)
                        .as("class of bug: off by one at the start of a range")
                        .because("the first page of a range of several is not invalidated")
                        .notTouching(FORK_05)
                        .by(() ->
                                hears((range, driver) ->
                                        driver.accept(
                                                range.isWhole() || pages(range) < 2
                                                        ? range
                                                        : new AddressRange(
                                                                range.start() + PAGE,
                                                                range.end())))),
                BrokenBackend.breaking("unaligned-start-is-masked", UNMAP_09)
                        .as(
                                "2d6ffc63f124, iommu/vt-d: page-selective invalidation with"
                                        + " an unaligned start")
                        .because(
                                "a range becomes the power of two of its own length, from its"
                                        + " start rounded down, and the end sticks out")
                        .notTouching(FORK_05)
                        .by(() -> hears((range, driver) -> driver.accept(masked(range)))),
                BrokenBackend.breaking("holes-are-not-told", UNMAP_36)
                        .as("class of bug: a path of its own that takes file pages away")
                        .because("devices do not hear of holes, by fallocate or by madvise")
                        .notTouching(UNMAP_01, UNMAP_24)
                        .by(() -> deafTo(Call.PUNCH_HOLE, Call.OTHER_ADVICE)),
                BrokenBackend.breaking("write-back-is-not-told", UNMAP_37)
                        .as("class of bug: write protection without a notification")
                        .because("pages of a file count as clean while devices can write to them")
                        .notTouching(UNMAP_17, UNMAP_20)
                        .by(() -> deafTo(Call.WRITING_BACK)),
                BrokenBackend.breaking("narrowing-tells-nobody", UNMAP_17)
                        .as(
                                "d9be2b9b6049, riscv: a flush of processors that did not"
                                        + " call the notifier hook")
                        .because("mprotect flushes the processors and does not call the hook")
                        .notTouching(UNMAP_01, UNMAP_19)
                        .by(() -> deafTo(Call.MPROTECT_NARROWER)),
                BrokenBackend.breaking("discard-tells-nobody", UNMAP_19, FAULT_22, ATS_20)
                        .as(
                                "d9be2b9b6049, riscv: a flush of processors that did not"
                                        + " call the notifier hook")
                        .because("MADV_DONTNEED frees pages without calling the hook")
                        .notTouching(UNMAP_01, UNMAP_17)
                        .by(() -> deafTo(Call.DISCARD)),
                BrokenBackend.breaking("reclaim-tells-nobody", UNMAP_20, FAULT_23, UNMAP_21)
                        .as(
                                "f268f6cf875f (CVE-2022-48991), khugepaged: tables changed"
                                        + " without the notifier")
                        .because("pages are reclaimed without calling the hook")
                        .notTouching(UNMAP_01, UNMAP_19)
                        .by(() -> deafTo(Call.RECLAIM)),
                BrokenBackend.breaking("migration-tells-nobody", UNMAP_22)
                        .as(
                                "f268f6cf875f (CVE-2022-48991), khugepaged: pages moved"
                                        + " without the notifier")
                        .because("pages are moved to other frames without calling the hook")
                        .notTouching(UNMAP_01, UNMAP_20, UNMAP_25, UNMAP_34)
                        .by(() -> deafTo(Call.MIGRATION)),
                BrokenBackend.breaking("merging-tells-nobody", UNMAP_25)
                        .as(
                                "class of bug: same-page merging that compares before the"
                                        + " page is write-protected for everybody")
                        .because(
                                "pages are compared and merged while a device may still write"
                                        + " to them")
                        .notTouching(UNMAP_01, UNMAP_22, UNMAP_34)
                        .by(() -> deafTo(Call.MERGING)),
                BrokenBackend.breaking("reaping-tells-nobody", UNMAP_34)
                        .as(
                                "d9be2b9b6049, riscv: a flush of processors that did not"
                                        + " call the notifier hook")
                        .because("the memory of a victim is freed without calling the hook")
                        .notTouching(UNMAP_01, UNMAP_22, UNMAP_25)
                        .by(() -> deafTo(Call.REAPING)),
                BrokenBackend.breaking("move-tells-nobody", UNMAP_16)
                        .as(
                                "d9be2b9b6049, riscv: a flush of processors that did not"
                                        + " call the notifier hook")
                        .because("mremap moves page tables without calling the hook")
                        .notTouching(UNMAP_01)
                        .by(() -> deafTo(Call.MREMAP)),
                BrokenBackend.breaking("truncation-tells-nobody", UNMAP_24)
                        .as(
                                "f268f6cf875f (CVE-2022-48991), khugepaged: file tables"
                                        + " changed without the notifier")
                        .because("pages of a file are taken out of page tables without the hook")
                        .notTouching(UNMAP_01)
                        .by(() -> deafTo(Call.TRUNCATE)),
                BrokenBackend.breaking("map-over-tells-nobody", UNMAP_15)
                        .as(
                                "d9be2b9b6049, riscv: a flush of processors that did not"
                                        + " call the notifier hook")
                        .because("mmap over a mapping replaces it without calling the hook")
                        .perhapsAlso(UNMAP_01)
                        .notTouching(UNMAP_17)
                        .by(() -> deafTo(Call.MMAP)),
                BrokenBackend.breaking("fork-tells-nobody", FORK_05, UNMAP_10, FORK_23)
                        .as(
                                "e7ad6c2a4b1a, iommu/vt-d: the parent's translations stayed"
                                        + " writable after fork")
                        .because("the copy of an address space is not followed by a flush")
                        .notTouching(UNMAP_01, FORK_09)
                        .by(() -> deafTo(Call.FORK)),
                BrokenBackend.breaking("copy-on-write-tells-nobody", FORK_07)
                        .as(
                                "6bbd42e2df8f, mmu_notifiers: flushes of secondary TLBs that"
                                        + " nobody called for")
                        .because("a store replaces a shared page by a copy and tells nobody")
                        .notTouching(UNMAP_01, FORK_05)
                        .by(() -> deafTo(Call.STORE)),
                BrokenBackend.breaking("release-is-ignored", EXIT_02)
                        .as("class of bug: a driver without the notifier's release" + " callback")
                        .because("the end of an address space does not reach the IOMMU")
                        .perhapsAlso(EXIT_01, EXIT_09, EXIT_14)
                        .notTouching(UNMAP_01)
                        .by(() ->
                                new HardOfHearing() {
                                    @Override
                                    void heard(
                                            AddressRange range,
                                            Call call,
                                            Consumer<AddressRange> driver) {
                                        driver.accept(range);
                                    }

                                    @Override
                                    void ended(AddressSpaceListener driver) {}
                                }));
    }

    private static AddressRange masked(AddressRange range) {
        if (range.isWhole()) {
            return range;
        }
        long span = Long.highestOneBit(pages(range) * 2 - 1) * PAGE;
        return AddressRange.of(range.start() & -span, span);
    }
}
