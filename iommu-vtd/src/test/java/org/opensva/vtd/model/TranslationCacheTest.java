package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;

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
        assertTrue(wide > 1000, "many ranges that are noted, and sweeps between them");
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

    @Test
    void entriesOutliveAnyNumberOfNotesAboutOthers() {
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
