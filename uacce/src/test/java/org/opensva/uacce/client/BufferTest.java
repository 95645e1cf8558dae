package org.opensva.uacce.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.client.ContextPoolTest.refused;

import org.junit.jupiter.api.Test;
import org.opensva.api.process.Advice;
import org.opensva.uacce.client.ClientException.Reason;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

class BufferTest {

    @Test
    void aBufferIsUsedAgainAndAgain() {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            Set<Long> places = new HashSet<>();
            for (int i = 0; i < 100; i++) {
                try (Buffer buffer = pool.buffer(5000)) {
                    assertEquals(8192, buffer.capacity());
                    places.add(buffer.address());
                }
            }
            assertEquals(1, places.size());
            assertEquals(8192, pool.bufferBytes());
        }
    }

    @Test
    void noTwoBuffersOverlap() {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            Random random = new Random(1);
            List<Buffer> lent = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                if (lent.size() > 20 || (random.nextBoolean() && !lent.isEmpty())) {
                    lent.remove(random.nextInt(lent.size())).close();
                } else {
                    Buffer buffer = pool.buffer(random.nextInt(40_000));
                    for (Buffer other : lent) {
                        assertTrue(
                                buffer.address() + buffer.capacity() <= other.address()
                                        || other.address() + other.capacity() <= buffer.address());
                    }
                    lent.add(buffer);
                }
            }
        }
    }

    @Test
    void aSecretIsOverwrittenBeforeTheMemoryIsUsedAgain() {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            byte[] secret = Bench.bytes(4096, 3);
            Buffer buffer = pool.secretBuffer(4096);
            buffer.store(0, secret, 0, 4096);
            buffer.close();
            buffer.close();
            try (Buffer next = pool.buffer(4096)) {
                assertEquals(buffer.address(), next.address(), "the same memory");
                byte[] found = new byte[4096];
                next.load(0, found, 0, 4096);
                assertArrayEquals(new byte[4096], found);
            }
        }
    }

    @Test
    void childrenDoNotGetTheBuffers() {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            int before = bench.process.advised().size();
            pool.buffer(100).close();
            assertEquals(
                    List.of(Advice.DONTFORK), bench.process.advised().subList(before, before + 1));
        }
    }

    @Test
    void theLimitHoldsAndIdleBuffersOfOtherSizesMakeRoom() {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool(Bench.config().withBufferLimit(64 << 10))) {
            Buffer large = pool.buffer(64 << 10);
            refused(Reason.NO_MEMORY, () -> pool.buffer(1));
            large.close();
            Buffer small = pool.buffer(1);
            assertEquals(4096, pool.bufferBytes(), "the idle one was given back");
            refused(Reason.NO_MEMORY, () -> pool.buffer(64 << 10));
            refused(Reason.NO_MEMORY, () -> pool.buffer(Long.MAX_VALUE));
            small.close();
            pool.buffer(64 << 10).close();
        }
    }

    @Test
    void aBufferIsNotTouchedOutsideItsBoundsOrItsTime() {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            Buffer buffer = pool.buffer(4096);
            byte[] one = new byte[2];
            assertThrows(IndexOutOfBoundsException.class, () -> buffer.store(4095, one, 0, 2));
            assertThrows(IndexOutOfBoundsException.class, () -> buffer.load(-1, one, 0, 1));
            assertThrows(
                    IndexOutOfBoundsException.class, () -> buffer.load(Long.MAX_VALUE, one, 0, 2));
            buffer.close();
            assertThrows(IllegalStateException.class, () -> buffer.load(0, one, 0, 1));
            assertThrows(IllegalArgumentException.class, () -> pool.buffer(-1));
        }
    }
}
