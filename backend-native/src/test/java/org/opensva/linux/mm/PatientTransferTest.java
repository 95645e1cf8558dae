package org.opensva.linux.mm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCalls;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A memory that never answers keeps nobody but one thread. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "descriptors are those of Linux")
class PatientTransferTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** Closing it fails, which nobody looks at. */
    private static Descriptor nowhere() {
        return new Descriptor(new SystemCalls(Architecture.host().orElseThrow()), 1 << 20);
    }

    /** Memory of 64 bytes whose page does not come when it is told so. */
    @SuppressWarnings("restricted")
    private static final class Memory implements PatientTransfer.Mover {
        private final byte[] bytes = new byte[64];
        private final CountDownLatch page = new CountDownLatch(1);
        private final CountDownLatch over = new CountDownLatch(1);
        private final AtomicInteger interruptions = new AtomicInteger(2);
        private volatile boolean withheld;

        @Override
        public long move(boolean write, int mem, long buffer, long length, long address) {
            if (interruptions.getAndDecrement() > 0) {
                return -KernelErrors.EINTR;
            }
            if (withheld) {
                try {
                    assertTrue(page.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
            MemorySegment here = MemorySegment.ofAddress(buffer).reinterpret(length);
            if (write) {
                MemorySegment.copy(here, JAVA_BYTE, 0, bytes, (int) address, (int) length);
            } else {
                MemorySegment.copy(bytes, (int) address, here, JAVA_BYTE, 0, (int) length);
            }
            if (withheld) {
                over.countDown();
            }
            return length;
        }
    }

    @Test
    void bytesTravelBothWaysThoughTheCallIsInterrupted() {
        Memory memory = new Memory();
        byte[] data = {1, 2, 3, 4};
        byte[] back = new byte[6];
        try (Descriptor mem = nowhere();
                PatientTransfer transfer = new PatientTransfer(memory, LIMIT)) {
            assertEquals(4, transfer.move(mem, 8, data, 0, 4, true));
            assertEquals(4, transfer.move(mem, 8, back, 1, 4, false));
        }
        assertArrayEquals(new byte[] {0, 1, 2, 3, 4, 0}, back);
    }

    @Test
    void whoWaitsForAPageThatDoesNotComeIsLetGoAndSoIsEverybodyAfter() throws Exception {
        Memory memory = new Memory();
        memory.withheld = true;
        byte[] data = {9, 9};
        try (Descriptor mem = nowhere();
                PatientTransfer transfer = new PatientTransfer(memory, Duration.ofMillis(20))) {
            Thread.currentThread().interrupt();
            assertEquals(PatientTransfer.STUCK, transfer.move(mem, 0, data, 0, 2, true));
            assertTrue(Thread.interrupted(), "an interrupt is lost");
            byte[] target = {5, 5};
            assertEquals(PatientTransfer.STUCK, transfer.move(mem, 0, target, 0, 2, false));
            // What comes of it after all is what was asked for then, and reaches nobody here.
            Arrays.fill(data, (byte) 7);
            memory.page.countDown();
            assertTrue(memory.over.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
            assertArrayEquals(new byte[] {5, 5}, target);
            assertEquals(9, memory.bytes[0]);
            assertEquals(PatientTransfer.STUCK, transfer.move(mem, 0, target, 0, 2, false));
        }
    }

    @Test
    void nothingIsMovedAfterTheEnd() {
        Memory memory = new Memory();
        PatientTransfer transfer = new PatientTransfer(memory, LIMIT);
        transfer.close();
        try (Descriptor mem = nowhere()) {
            assertEquals(PatientTransfer.STUCK, transfer.move(mem, 0, new byte[2], 0, 2, true));
        }
        assertFalse(memory.interruptions.get() < 2, "the memory was asked");
    }
}
