package org.opensva.conformance.cli.work;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.util.Random;
import java.util.zip.CRC32C;

class Crc32cCombinationTest {

    private static long crc(byte[] bytes, int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, to - from);
        return crc.getValue();
    }

    @Test
    void theCrcOfTwoPiecesIsThatOfTheWholeWhereverItIsCut() {
        Random random = new Random(1);
        for (int round = 0; round < 1000; round++) {
            byte[] bytes = new byte[random.nextInt(3000)];
            random.nextBytes(bytes);
            int cut = random.nextInt(bytes.length + 1);
            assertEquals(
                    crc(bytes, 0, bytes.length),
                    Crc32cCombination.combine(
                            crc(bytes, 0, cut), crc(bytes, cut, bytes.length), bytes.length - cut),
                    () -> "cut at " + cut + " of " + bytes.length);
        }
    }

    @Test
    void piecesMayBeLongerThanAnyArray() {
        // The CRC of 2^k zeros, by doubling, against one byte at a time for as long as that is
        // fast.
        long doubled = crc(new byte[1], 0, 1);
        for (int k = 0; k < 16; k++) {
            doubled = Crc32cCombination.combine(doubled, doubled, 1L << k);
        }
        assertEquals(crc(new byte[1 << 16], 0, 1 << 16), doubled);
        long huge = doubled;
        for (int k = 16; k < 40; k++) {
            huge = Crc32cCombination.combine(huge, huge, 1L << k);
        }
        long pieces = 0;
        long chunk = crc(new byte[1 << 24], 0, 1 << 24);
        for (int i = 0; i < 1 << 16; i++) {
            pieces = Crc32cCombination.combine(pieces, chunk, 1L << 24);
        }
        assertEquals(pieces, huge);
    }
}
