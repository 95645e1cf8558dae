package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/** The cache of configuration beside a map that does the same slowly. */
class ConfigurationCacheTest {

    private static final int SOURCES = 40;
    private static final int PASIDS = 200;
    private static final int DOMAINS = 5;

    private final Random random = new Random(1234);
    private final AtomicLong everyChange = new AtomicLong();
    private final Regime regime = new Regime();
    private final RecentRegime recent = new RecentRegime();

    private void keep(ConfigurationCache cache, int source, int pasid, int domain, long word) {
        regime.tag = CacheTag.ofFirstStage(domain, pasid);
        regime.w0 = word;
        regime.w1 = word + 1;
        regime.w2 = word + 2;
        cache.keep(Regime.key(source, pasid), regime, cache.changes());
    }

    @Test
    void itGrowsAndKeepsWhatItIsGivenUntilExactlyThatIsInvalidated() {
        ConfigurationCache cache = new ConfigurationCache(1 << 15, everyChange);
        Map<Long, long[]> model = new HashMap<>();
        for (int step = 0; step < 300_000; step++) {
            int source = 0x100 + random.nextInt(SOURCES);
            int pasid = random.nextInt(PASIDS);
            int domain = 1 + random.nextInt(DOMAINS);
            long key = Regime.key(source, pasid);
            int what = random.nextInt(10_000);
            if (what < 4000) {
                long word = random.nextLong();
                keep(cache, source, pasid, domain, word);
                model.put(key, new long[] {regime.tag, word});
            } else if (what < 9900) {
                long[] expected = model.get(key);
                assertEquals(expected != null, cache.find(key, regime), "step " + step);
                if (expected != null) {
                    assertEquals(expected[0], regime.tag);
                    assertEquals(expected[1], regime.w0);
                    assertEquals(expected[1] + 1, regime.w1);
                    assertEquals(expected[1] + 2, regime.w2);
                }
            } else if (what < 9990) {
                cache.invalidate(key);
                model.remove(key);
            } else if (what < 9997) {
                long tag = CacheTag.ofFirstStage(domain, pasid);
                cache.invalidateSpace(tag);
                model.values().removeIf(entry -> entry[0] == tag);
            } else if (what < 9999) {
                cache.invalidateDomain(domain);
                model.values().removeIf(entry -> CacheTag.domain(entry[0]) == domain);
            } else {
                cache.invalidateAll();
                model.clear();
            }
        }
        assertTrue(model.size() > 1000, "it had to grow");
    }

    @Test
    void aFullOneMakesRoomForOne() {
        for (int most = 1; most <= 256; most <<= 1) {
            ConfigurationCache cache = new ConfigurationCache(most, everyChange);
            for (int pasid = 0; pasid < 1000; pasid++) {
                keep(cache, 7, pasid, 1, pasid);
                assertTrue(cache.find(Regime.key(7, pasid), regime));
            }
            int kept = 0;
            for (int pasid = 0; pasid < 1000; pasid++) {
                kept += cache.find(Regime.key(7, pasid), regime) ? 1 : 0;
            }
            assertEquals(most, kept);
        }
    }

    @Test
    void whatWasReadBeforeAnInvalidationIsNotKept() {
        ConfigurationCache cache = new ConfigurationCache(64, everyChange);
        long begun = cache.changes();
        cache.invalidate(Regime.key(1, 1));
        cache.keep(Regime.key(2, 2), regime, begun);
        assertFalse(cache.find(Regime.key(2, 2), regime));
    }

    @Test
    void whatWasFoundInOrderIsRecalledUntilAnythingChanges() {
        ConfigurationCache cache = new ConfigurationCache(64, everyChange);
        long key = Regime.key(3, 9);
        keep(cache, 3, 9, 2, 0);
        long now = everyChange.get();
        assertFalse(cache.recall(key, 9, now, recent), "nobody has said that it is in order");
        assertTrue(cache.find(key, regime));
        cache.confirm(regime, 5, now);
        assertTrue(cache.recall(key, 9, now, recent));
        assertTrue(recent.holdsFirstStage(9, now));
        assertFalse(cache.recall(Regime.key(4, 9), 9, now, recent), "another device");
        cache.invalidateSpace(CacheTag.ofFirstStage(1, 1));
        assertFalse(cache.recall(key, 9, everyChange.get(), recent));
        assertTrue(cache.find(key, regime), "which took something else");
    }

    @Test
    void whatIsConfirmedAfterItWasReplacedSaysNothingAboutWhatIsThereNow() {
        ConfigurationCache cache = new ConfigurationCache(1, everyChange);
        keep(cache, 3, 9, 2, 0);
        Regime found = new Regime();
        assertTrue(cache.find(Regime.key(3, 9), found));
        keep(cache, 3, 10, 2, 0);
        cache.confirm(found, 5, everyChange.get());
        assertFalse(cache.recall(Regime.key(3, 10), 10, everyChange.get(), recent));
        assertFalse(cache.recall(Regime.key(3, 9), 9, everyChange.get(), recent));
    }
}
