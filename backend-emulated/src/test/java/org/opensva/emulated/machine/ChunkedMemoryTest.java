package org.opensva.emulated.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.BusErrorException;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

class ChunkedMemoryTest {

    private static final long BASE = 0x8000_0000L;

    private final ChunkedMemory memory = new ChunkedMemory(BASE, 64 << 12);

    @Test
    void transfersOfAnyAlignmentAgreeWithAnArrayOfBytes() {
        byte[] model = new byte[64 << 12];
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            int at = random.nextInt(model.length);
            int length =
                    Math.min(
                            model.length - at,
                            random.nextInt(4) == 0 ? random.nextInt(9000) : random.nextInt(20));
            switch (random.nextInt(4)) {
                case 0 -> {
                    byte[] bytes = new byte[length + 5];
                    random.nextBytes(bytes);
                    memory.write(BASE + at, bytes, 5, length);
                    System.arraycopy(bytes, 5, model, at, length);
                }
                case 1 -> {
                    byte value = (byte) random.nextInt(3);
                    memory.fill(BASE + at, length, value);
                    Arrays.fill(model, at, at + length, value);
                }
                case 2 -> {
                    byte[] bytes = new byte[length + 3];
                    memory.read(BASE + at, bytes, 3, length);
                    assertArrayEquals(
                            Arrays.copyOfRange(model, at, at + length),
                            Arrays.copyOfRange(bytes, 3, 3 + length));
                }
                default -> {
                    int word = at & ~3;
                    int value = random.nextInt();
                    memory.writeInt(BASE + word, value);
                    for (int b = 0; b < 4; b++) {
                        model[word + b] = (byte) (value >>> b * 8);
                    }
                    assertEquals(value, memory.readInt(BASE + word));
                    long low = memory.readLong(BASE + (word & ~7));
                    for (int b = 0; b < 8; b++) {
                        assertEquals(model[(word & ~7) + b], (byte) (low >>> b * 8));
                    }
                }
            }
        }
    }

    @Test
    void twoWritersOfOneWordBothSucceed() throws InterruptedException {
        int rounds = 200_000;
        Thread[] writers = new Thread[2];
        AtomicInteger lost = new AtomicInteger();
        for (int w = 0; w < 2; w++) {
            int offset = w * 3;
            writers[w] =
                    Thread.ofPlatform()
                            .start(() -> {
                                byte[] bytes = new byte[3];
                                for (int i = 0; i <= rounds; i++) {
                                    Arrays.fill(bytes, (byte) i);
                                    memory.write(BASE + offset, bytes, 0, 3);
                                    byte[] back = new byte[3];
                                    memory.read(BASE + offset, back, 0, 3);
                                    if (!Arrays.equals(bytes, back)) {
                                        lost.incrementAndGet();
                                    }
                                }
                            });
        }
        for (Thread writer : writers) {
            writer.join();
        }
        assertEquals(0, lost.get());
        byte[] end = new byte[6];
        memory.read(BASE, end, 0, 6);
        byte[] expected = new byte[6];
        Arrays.fill(expected, (byte) rounds);
        assertArrayEquals(expected, end);
    }

    @Test
    void anAccessThatLeavesMemoryAbortsAndMovesNothing() {
        byte[] bytes = {1, 2, 3, 4, 5, 6, 7, 8};
        long end = BASE + memory.size();
        assertThrows(BusErrorException.class, () -> memory.write(end - 4, bytes, 0, 8));
        assertEquals(0, memory.readInt(end - 4));
        assertThrows(BusErrorException.class, () -> memory.readLong(end));
        assertThrows(BusErrorException.class, () -> memory.readLong(0));
        assertThrows(BusErrorException.class, () -> memory.readLong(-8L));
        assertThrows(BusErrorException.class, () -> memory.fill(BASE - 1, 2, (byte) 1));
        assertFalse(memory.contains(end - 1, 2));
        assertFalse(memory.contains(BASE, Long.MAX_VALUE));
        assertTrue(memory.contains(BASE, memory.size()));
    }

    @Test
    void memoryThatEndsWithinWhatIsHeldTogetherEndsThere() {
        byte[] bytes = {1, 2, 3, 4, 5, 6, 7, 8};
        for (int pages = 1; pages < 40; pages++) {
            ChunkedMemory small = new ChunkedMemory(BASE, (long) pages << 12);
            long end = BASE + small.size();
            for (int again = 0; again < 3; again++) {
                small.write(end - 8, bytes, 0, 8);
                assertEquals(0x0807_0605_0403_0201L, small.readLong(end - 8));
                assertThrows(BusErrorException.class, () -> small.write(end, bytes, 0, 8));
                assertThrows(BusErrorException.class, () -> small.read(end, bytes, 0, 8));
                assertThrows(BusErrorException.class, () -> small.writeLong(end, 1));
                assertThrows(BusErrorException.class, () -> small.fill(end - 16, 17, (byte) 1));
            }
        }
    }

    @Test
    void aMisalignedWordIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> memory.readLong(BASE + 4));
        assertThrows(IllegalArgumentException.class, () -> memory.writeInt(BASE + 2, 1));
    }

    @Test
    void memoryThatIsOnlyReadOrZeroedCostsNothing() {
        ChunkedMemory terabyte = new ChunkedMemory(BASE, 1L << 40);
        terabyte.fill(BASE, 1L << 40, (byte) 0);
        assertEquals(0, terabyte.readLong(BASE + (1L << 39)));
        assertEquals(0, terabyte.touchedBytes());
        terabyte.writeLong(BASE + (1L << 39), 1);
        assertEquals(1 << 16, terabyte.touchedBytes());
        assertEquals(1, terabyte.readLong(BASE + (1L << 39)));
    }

    @Test
    void compareAndSetOnlyReplacesWhatIsExpected() {
        memory.writeLong(BASE, 5);
        assertFalse(memory.compareAndSetLong(BASE, 4, 6));
        assertTrue(memory.compareAndSetLong(BASE, 5, 6));
        assertEquals(6, memory.readLong(BASE));
    }
}
