package org.opensva.ats.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Random;

class AddressTranslationCacheTest {

    private static final long R = TranslationEntry.R;
    private static final long RW = TranslationEntry.R | TranslationEntry.W;

    private final PasidStates pasids = new PasidStates(20);
    private final AddressTranslationCache cache = new AddressTranslationCache(1 << 16, pasids);

    private boolean fill(int pasid, long address, long entry) {
        return cache.fill(pasid, address, entry, cache.stamp(pasid), cache.token(pasid));
    }

    /** What is remembered of an entry. */
    private record Known(int pasid, int shift, long base, boolean privileged) {
        boolean covers(long address) {
            return (address & -(1L << shift)) == base;
        }

        boolean overlaps(long start, int size) {
            return (start ^ base) >>> Math.max(shift, size) == 0;
        }
    }

    /**
     * Beside a plain map: what was removed is never found, and what was not is found as long as
     * nothing was evicted.
     */
    @Test
    void itHoldsExactlyWhatWasNotInvalidated() {
        int[] sizes = {12, 12, 12, 14, 16, 21, 30};
        for (long seed = 1; seed <= 20; seed++) {
            Random random = new Random(seed);
            PasidStates states = new PasidStates(8);
            AddressTranslationCache tested = new AddressTranslationCache(1 << 14, states);
            Map<Known, Long> model = new HashMap<>();
            for (int step = 0; step < 3_000; step++) {
                int pasid = random.nextInt(6) - 1;
                long address = random.nextLong() & ((1L << 24) - 1);
                if (random.nextInt(3) == 0) {
                    address |= 0xffff_ffffL << 32; // Negative addresses are addresses, too.
                }
                switch (random.nextInt(12)) {
                    case 0, 1, 2, 3, 4 -> {
                        int shift = sizes[random.nextInt(sizes.length)];
                        boolean privileged = pasid != Pasid.NONE && random.nextInt(4) == 0;
                        long flags = random.nextBoolean() ? R : RW;
                        long entry =
                                TranslationEntry.of(
                                        random.nextLong() >>> 12 & -(1L << shift),
                                        shift,
                                        flags | (privileged ? TranslationEntry.PRIV : 0));
                        long at = address;
                        assertTrue(
                                tested.fill(
                                        pasid,
                                        at,
                                        entry,
                                        tested.stamp(pasid),
                                        tested.token(pasid)));
                        model.keySet()
                                .removeIf(k ->
                                        k.pasid == pasid
                                                && k.privileged == privileged
                                                && k.covers(at));
                        model.put(new Known(pasid, shift, at & -(1L << shift), privileged), entry);
                    }
                    case 5, 6 -> {
                        int size = 12 + random.nextInt(22);
                        long start = address & -(1L << size);
                        tested.remove(pasid, start, size);
                        model.keySet().removeIf(k -> k.pasid == pasid && k.overlaps(start, size));
                    }
                    case 7 -> {
                        int size = 12 + random.nextInt(10);
                        long start = address & -(1L << size);
                        tested.removeEverywhere(start, size);
                        model.keySet().removeIf(k -> k.overlaps(start, size));
                    }
                    case 8 -> {
                        if (random.nextInt(10) == 0) {
                            tested.removeAll(pasid);
                            model.keySet().removeIf(k -> k.pasid == pasid);
                        }
                    }
                    case 9 -> {
                        if (random.nextInt(100) == 0) {
                            tested.removeAll();
                            model.clear();
                        }
                    }
                    default -> checkOne(tested, model, pasid, address, random);
                }
            }
            assertEquals(0, tested.evictions(), "seed " + seed);
            assertEquals(model.size(), tested.size(), "seed " + seed);
            for (Iterator<Map.Entry<Known, Long>> i = model.entrySet().iterator(); i.hasNext(); ) {
                Map.Entry<Known, Long> known = i.next();
                int access = known.getKey().privileged ? Access.PRIVILEGED : 0;
                long found = tested.find(known.getKey().pasid, known.getKey().base, access);
                assertNotEquals(0, found, () -> known.toString());
            }
        }
    }

