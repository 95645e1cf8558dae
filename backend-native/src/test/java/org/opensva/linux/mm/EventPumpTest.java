package org.opensva.linux.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Processes wait for this thread, so nothing may end it. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class EventPumpTest {

    private static final long LIMIT_SECONDS = 60;
    private static final long FLAGS = 0x80800;

    private final SystemCalls kernel = new SystemCalls(Architecture.host().orElseThrow());

    private Descriptor event() {
        return Descriptor.of(kernel, kernel.call(SystemCall.EVENTFD2, 0, FLAGS, 0), "eventfd2");
    }

    private void signal(Descriptor event) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocate(8, 8);
            one.set(JAVA_LONG, 0, 1);
            assertEquals(8, kernel.call(SystemCall.WRITE, event.number(), one.address(), 8));
        }
    }

    private void clear(Descriptor event) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(8, 8);
            kernel.call(SystemCall.READ, event.number(), value.address(), 8);
        }
    }

    @Test
    void whoFailsKeepsNobodyElseWaiting() throws InterruptedException {
        CountDownLatch served = new CountDownLatch(3);
        try (EventPump pump = new EventPump(kernel, "tested pump");
                Descriptor broken = event();
                Descriptor sound = event()) {
            EventPump.Watch first =
                    pump.watch(
                            broken.number(),
                            false,
                            () -> {
                                clear(broken);
                                throw new StackOverflowError("a handler that is broken");
                            });
            EventPump.Watch second =
                    pump.watch(
                            sound.number(),
                            false,
                            () -> {
                                clear(sound);
                                served.countDown();
                                if (served.getCount() > 0) {
                                    signal(broken);
                                    signal(sound);
                                }
                            });
            signal(broken);
            signal(sound);
            assertTrue(served.await(LIMIT_SECONDS, TimeUnit.SECONDS), "nobody is served any more");
            first.cancel();
            second.cancel();
        }
    }

    private static Set<Long> pollDescriptors() throws IOException {
        Set<Long> found = new TreeSet<>();
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            for (Path path : all.toList()) {
                if (Files.isSymbolicLink(path)
                        && Files.readSymbolicLink(path).toString().contains("[eventpoll]")) {
                    found.add(Long.parseLong(path.getFileName().toString()));
                }
            }
        }
        return found;
    }

    @Test
    void whoLosesItsDescriptorBeginsAnewAndForgetsNobody() throws Exception {
        Set<Long> before = pollDescriptors();
        CountDownLatch served = new CountDownLatch(1);
        try (EventPump pump = new EventPump(kernel, "tested pump");
                Descriptor event = event()) {
            Set<Long> opened = pollDescriptors();
            opened.removeAll(before);
            pump.watch(event.number(), true, served::countDown);
            assertEquals(1, opened.size());
            kernel.call(SystemCall.CLOSE, opened.iterator().next(), 0, 0);
            // The thread still sleeps on what was closed, for as long as it sleeps at a time.
            while (pollDescriptors().equals(before)) {
                Thread.onSpinWait();
            }
            signal(event);
            assertTrue(served.await(LIMIT_SECONDS, TimeUnit.SECONDS), "an event is lost");
        }
        assertEquals(before, pollDescriptors());
    }
}
