package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Granule;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

class ContextCacheTest {

    private static final SmmuProfile PROFILE = SmmuProfile.sva();

    private final Context fetched = new Context();
    private final Context found = new Context();
    private final Random random = new Random(9);

    /** A CD of its own for each number. */
    private Context context(int number, boolean illegal) {
        long[] words = new long[Context.WORDS];
        ContextDescriptor.T0SZ.put(words, 0, 16);
        ContextDescriptor.TG0.put(words, 0, Granule.K4.tg0());
        ContextDescriptor.EPD1.put(words, 0, 1);
        ContextDescriptor.IPS.put(words, 0, 5);
        words[1] = (long) number << 12;
        fetched.understand(words[0], words[1], 0, number, tag(number), illegal, PROFILE);
        return fetched;
    }

    private static long tag(int number) {
        return Tag.ofSpace(Regime.EL1, false, number & 0xffff, number >>> 16);
    }

    private int numberOf(Context context) {
        StageConfig tables = context.stage(0);
        int number = (int) context.word(3);
        assertEquals(tag(number), context.tag());
        assertTrue(tables != null && tables.firstDescriptor(0) == (long) number << 12);
        return number;
    }

    @Test
    void nothingMakesRoomWhileThereMayBeMore() {
        for (int gap : new int[] {1, 3, 64, 250}) {
            ContextCache cache = new ContextCache(1 << 16);
            for (int i = 0; i < 4000; i++) {
                cache.keep(i * gap, 1, context(i + 1, false));
            }
            int held = 0;
            for (int i = 0; i < 4000; i++) {
                long tag = cache.tag(i * gap, 1);
                assertTrue(tag == tag(i + 1) || tag == ContextCache.ABSENT);
                held += tag == tag(i + 1) ? 1 : 0;
            }
            assertEquals(4000, held, "numbered by " + gap);
        }
    }

    @Test
    void itNeverGivesAnythingButWhatWasKeptLast() {
        for (int capacity : new int[] {1, 2, 4, 16, 256}) {
            ContextCache cache = new ContextCache(capacity);
            Map<Integer, Integer> kept = new HashMap<>();
            long stamp = 0;
            for (int turn = 1; turn < 100_000; turn++) {
                int index = random.nextInt(64) << random.nextInt(8);
                switch (random.nextInt(16)) {
                    case 0 -> {
                        cache.drop(index);
                        kept.remove(index);
                    }
                    case 1, 2, 3, 4, 5, 6 -> {
                        cache.keep(index, stamp, context(turn, turn % 5 == 0));
                        kept.put(index, turn);
                        assertTrue(cache.load(index, stamp, found, PROFILE), "just kept");
                    }
                    default -> {
                        if (random.nextInt(1000) == 0) {
                            stamp++;
                            kept.clear();
                        }
                    }
                }
                int asked = random.nextInt(64) << random.nextInt(8);
                int last = kept.getOrDefault(asked, 0);
                long tag = cache.tag(asked, stamp);
                boolean legal = last % 5 != 0;
                assertTrue(tag == ContextCache.ABSENT || legal && tag == tag(last));
                if (cache.load(asked, stamp, found, PROFILE)) {
                    assertEquals(last, numberOf(found));
                    assertEquals(legal, !found.illegal());
                } else {
                    assertEquals(ContextCache.ABSENT, tag);
                }
                assertFalse(cache.load(asked, stamp + 1, found, PROFILE));
            }
        }
    }

    @Test
    void whoReadsWhileItIsWrittenAndGrowsSeesWholeDescriptorsOnly() throws Exception {
        ContextCache cache = new ContextCache(1 << 10);
        AtomicBoolean over = new AtomicBoolean();
        Callable<Long> reader =
                () -> {
                    Context mine = new Context();
                    long seen = 0;
                    for (int turn = 0; !over.get() || seen == 0; turn++) {
                        int index = turn * 7 & 0x3ff;
                        if (cache.load(index, 1, mine, PROFILE)) {
                            assertEquals(index, numberOf(mine) & 0x3ff);
                            seen++;
                        }
                        long tag = cache.tag(index, 1);
                        assertTrue(tag == ContextCache.ABSENT || (tag & 0x3ff) == index);
                    }
                    return seen;
                };
        try (ExecutorService readers = Executors.newFixedThreadPool(2)) {
            List<Future<Long>> results = List.of(readers.submit(reader), readers.submit(reader));
            try {
                // All of a few, so that slots are fought for, then ever more.
                for (int turn = 1; turn < 100_000; turn++) {
                    int index = random.nextInt(16 + turn / 100);
                    if (random.nextInt(8) == 0) {
                        cache.drop(index);
                    } else {
                        cache.keep(index, 1, context(turn << 10 | index, false));
                    }
                }
                cache.keep(7, 1, context(7, false));
            } finally {
                over.set(true);
            }
            for (Future<Long> result : results) {
                assertTrue(result.get() > 0);
            }
        }
    }
}
