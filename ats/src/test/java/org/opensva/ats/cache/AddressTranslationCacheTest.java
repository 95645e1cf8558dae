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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

class AddressTranslationCacheTest {

    private static final long R = TranslationEntry.R;
    private static final long RW = TranslationEntry.R | TranslationEntry.W;

    private final PasidStates pasids = new PasidStates(20);
    private final AddressTranslationCache cache = new AddressTranslationCache(1 << 16, pasids);

    private boolean fill(int pasid, long address, long entry) {
        return cache.fill(pasid, address, entry, cache.stamp(pasid), cache.token(pasid));
    }

    /** What is remembered of an entry; a global one has the PASID of nobody. */
    private record Known(int pasid, int shift, long base, boolean privileged) {

        static final int EVERYBODY = Integer.MAX_VALUE;

        boolean covers(long address) {
            return (address & -(1L << shift)) == base;
        }

        boolean overlaps(long start, int size) {
            return (start ^ base) >>> Math.max(shift, size) == 0;
        }

        boolean isFor(int who, boolean privilege) {
            return (pasid == who || pasid == EVERYBODY && who != Pasid.NONE)
                    && privileged == privilege;
        }
    }

    /** The cache beside a plain map. */
    private static final class Both {

        final AddressTranslationCache tested =
                new AddressTranslationCache(1 << 14, new PasidStates(8));
        final Map<Known, Long> model = new HashMap<>();
        final Random random;

        Both(long seed) {
            random = new Random(seed);
        }

        void fill(int pasid, long address) {
            int[] sizes = {12, 12, 12, 14, 16, 21, 30};
            int shift = sizes[random.nextInt(sizes.length)];
            boolean privileged = pasid != Pasid.NONE && random.nextInt(4) == 0;
            // The bit means nothing in the answer to a request without PASID.
            boolean marked = random.nextInt(6) == 0;
            int owner = marked && pasid != Pasid.NONE ? Known.EVERYBODY : pasid;
            long entry =
                    TranslationEntry.of(
                            random.nextLong() >>> 12 & -(1L << shift),
                            shift,
                            (random.nextBoolean() ? R : RW)
                                    | (privileged ? TranslationEntry.PRIV : 0)
                                    | (marked ? TranslationEntry.GLOBAL : 0));
            assertTrue(
                    tested.fill(pasid, address, entry, tested.stamp(pasid), tested.token(pasid)));
            model.keySet()
                    .removeIf(k ->
                            k.pasid == owner && k.privileged == privileged && k.covers(address));
            model.put(new Known(owner, shift, address & -(1L << shift), privileged), entry);
        }

        void remove(int pasid, long address) {
            int size = 12 + random.nextInt(22);
            long start = address & -(1L << size);
            tested.remove(pasid, start, size);
            model.keySet().removeIf(k -> k.pasid == pasid && k.overlaps(start, size));
        }

        void removeEverywhere(long address) {
            int size = 12 + random.nextInt(10);
            long start = address & -(1L << size);
            tested.removeEverywhere(start, size);
            model.keySet().removeIf(k -> k.overlaps(start, size));
        }

        void removeAll(int pasid) {
            tested.removeAll(pasid);
            model.keySet().removeIf(k -> k.pasid == pasid);
        }

        void removeAll() {
            tested.removeAll();
            model.clear();
        }

        void find(int pasid, long address) {
            boolean privileged = pasid != Pasid.NONE && random.nextInt(4) == 0;
            int wanted = random.nextBoolean() ? Access.READ : Access.WRITE;
            long found = tested.find(pasid, address, wanted | (privileged ? Access.PRIVILEGED : 0));
            boolean any = false;
            boolean same = false;
            for (Map.Entry<Known, Long> known : model.entrySet()) {
                if (known.getKey().isFor(pasid, privileged) && known.getKey().covers(address)) {
                    boolean allowed = (known.getValue() & wanted) != 0;
                    any |= allowed;
                    same |= allowed && known.getValue() == found;
                }
            }
            assertEquals(any, found != 0);
            assertTrue(found == 0 || same, "a translation that is not the newest");
        }

