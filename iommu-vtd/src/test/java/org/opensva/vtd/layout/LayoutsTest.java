package org.opensva.vtd.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

final class LayoutsTest {
    /** Overlays that stand on bits which are reserved since the revision their comment names. */
    private static final Set<String> ON_RESERVED_BITS =
            Set.of(
                    "PRO",
                    "EIMD",
                    "SLEE",
                    "EMT",
                    "PWT",
                    "PCD",
                    "ERE",
                    "TM",
                    "PDP",
                    "Private_lo",
                    "Private_hi");

    @Test
    void noTwoFieldsOfAStructureShareABitUnlessTheyAreOverlays() {
        for (Structure structure : Layouts.all()) {
            List<Field> fields = structure.fields();
            for (int i = 0; i < fields.size(); i++) {
                for (int j = i + 1; j < fields.size(); j++) {
                    Field one = fields.get(i);
                    Field other = fields.get(j);
                    assertFalse(
                            one.overlaps(other),
                            () -> structure.name() + ": " + one + " and " + other);
                }
            }
        }
    }

    @Test
    void everyOverlaySharesABitOrIsAFieldOfAnOlderRevision() {
        for (Structure structure : Layouts.all()) {
            for (Field overlay : structure.overlays()) {
                boolean shares = structure.fields().stream().anyMatch(overlay::overlaps);
                assertEquals(
                        !shares,
                        ON_RESERVED_BITS.contains(overlay.name()),
                        () -> structure.name() + ": " + overlay);
            }
        }
    }

    @Test
    void everyFieldLiesWithinItsStructureAndEveryStructureStandsOnce() {
        Set<Structure> seen = new HashSet<>();
        for (Structure structure : Layouts.all()) {
            assertTrue(seen.add(structure), structure::name);
            assertFalse(structure.section().isEmpty());
            for (Field field : structure.fields()) {
                assertTrue(field.word() < structure.words(), () -> structure.name() + field);
            }
        }
        assertTrue(seen.size() > 60);
    }

    @Test
    void everyValueSurvivesEveryFieldAndDisturbsNoOther() {
        Random random = new Random(0x0d51_397);
        for (Structure structure : Layouts.all()) {
            for (int round = 0; round < 50; round++) {
                long[] words = random.longs(structure.words() + 2L).toArray();
                for (Field field : structure.fields()) {
                    long[] before = words.clone();
                    long value = random.nextLong() & field.max();
                    field.put(words, 1, value);
                    assertEquals(value, field.in(words, 1));
                    assertEquals(value, field.get(words[1 + field.word()]));
                    assertEquals(field.place(value), field.address(words[1 + field.word()]));
                    assertEquals(value != 0, field.isSet(words[1 + field.word()]));
                    for (int i = 0; i < words.length; i++) {
                        long kept = i == 1 + field.word() ? ~field.mask() : -1L;
                        assertEquals(before[i] & kept, words[i] & kept);
                    }
                }
            }
        }
    }

    @Test
    void aFieldOutsideItsWordIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Field("F", 0, 60, 5));
        assertThrows(IllegalArgumentException.class, () -> new Field("F", 8, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new Field("F", 0, -1, 1));
        assertThrows(IllegalArgumentException.class, () -> new Field("F", 0, 0, 0));
    }
}
