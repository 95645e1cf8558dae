package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.opensva.vtd.model.TranslationBench.RID;
import static org.opensva.vtd.model.TranslationBench.USER_RW;
import static org.opensva.vtd.model.TranslationBench.assertTranslates;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.InvalidationDescriptor;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * What each invalidation removes, and what it must leave. The tables change behind the caches'
 * back: an entry that is still there answers with the old page.
 */
class InvalidationScopeTest {

    private static final long VA = 0x7f12_3456_7000L;
    private static final long OLD = 0x1_0000_0000L;
    private static final long NEW = 0x2_0000_0000L;
    private static final int OTHER = 0x1a9;

    private final TranslationBench bench = new TranslationBench();

    /** A cached translation that can be looked for. */
    private record Mapping(String name, int rid, int pasid, long address, long leaf, long old) {}

    private final List<Mapping> mappings = new ArrayList<>();

    private void first(String name, int rid, int pasid, int domain, long... addresses) {
        long table = bench.page();
        bench.firstStage(rid, pasid, table, 4, domain);
        for (long va : addresses) {
            long page = OLD + mappings.size() * 4096L;
            bench.mapFirst(table, 4, va, page);
            long leaf = bench.entry(table, 4, 1, va, USER_RW);
            mappings.add(new Mapping(name, rid, pasid, va, leaf, page));
        }
    }

    private void second(String name, int rid, int pasid, int domain, long... addresses) {
        long table = bench.page();
        bench.secondStage(rid, pasid, table, 4, domain);
        for (long va : addresses) {
            long page = OLD + mappings.size() * 4096L;
            bench.mapSecond(table, 4, va, page);
            long leaf = bench.entry(table, 4, 1, va, 3);
            mappings.add(new Mapping(name, rid, pasid, va, leaf, page));
        }
    }

    /** Fills the caches, changes all leaves, invalidates, and tells who is gone. */
    private List<String> gone(Runnable invalidation) {
        for (Mapping mapping : mappings) {
            bench.memory.writeLong(mapping.leaf(), mapping.old() | USER_RW);
        }
        bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
        for (Mapping mapping : mappings) {
            assertTranslates(
                    mapping.old(),
                    bench.ask(mapping.rid(), mapping.pasid(), mapping.address(), Access.READ));
            bench.memory.writeLong(mapping.leaf(), mapping.old() - OLD + NEW | USER_RW);
        }
        invalidation.run();
        List<String> gone = new ArrayList<>();
        for (Mapping mapping : mappings) {
            bench.ask(mapping.rid(), mapping.pasid(), mapping.address(), Access.READ);
            if (bench.out.physical != mapping.old()) {
                assertTranslates(mapping.old() - OLD + NEW, bench.out);
                gone.add(mapping.name() + "@" + Long.toHexString(mapping.address()));
            }
        }
        return gone;
    }

    private void twoDomains() {
        bench.scalable(RID);
        bench.scalable(OTHER);
        first("p1", RID, 1, 10, 0x1000, 0x2000);
        first("p2", RID, 2, 10, 0x1000);
        first("q1", OTHER, 5, 20, 0x1000);
        second("s10", RID, 3, 10, 0x1000, 0x2000);
        second("s20", OTHER, 4, 20, 0x1000);
        bench.scalableMode();
    }

    private Runnable iotlb(int granularity, int domain, long address, int mask) {
        return () -> bench.unit.invalidateIotlb(granularity, domain, address, mask, false);
    }

    private Runnable pasidIotlb(int granularity, int domain, int pasid, long address, int mask) {
        return () ->
                bench.unit.invalidatePasidIotlb(granularity, domain, pasid, address, mask, false);
    }

    @Test
    void nothingGoesByItself() {
        twoDomains();
        assertEquals(List.of(), gone(() -> {}));
    }