        void step() {
            int pasid = random.nextInt(6) - 1;
            long address = random.nextLong() & ((1L << 24) - 1);
            if (random.nextInt(3) == 0) {
                address |= 0xffff_ffffL << 32; // Negative addresses are addresses, too.
            }
            switch (random.nextInt(12)) {
                case 0, 1, 2, 3, 4 -> fill(pasid, address);
                case 5, 6 -> remove(pasid, address);
                case 7 -> removeEverywhere(address);
                case 8 -> {
                    if (random.nextInt(10) == 0) {
                        removeAll(pasid);
                    }
                }
                case 9 -> {
                    if (random.nextInt(100) == 0) {
                        removeAll();
                    }
                }
                default -> find(pasid, address);
            }
        }

        /** At rest every entry of the map is there, and who looks into the cache sees them. */
        void end() {
            assertEquals(0, tested.evictions());
            assertEquals(model.size(), tested.size());
            Set<String> expected = new HashSet<>();
            model.forEach((known, entry) -> {
                boolean everybody = known.pasid == Known.EVERYBODY;
                int access = known.privileged ? Access.PRIVILEGED : 0;
                int someone = everybody ? 100 : known.pasid;
                long found = tested.find(someone, known.base, access);
                assertNotEquals(0, found, known::toString);
                if (!everybody && !known.privileged && known.pasid != Pasid.NONE) {
                    expected.add(seen(known.pasid, known.base, known.shift, entry));
                }
            });
            Set<String> visited = new HashSet<>();
            tested.visit((owner, address, sizeShift, physical, access) -> {
                long flags = access; // R and W have the places of READ and WRITE.
                visited.add(
                        seen(
                                owner,
                                address,
                                sizeShift,
                                TranslationEntry.of(physical, sizeShift, flags)));
            });
            assertEquals(expected, visited);
        }

        private static String seen(int owner, long address, int sizeShift, long entry) {
            return "PASID %d 0x%x 2^%d: 0x%x %d"
                    .formatted(
                            owner,
                            address,
                            sizeShift,
                            TranslationEntry.address(entry),
                            TranslationEntry.access(entry));
        }
    }

    /**
     * Beside a plain map: what was removed is never found, and what was not is found as long as
     * nothing was evicted.
     */
    @Test
    void itHoldsExactlyWhatWasNotInvalidated() {
        for (long seed = 1; seed <= 20; seed++) {
            Both both = new Both(seed);
            for (int step = 0; step < 3_000; step++) {
                both.step();
            }
            both.end();
        }
    }

    /** Every way of removing what PASID 3 has at 0x7000. */
    private List<Runnable> invalidations() {
        return List.of(
                () -> cache.remove(3, 0x7000, 12),
                () -> cache.remove(3, 0, 40),
                () -> cache.removeAll(3),
                () -> cache.removeAll(),
                () -> cache.removeEverywhere(0x4000, 14));
    }

    @Test
    void aFillThatInvalidationsOvertookIsRefusedWhicheverTheyAre() {
        for (Runnable first : invalidations()) {
            for (Runnable second : invalidations()) {
                long stamp = cache.stamp(3);
                long token = cache.token(3);
                first.run();
                assertFalse(cache.fill(3, 0x7000, RW, stamp, token));
                second.run();
                assertFalse(cache.fill(3, 0x7000, RW, stamp, token));
                assertEquals(0, cache.find(3, 0x7000, Access.READ));
            }
        }
        long stamp = cache.stamp(3);
        long token = cache.token(3);
        cache.remove(4, 0x7000, 12);
        cache.removeAll(4);
        assertTrue(cache.fill(3, 0x7000, RW, stamp, token), "another PASID's does not matter");
    }

