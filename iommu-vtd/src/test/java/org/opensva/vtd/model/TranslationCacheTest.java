package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** The translation cache beside a map that does the same slowly. */
class TranslationCacheTest {

    private record Key(long tag, long base, int level) {}

    private static final long[] TAGS = {
        CacheTag.ofSecondStage(1),
        CacheTag.ofSecondStage(2),
        CacheTag.ofFirstStage(1, 0),
        CacheTag.ofFirstStage(1, 7),
        CacheTag.ofFirstStage(2, 7),
        CacheTag.ofFirstStage(1, 0xfffff)
    };

    // So few addresses that no set overflows with this seed: nothing is evicted.
    private final Random random = new Random(4711);
    private final Generations generations = new Generations();
    private final TranslationCache cache = new TranslationCache(1 << 16, generations);
    private final Map<Key, Long> model = new HashMap<>();
    private final FillToken token = new FillToken(new Counters());

    private long address() {
        long page = random.nextInt(2) * (1L << 38) + random.nextInt(2) * (1L << 29);
        long within = random.nextInt(2) * (1L << 20) + random.nextInt(12) * 4096L;
        return random.nextInt(4) == 0 ? -1L << 46 | page + within : page + within;
    }

    private static long base(long address, int level) {
        return address & -1L << 3 + 9 * level;
    }

    private static boolean overlaps(Key key, long first, long last) {
        long end = key.base() + (1L << 3 + 9 * key.level()) - 1;
        return Long.compareUnsigned(key.base(), last) <= 0 && Long.compareUnsigned(end, first) >= 0;
    }

    private void begin(long tag) {
        token.tag = tag;
        token.stamp = generations.of(tag);
        token.ranges = generations.ranges(tag);
    }

    @Test
    void itKeepsWhatItIsGivenUntilExactlyThatIsInvalidated() {
        int wide = 0;
        for (int step = 0; step < 300_000; step++) {
            long tag = TAGS[random.nextInt(TAGS.length)];
            long address = address();
            int level = 1 + random.nextInt(3);
            int what = random.nextInt(1000);
            if (what < 400) {
                begin(tag);
                long data = CachedTranslation.of(random.nextLong(), level, CachedTranslation.READ);
                cache.insert(token, address, data);
                model.put(new Key(tag, base(address, level), level), data);
            } else if (what < 980) {
                Long expected = model.get(new Key(tag, base(address, level), level));
                long found = cache.probe(tag, address, level);
                assertEquals(expected == null ? 0 : expected, found, "step " + step);
            } else if (what < 998) {
                int shift = 12 + random.nextInt(53);
                long first = shift >= 64 ? 0 : address & -1L << shift;
                long last = shift >= 64 ? -1L : first + (1L << shift) - 1;
                cache.invalidate(tag, first, last);
                wide += shift > 20 ? 1 : 0;
                model.keySet().removeIf(key -> key.tag() == tag && overlaps(key, first, last));
            } else if (what == 998) {
                if (CacheTag.isFirstStage(tag)) {
                    generations.expireSpace(tag);
                    model.keySet().removeIf(key -> key.tag() == tag);
                }
            } else {
                int domain = CacheTag.domain(tag);
                generations.expireFirstStages(domain);
                model.keySet()
                        .removeIf(key ->
                                CacheTag.isFirstStage(key.tag())
                                        && CacheTag.domain(key.tag()) == domain);
            }
        }
        assertTrue(wide > 1000, "many ranges of more than one table");
    }

    @Test
    void oneEntryMakesRoomForOne() {
        TranslationCache small = new TranslationCache(64, generations);
        long tag = TAGS[3];
        for (int page = 0; page < 1000; page++) {
            begin(tag);
            small.insert(token, page * 4096L, CachedTranslation.of(page << 12, 1, 1));
        }
        int kept = 0;
        for (int page = 0; page < 1000; page++) {
            if (small.find(tag, page * 4096L) != 0) {
                kept++;
            }
        }
        assertEquals(64, kept);
    }

    @Test
    void whatWasWalkedBeforeAnInvalidationIsNotKept() {
        long tag = TAGS[3];
        long data = CachedTranslation.of(0x1000, 1, 1);
        Runnable[] invalidations = {
            generations::expireAll,
            () -> generations.expireDomain(1),
            () -> generations.expireFirstStages(1),
            () -> generations.expireSpace(tag),
            () -> cache.invalidate(tag, 0x5000, 0x5fff),
            () -> cache.invalidate(tag, 0, -1L)
        };
        for (Runnable invalidation : invalidations) {
            begin(tag);
            invalidation.run();
            cache.insert(token, 0x5000, data);
            assertEquals(0, cache.find(tag, 0x5000));
        }
        begin(tag);
        cache.insert(token, 0x5000, data);
        assertNotEquals(0, cache.find(tag, 0x5000));
    }