    @Test
    void globalIotlbInvalidationTakesEverything() {
        twoDomains();
        assertEquals(
                mappings.size(), gone(iotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0)).size());
    }

    @Test
    void domainSelectiveIotlbInvalidationTakesBothStagesOfItsDomain() {
        twoDomains();
        assertEquals(
                List.of("p1@1000", "p1@2000", "p2@1000", "s10@1000", "s10@2000"),
                gone(iotlb(InvalidationDescriptor.IOTLB_DOMAIN, 10, 0, 0)));
        assertEquals(
                List.of("q1@1000", "s20@1000"),
                gone(iotlb(InvalidationDescriptor.IOTLB_DOMAIN, 20, 0, 0)));
        assertEquals(List.of(), gone(iotlb(InvalidationDescriptor.IOTLB_DOMAIN, 11, 0, 0)));
    }

    @Test
    void pageSelectiveIotlbInvalidationTakesThePageOfSecondStageAndAllOfFirstStage() {
        twoDomains();
        assertEquals(
                List.of("p1@1000", "p1@2000", "p2@1000", "s10@1000"),
                gone(iotlb(InvalidationDescriptor.IOTLB_PAGE, 10, 0x1000, 0)));
        assertEquals(
                List.of("p1@1000", "p1@2000", "p2@1000", "s10@1000", "s10@2000"),
                gone(iotlb(InvalidationDescriptor.IOTLB_PAGE, 10, 0, 2)));
    }

    @Test
    void pasidSelectiveInvalidationTakesOnePasidAndNoSecondStage() {
        twoDomains();
        int granularity = InvalidationDescriptor.PASID_IOTLB_PASID;
        assertEquals(List.of("p1@1000", "p1@2000"), gone(pasidIotlb(granularity, 10, 1, 0, 0)));
        assertEquals(List.of(), gone(pasidIotlb(granularity, 20, 1, 0, 0)));
        assertEquals(List.of(), gone(pasidIotlb(granularity, 10, 3, 0, 0)));
        assertEquals(List.of("q1@1000"), gone(pasidIotlb(granularity, 20, 5, 0, 0)));
    }

    @Test
    void pageSelectiveInvalidationOfAPasidTakesWhatTheMaskCovers() {
        twoDomains();
        int granularity = InvalidationDescriptor.PASID_IOTLB_PAGE;
        assertEquals(List.of("p1@1000"), gone(pasidIotlb(granularity, 10, 1, 0x1000, 0)));
        // The address need not be aligned to the mask.
        assertEquals(
                List.of("p1@1000", "p1@2000"), gone(pasidIotlb(granularity, 10, 1, 0x3000, 2)));
        assertEquals(List.of(), gone(pasidIotlb(granularity, 10, 1, 0x4000, 2)));
        assertEquals(List.of(), gone(pasidIotlb(granularity, 10, 3, 0x1000, 0)));
    }

    @Test
    void masksOfAnySizeTakeExactlyWhatTheyCover() {
        bench.scalable(RID);
        long[] addresses = {
            0x1000, 0x20_0000, 0x4000_0000L, 0x80_0000_0000L, 0x7fff_ffff_f000L, -4096L, -1L << 47
        };
        first("f", RID, 1, 10, addresses);
        second("s", RID, 2, 10, 0x1000, 0x20_0000, 0x4000_0000L, 0x80_0000_0000L);
        bench.scalableMode();
        for (int mask = 0; mask < 64; mask++) {
            for (long address : addresses) {
                long bits = mask >= 52 ? 0 : -1L << 12 + mask;
                List<String> inFirst = new ArrayList<>();
                List<String> inSecond = new ArrayList<>();
                for (Mapping mapping : mappings) {
                    boolean covered = ((mapping.address() ^ address) & bits) == 0;
                    String name = mapping.name() + "@" + Long.toHexString(mapping.address());
                    if (mapping.pasid() == 1) {
                        inSecond.add(name);
                        if (covered) {
                            inFirst.add(name);
                        }
                    } else if (covered) {
                        inSecond.add(name);
                    }
                }
                assertEquals(
                        inFirst,
                        gone(
                                pasidIotlb(
                                        InvalidationDescriptor.PASID_IOTLB_PAGE,
                                        10,
                                        1,
                                        address,
                                        mask)),
                        "mask " + mask);
                assertEquals(
                        inSecond,
                        gone(iotlb(InvalidationDescriptor.IOTLB_PAGE, 10, address, mask)),
                        "mask " + mask);
            }
        }
    }

    @Test
    void anAddressWithinALargePageTakesThePage() {
        bench.scalable(RID);
        for (int level = 2; level <= 3; level++) {
            long table = bench.page();
            bench.firstStage(RID, level, table, 4, 10);
            long leaf = bench.entry(table, 4, level, VA, USER_RW);
            bench.memory.writeLong(leaf, 1L << 30 | 0x80 | USER_RW);
            bench.scalableMode();
            long size = 1L << 3 + 9 * level;
            assertTranslates(1L << 30 | VA & size - 1, bench.read(level, VA));
            bench.memory.writeLong(leaf, 2L << 30 | 0x80 | USER_RW);
            bench.unit.invalidatePasidIotlb(
                    InvalidationDescriptor.PASID_IOTLB_PAGE, 10, level, VA + size, 0, false);
            assertTranslates(1L << 30 | VA & size - 1, bench.read(level, VA));
            bench.unit.invalidatePasidIotlb(
                    InvalidationDescriptor.PASID_IOTLB_PAGE, 10, level, VA ^ 0x1000, 0, false);
            assertTranslates(2L << 30 | VA & size - 1, bench.read(level, VA));
        }
    }

    @Test
    void theHintThatOnlyLeavesChangedKeepsTables() {
        bench.scalable(RID);
        long table = bench.page();
        bench.firstStage(RID, 1, table, 4, 10);
        bench.mapFirst(table, 4, VA, OLD);
        bench.scalableMode();
        assertTranslates(OLD, bench.read(1, VA));
        // Another last table in the place of the first one.
        long other = bench.page();
        bench.memory.writeLong(other + (VA >>> 12 & 511) * 8, NEW | USER_RW);
        bench.memory.writeLong(bench.entry(table, 4, 2, VA, 0), other | USER_RW);
        int granularity = InvalidationDescriptor.PASID_IOTLB_PAGE;
        bench.unit.invalidatePasidIotlb(granularity, 10, 1, VA, 0, true);
        assertTranslates(OLD, bench.read(1, VA));
        bench.unit.invalidatePasidIotlb(granularity, 10, 1, VA, 0, false);
        assertTranslates(NEW, bench.read(1, VA));
    }

    @Test
    void secondStageTablesAreKeptAndDroppedAlike() {
        bench.scalable(RID);
        long table = bench.page();
        bench.secondStage(RID, 1, table, 4, 10);
        bench.mapSecond(table, 4, VA, OLD);
        bench.scalableMode();
        assertTranslates(OLD, bench.read(1, VA));
        long other = bench.page();
        bench.memory.writeLong(other + (VA >>> 12 & 511) * 8, NEW | 3);
        bench.memory.writeLong(bench.entry(table, 4, 2, VA, 0), other | 3);
        bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_PAGE, 10, VA, 0, true);
        assertTranslates(OLD, bench.read(1, VA));
        bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_PAGE, 10, VA, 0, false);
        assertTranslates(NEW, bench.read(1, VA));
    }

    @Test
    void aWalkReadsOneEntryIfItsTablesAreKept() {
        bench.scalable(RID);
        long table = bench.page();
        bench.firstStage(RID, 1, table, 4, 10);
        bench.mapFirst(table, 4, VA, OLD);
        bench.mapFirst(table, 4, VA + 4096, OLD + 4096);
        bench.scalableMode();
        bench.read(1, VA);
        long before = bench.memory.reads;
        assertTranslates(OLD + 4096, bench.read(1, VA + 4096));
        assertEquals(before + 1, bench.memory.reads);
        assertTranslates(OLD + 4096, bench.read(1, VA + 4096));
        assertEquals(before + 1, bench.memory.reads, "an IOTLB hit reads nothing");
    }

    // ---- configuration

    private void changeContext(int rid, long newTable, int domain) {
        bench.legacy(rid, 0, newTable, 2, domain);
    }

    /** Legacy contexts of two functions, changed behind the cache; which come to light. */
    private List<Integer> contextsGone(int[] rids, int[] domains, LongConsumer invalidation) {
        long old = bench.page();
        long changed = bench.page();
        bench.mapSecond(old, 4, VA, OLD);
        bench.mapSecond(changed, 4, VA, NEW);
        for (int n = 0; n < rids.length; n++) {
            changeContext(rids[n], old, domains[n]);
        }
        bench.legacyMode();
        for (int rid : rids) {
            assertTranslates(OLD, bench.ask(rid, -1, VA, Access.READ));
        }
        for (int n = 0; n < rids.length; n++) {
            changeContext(rids[n], changed, domains[n]);
        }
        invalidation.accept(0);
        // Without an IOTLB entry only the context says which table.
        bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
        List<Integer> gone = new ArrayList<>();
        for (int rid : rids) {
            bench.ask(rid, -1, VA, Access.READ);
            if (bench.out.physical == NEW) {
                gone.add(rid);
            }
            bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
        }
        return gone;
    }

    @Test
    void contextCacheInvalidationTakesEverythingADomainOrADevice() {
        int[] rids = {0x100, 0x107, 0x108, 0x1ff};
        int[] domains = {1, 2, 1, 3};
        assertEquals(List.of(), contextsGone(rids, domains, x -> {}));
        assertEquals(
                List.of(0x100, 0x107, 0x108, 0x1ff),
                contextsGone(
                        rids,
                        domains,
                        x ->
                                bench.unit.invalidateContext(
                                        InvalidationDescriptor.CC_GLOBAL, 0, 0, 0)));
        assertEquals(
                List.of(0x100, 0x108),
                contextsGone(
                        rids,
                        domains,
                        x ->
                                bench.unit.invalidateContext(
                                        InvalidationDescriptor.CC_DOMAIN, 1, 0, 0)));
        assertEquals(
                List.of(0x107),
                contextsGone(
                        rids,
                        domains,
                        x ->
                                bench.unit.invalidateContext(
                                        InvalidationDescriptor.CC_DEVICE, 2, 0x107, 0)));
    }

    @Test
    void aFunctionMaskWidensADeviceSelectiveInvalidation() {
        int[] rids = {0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x106, 0x107, 0x108};
        int[] domains = {1, 1, 1, 1, 1, 1, 1, 1, 1};
        List<List<Integer>> expected =
                List.of(
                        List.of(0x101),
                        List.of(0x101, 0x105),
                        List.of(0x101, 0x103, 0x105, 0x107),
                        List.of(0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x106, 0x107));
        for (int mask = 0; mask < 4; mask++) {
            int functions = mask;
            assertEquals(
                    expected.get(mask),
                    contextsGone(
                            rids,
                            domains,
                            x ->
                                    bench.unit.invalidateContext(
                                            InvalidationDescriptor.CC_DEVICE,
                                            1,
                                            0x101,
                                            functions)));
        }
    }

    @Test
    void setRootTablePointerEmptiesEveryCache() {
        twoDomains();
        assertEquals(mappings.size(), gone(bench::scalableMode).size());
    }

    @Test
    void pasidCacheInvalidationTakesEverythingADomainOrAPasidOfIt() {
        int pc = InvalidationDescriptor.PC_PASID;
        assertEquals(List.of(), pasidsGone(() -> {}));
        assertEquals(
                List.of(1, 2, 3),
                pasidsGone(
                        () -> bench.unit.invalidatePasid(InvalidationDescriptor.PC_GLOBAL, 0, 0)));
        assertEquals(
                List.of(1, 2),
                pasidsGone(
                        () -> bench.unit.invalidatePasid(InvalidationDescriptor.PC_DOMAIN, 10, 0)));
        assertEquals(List.of(2), pasidsGone(() -> bench.unit.invalidatePasid(pc, 10, 2)));
        assertEquals(List.of(), pasidsGone(() -> bench.unit.invalidatePasid(pc, 11, 2)));
        assertEquals(List.of(3), pasidsGone(() -> bench.unit.invalidatePasid(pc, 11, 3)));
    }

    private List<Integer> pasidsGone(Runnable invalidation) {
        long old = bench.page();
        long changed = bench.page();
        bench.mapFirst(old, 4, VA, OLD);
        bench.mapFirst(changed, 4, VA, NEW);
        int[] domains = {10, 10, 11};
        if (bench.memory.peek(bench.scalableContext(RID)) == 0) {
            bench.scalable(RID);
        }
        bench.scalableMode();
        for (int pasid = 1; pasid <= 3; pasid++) {
            bench.firstStage(RID, pasid, old, 4, domains[pasid - 1]);
            assertTranslates(OLD, bench.read(pasid, VA));
            bench.firstStage(RID, pasid, changed, 4, domains[pasid - 1]);
        }
        invalidation.run();
        bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
        List<Integer> gone = new ArrayList<>();
        for (int pasid = 1; pasid <= 3; pasid++) {
            if (bench.read(pasid, VA).physical == NEW) {
                gone.add(pasid);
            }
        }
        return gone;
    }

    @Test
    void whatIsNotPresentIsNotKept() {
        bench.scalable(RID);
        long table = bench.page();
        bench.scalableMode();
        bench.read(1, VA);
        bench.firstStage(RID, 1, table, 4, 10);
        bench.read(1, VA);
        bench.mapFirst(table, 4, VA, OLD);
        assertTranslates(OLD, bench.read(1, VA));
    }

    @Test
    void moreRightsNeedNoInvalidation() {
        bench.scalable(RID);
        long table = bench.page();
        bench.firstStage(RID, 1, table, 4, 10);
        bench.mapFirst(table, 4, VA, OLD);
        long leaf = bench.entry(table, 4, 1, VA, 0);
        bench.memory.writeLong(leaf, OLD | 5);
        bench.scalableMode();
        bench.read(1, VA);
        bench.memory.writeLong(leaf, OLD | 7);
        assertTranslates(OLD, bench.write(1, VA));
        // And fewer rights do.
        bench.memory.writeLong(leaf, OLD | 5);
        assertTranslates(OLD, bench.write(1, VA));
    }
}