    @Test
    void whatWasRemovedDoesNotComeBackWhateverIsRemovedNext() {
        for (Runnable first : invalidations()) {
            for (Runnable second : invalidations()) {
                assertTrue(fill(3, 0x7000, RW));
                assertNotEquals(0, cache.find(3, 0x7000, Access.READ));
                first.run();
                assertEquals(0, cache.find(3, 0x7000, Access.READ));
                second.run();
                assertEquals(0, cache.find(3, 0x7000, Access.READ));
                assertEquals(0, cache.size());
            }
        }
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

    /** A miss costs more than its time: what it asks the IOMMU for may be forgotten there, too. */
    @Test
    void addressSpacesOfOneShapeDoNotEvictEachOtherWhileThereIsRoom() {
        for (int stride : new int[] {1, 2, 3, 4, 8, 16, 64}) {
            AddressTranslationCache shared =
                    new AddressTranslationCache(1 << 12, new PasidStates(20));
            for (int space = 1; space <= 640; space++) {
                for (long page = 0x5000; page < 0x9000; page += 4096) {
                    int pasid = space * stride;
                    long entry = TranslationEntry.of(page, 12, RW);
                    long stamp = shared.stamp(pasid);
                    assertTrue(shared.fill(pasid, page, entry, stamp, shared.token(pasid)));
                }
            }
            assertEquals(0, shared.evictions(), "every " + stride + "th PASID");
            assertEquals(640 * 4, shared.size());
        }
    }

    /** One set is full; each of its places is looked into by every way of looking. */
    @Test
    void everyPlaceOfASetIsSeenAndEmptied() {
        for (int places : new int[] {1, 2, 4}) {
            for (int kept = 0; kept < places; kept++) {
                AddressTranslationCache full = fullOf(places);
                Set<Long> seen = new HashSet<>();
                full.visit((owner, address, sizeShift, physical, access) -> seen.add(address));
                assertEquals(places, seen.size());
                for (int page = 0; page < places; page++) {
                    if (page != kept) {
                        full.remove(1, page * 4096L, 12);
                    }
                }
                assertEquals(1, full.size());
                assertNotEquals(0, full.find(1, kept * 4096L, Access.READ));
                full.remove(1, kept * 4096L, 12);
                assertEquals(0, full.find(1, kept * 4096L, Access.READ));
            }
            for (int size : new int[] {14, 63}) {
                AddressTranslationCache full = fullOf(places);
                full.remove(1, 0, size);
                assertEquals(0, full.size());
                full = fullOf(places);
                full.removeEverywhere(0, size);
                assertEquals(0, full.size());
            }
        }
    }

    private static AddressTranslationCache fullOf(int pages) {
        AddressTranslationCache made = new AddressTranslationCache(pages, new PasidStates(8));
        for (int page = 0; page < pages; page++) {
            made.fill(1, page * 4096L, RW, made.stamp(1), made.token(1));
        }
        assertEquals(pages, made.size());
        return made;
    }

    @Test
    void aGlobalTranslationIsFoundThoughThereIsNoOther() {
        fill(3, 0x7000, RW | TranslationEntry.GLOBAL);
        assertNotEquals(0, cache.find(4, 0x7000, Access.WRITE));
        assertEquals(0, cache.find(Pasid.NONE, 0x7000, Access.READ));
    }

    @Test
    void whereNothingHasAPasidARangeOfEverybodyIsRemovedAllTheSame() {
        fill(Pasid.NONE, 0x7000, RW);
        fill(Pasid.NONE, 0x9000, RW);
        cache.removeEverywhere(0x4000, 14);
        assertEquals(0, cache.find(Pasid.NONE, 0x7000, Access.READ));
        assertNotEquals(0, cache.find(Pasid.NONE, 0x9000, Access.READ));
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
        int tooMany = 1 << 27;
        assertThrows(
                IllegalArgumentException.class, () -> new AddressTranslationCache(tooMany, pasids));
    }
}
