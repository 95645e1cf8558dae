package org.opensva.smmuv3.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Random;

final class LayoutsTest {
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
    void everyOverlaySharesABitOrOnlyStandsOnAReservedOne() {
        for (Structure structure : Layouts.all()) {
            for (Field overlay : structure.overlays()) {
                boolean shares = structure.fields().stream().anyMatch(overlay::overlaps);
                // NSTable is the one field that a leaf descriptor has reserved
                assertTrue(shares || overlay.name().equals("NSTable"), overlay::name);
            }
        }
    }

    @Test
    void everyFieldLiesWithinItsStructure() {
        for (Structure structure : Layouts.all()) {
            for (Field field : structure.fields()) {
                assertTrue(field.word() < structure.words(), () -> structure.name() + field);
            }
        }
    }

    @Test
    void everyValueSurvivesEveryFieldAndDisturbsNoOther() {
        Random random = new Random(0x0070_6b);
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
}
