package org.opensva.emulated.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.BitSet;
import java.util.Random;

class NumberSpaceTest {

    @ParameterizedTest
    @CsvSource({"1, 2", "1, 64", "1, 65", "0, 64", "3, 4096", "1, 4097", "1, 300000"})
    void handsOutWhatASimpleBitmapWould(int first, int end) {
        NumberSpace space = new NumberSpace(first, end);
        BitSet used = new BitSet();
        used.set(0, first);
        int next = first;
        Random random = new Random(end);
        boolean filling = true;
        for (int i = 0; i < 40_000; i++) {
            if (random.nextInt(2000) == 0) {
                filling = !filling;
            }
            if (random.nextInt(10) < (filling ? 8 : 2)) {
                int limit = random.nextInt(4) == 0 ? random.nextInt(end) + 1 : end;
                int expected = next < limit ? used.nextClearBit(next) : limit;
                expected = expected < limit ? expected : used.nextClearBit(0);
                expected = expected < limit ? expected : -1;
                assertEquals(expected, space.take(limit));
                if (expected >= 0) {
                    used.set(expected);
                    next = expected + 1;
                }
            } else {
                int number = used.nextSetBit(first + random.nextInt(end - first));
                if (number >= first) {
                    used.clear(number);
                    space.giveBack(number);
                }
            }
            assertEquals(used.cardinality() - first, space.count());
        }
    }

    @Test
    void aMillionNumbersComeAndGoAndTheYoungestRestsLongest() {
        int end = (1 << 20) - 1;
        NumberSpace space = new NumberSpace(1, end);
        for (int i = 1; i < end; i++) {
            assertEquals(i, space.take(end));
        }
        assertEquals(-1, space.take(end));
        space.giveBack(7);
        space.giveBack(700_000);
        assertEquals(7, space.take(end));
        space.giveBack(7);
        assertEquals(700_000, space.take(end));
        assertEquals(7, space.take(100));
        assertEquals(-1, space.take(100));
        for (int i = 1; i < end; i++) {
            space.giveBack(i);
        }
        assertEquals(0, space.count());
    }

    @Test
    void whatIsFreeCannotBeGivenBack() {
        NumberSpace space = new NumberSpace(1, 10);
        assertThrows(IllegalStateException.class, () -> space.giveBack(3));
        assertThrows(IllegalStateException.class, () -> space.giveBack(10));
        assertThrows(IllegalStateException.class, () -> space.giveBack(-1));
        assertThrows(IllegalArgumentException.class, () -> new NumberSpace(5, 5));
        assertTrue(space.take(1) < 0);
    }
}