    private static void checkOne(
            AddressTranslationCache tested,
            Map<Known, Long> model,
            int pasid,
            long address,
            Random random) {
        boolean privileged = pasid != Pasid.NONE && random.nextInt(4) == 0;
        int wanted = random.nextBoolean() ? Access.READ : Access.WRITE;
        long found = tested.find(pasid, address, wanted | (privileged ? Access.PRIVILEGED : 0));
        boolean any = false;
        boolean same = false;
        for (Map.Entry<Known, Long> known : model.entrySet()) {
            Known key = known.getKey();
            if (key.pasid == pasid && key.privileged == privileged && key.covers(address)) {
                boolean allowed = (known.getValue() & wanted) != 0;
                any |= allowed;
                same |= allowed && known.getValue() == found;
            }
        }
        assertEquals(any, found != 0);
        assertTrue(found == 0 || same, "a translation that is not the newest");
    }

    @Test
    void aFillThatAnInvalidationOvertookIsRefused() {
        Runnable[] invalidations = {
            () -> cache.remove(3, 0x7000, 12),
            () -> cache.remove(3, 0, 40),
            () -> cache.removeAll(3),
            () -> cache.removeAll(),
            () -> cache.removeEverywhere(0x4000, 14),
        };
        for (Runnable invalidation : invalidations) {
            long stamp = cache.stamp(3);
            long token = cache.token(3);
            invalidation.run();
            assertFalse(cache.fill(3, 0x7000, RW, stamp, token));
            assertEquals(0, cache.find(3, 0x7000, Access.READ));
        }
        long stamp = cache.stamp(3);
        long token = cache.token(3);
        cache.remove(4, 0x7000, 12);
        cache.removeAll(4);
        assertTrue(cache.fill(3, 0x7000, RW, stamp, token), "another PASID's does not matter");
    }

    @Test
    void aSmallCacheEvictsAndNeverLies() {
        for (int capacity : new int[] {1, 2, 4, 8}) {
            PasidStates states = new PasidStates(8);
            AddressTranslationCache small = new AddressTranslationCache(capacity, states);
            for (int page = 0; page < 100; page++) {
                long entry = TranslationEntry.of(page * 4096L, 12, RW);
                assertTrue(small.fill(1, page * 4096L, entry, small.stamp(1), small.token(1)));
                assertEquals(entry, small.find(1, page * 4096L, Access.READ));
            }
            assertEquals(capacity, small.size());
            assertEquals(100 - capacity, small.evictions());
        }
    }

    @Test
    void aDeadEntryMakesRoomWithoutAnEviction() {
        PasidStates states = new PasidStates(8);
        AddressTranslationCache small = new AddressTranslationCache(4, states);
        for (int round = 0; round < 10; round++) {
            for (int page = 0; page < 4; page++) {
                small.fill(1, page * 4096L, RW, small.stamp(1), small.token(1));
            }
            small.removeAll(1);
        }
        assertEquals(0, small.evictions());
        assertEquals(0, small.size());
    }

    @Test
    void executionNeedsItsPermission() {
        fill(3, 0x7000, RW);
        assertEquals(0, cache.find(3, 0x7000, Access.EXECUTE));
        fill(3, 0x7000, R | TranslationEntry.EXE);
        assertNotEquals(0, cache.find(3, 0x7000, Access.EXECUTE));
        assertEquals(
                Access.WRITE | Access.READ | Access.EXECUTE, cache.widen(3, 0x7000, Access.WRITE));
    }

    @Test
    void theLargestSizesWork() {
        fill(3, 0x7000, TranslationEntry.of(0, 62, RW));
        assertNotEquals(0, cache.find(3, 0x3fff_ffff_ffff_f000L, Access.READ));
        assertEquals(0, cache.find(3, 0x4000_0000_0000_0000L, Access.READ));
        fill(4, -4096, TranslationEntry.of(0, 63, RW));
        assertNotEquals(0, cache.find(4, Long.MIN_VALUE, Access.READ));
        assertEquals(0, cache.find(4, Long.MAX_VALUE, Access.READ));
        cache.remove(4, -8192, 12);
        assertEquals(0, cache.find(4, Long.MIN_VALUE, Access.READ));
    }

    @Test
    void aCapacityThatIsNoPowerOfTwoIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new AddressTranslationCache(3, pasids));
        assertThrows(IllegalArgumentException.class, () -> new AddressTranslationCache(0, pasids));
    }
}
