package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.Random;

class SetHintsTest {

    private static final int SETS = 64;

    private final SetHints hints = new SetHints(SETS);
    private final Random random = new Random(5);

    @Test
    void whatASetHoldsItIsNeverSaidNotToHold() {
        long[] keys = new long[4 * SETS];
        long[] tags = new long[4 * SETS];
        for (int turn = 0; turn < 100_000; turn++) {
            int entry = random.nextInt(keys.length);
            if (random.nextInt(3) == 0) {
                hints.clear(entry >>> 2, entry & 3);
                keys[entry] = 0;
            } else {
                keys[entry] = random.nextLong() | 1;
                tags[entry] = random.nextInt(1 << 16);
                hints.put(entry >>> 2, entry & 3, keys[entry], tags[entry]);
            }
            for (int way = entry & -4; way < (entry & -4) + 4; way++) {
                assertTrue(keys[way] == 0 || hints.mayHold(entry >>> 2, keys[way], tags[way]));
            }
        }
    }

    @Test
    void mostOfWhatAFullSetDoesNotHoldItSaysSo() {
        for (int way = 0; way < 4; way++) {
            hints.put(0, way, way << 12 | 0x4c, 7);
        }
        int maybe = 0;
        for (long page = 4; page < 10_004; page++) {
            maybe += hints.mayHold(0, page << 12 | 0x4c, 7) ? 1 : 0;
        }
        assertTrue(maybe < 1_000, maybe + " of 10000 absent pages may be there");
        assertFalse(hints.mayHold(1, 0x4c, 7), "an empty set");
    }
}