    /** Also where pages share a place with those of other tables and of other spaces. */
    @Test
    void aRangeTakesExactlyItsPagesWhateverTheSizeOfTheCache() {
        int pages = 3 * 512;
        for (int entries = 4; entries <= 1 << 14; entries <<= 1) {
            TranslationCache some = new TranslationCache(entries, generations);
            for (int round = 0; round < 20; round++) {
                for (int n = 0; n < pages; n++) {
                    begin(TAGS[3 + random.nextInt(2)]);
                    long page = random.nextInt(pages);
                    some.insert(token, page << 12, CachedTranslation.of(page << 12, 1, 1));
                }
                long first = random.nextInt(pages);
                long last = random.nextInt(8) == 0 ? -1L >>> 12 : first + random.nextInt(pages);
                boolean[] there = there(some, TAGS[3], pages);
                boolean[] beside = there(some, TAGS[4], pages);
                some.invalidate(TAGS[3], first << 12, last << 12 | 0xfff);
                for (int page = 0; page < pages; page++) {
                    there[page] &= page < first || page > last;
                }
                assertArrayEquals(there, there(some, TAGS[3], pages));
                assertArrayEquals(beside, there(some, TAGS[4], pages));
            }
        }
    }

    private static boolean[] there(TranslationCache cache, long tag, int pages) {
        boolean[] there = new boolean[pages];
        for (int page = 0; page < pages; page++) {
            there[page] = cache.probe(tag, (long) page << 12, 1) != 0;
        }
        return there;
    }

    /** A device's working set is one of the two cases; the other are many small processes. */
    @Test
    void whatFillsATwentiethOfTheCacheStaysBesideEachOther() {
        int[][] sets = {{1, 3000}, {64, 48}, {1024, 3}};
        for (int[] set : sets) {
            TranslationCache some = new TranslationCache(1 << 16, generations);
            int evicted = 0;
            for (int space = 0; space < set[0]; space++) {
                begin(CacheTag.ofFirstStage(1 + space, 100 + space));
                for (long page = 0; page < set[1]; page++) {
                    long address = 0x7f12_3400_0000L + (page << 12);
                    evicted += some.insert(token, address, CachedTranslation.of(0, 1, 1)) ? 1 : 0;
                }
            }
            assertTrue(evicted < 32, set[0] + " spaces: " + evicted + " evicted");
        }
    }

    @Test
    void aFillThatAnInvalidationHasOvertakenGivesNothingBackThatWasNotLookedAt() {
        TranslationCache one = new TranslationCache(4, generations);
        long other = TAGS[4];
        for (int page = 0; page < 4; page++) {
            begin(other);
            one.insert(token, (long) page << 12, CachedTranslation.of(0x1000, 1, 1));
        }
        begin(TAGS[3]);
        one.invalidate(TAGS[3], 0, 0xfff);
        one.insert(token, 0, CachedTranslation.of(0x1000, 1, 1));
        for (int page = 0; page < 4; page++) {
            assertNotEquals(0, one.probe(other, (long) page << 12, 1), "page " + page);
        }
        one.invalidate(other, 0, 0x3fff);
        for (int page = 0; page < 4; page++) {
            assertEquals(0, one.probe(other, (long) page << 12, 1), "page " + page);
        }
    }

    /**
     * Two spaces take places from each other while both are invalidated. What a fill has found
     * before an invalidation of its space began is not found after it, also where another fill took
     * the place and gave up.
     */
    @Test
    void fillsThatGiveUpLeaveNothingThatAnInvalidationCouldNotSee() throws InterruptedException {
        TranslationCache one = new TranslationCache(4, generations);
        AtomicInteger version = new AtomicInteger();
        AtomicBoolean stop = new AtomicBoolean();
        Thread[] fillers = new Thread[2];
        for (int n = 0; n < fillers.length; n++) {
            int seed = n;
            fillers[n] =
                    Thread.ofPlatform()
                            .start(() -> {
                                Random own = new Random(seed);
                                FillToken walk = new FillToken(new Counters());
                                while (!stop.get()) {
                                    walk.tag = TAGS[3 + own.nextInt(2)];
                                    walk.stamp = generations.of(walk.tag);
                                    walk.ranges = generations.ranges(walk.tag);
                                    long found = (long) version.get() << 12;
                                    long page = (long) own.nextInt(4) << 12;
                                    one.insert(walk, page, CachedTranslation.of(found, 1, 1));
                                }
                            });
        }
        int stale = 0;
        for (int round = 1; round < 20_000; round++) {
            one.invalidate(TAGS[3], 1L << 40, (1L << 40) + 0xfff);
            version.set(round);
            one.invalidate(TAGS[4], 0, 0x3fff);
            for (long page = 0; page < 4; page++) {
                long data = one.probe(TAGS[4], page << 12, 1);
                stale += data != 0 && CachedTranslation.address(data) >>> 12 < round ? 1 : 0;
            }
        }
        stop.set(true);
        for (Thread filler : fillers) {
            filler.join();
        }
        assertEquals(0, stale);
    }

    @Test
    void anEntryOutlivesAnyNumberOfInvalidationsBesideIt() {
        long tag = TAGS[3];
        cache.invalidate(TAGS[0], 0, -1L);
        begin(tag);
        long data = CachedTranslation.of(0x1000, 1, 1);
        cache.insert(token, 0x5000, data);
        for (int n = 0; n < 10_000; n++) {
            cache.invalidate(tag, 1L << 40, (1L << 41) - 1);
            assertEquals(data, cache.find(tag, 0x5000));
        }
        cache.invalidate(tag, 0, (1L << 40) - 1);
        assertEquals(0, cache.find(tag, 0x5000));
    }
}
