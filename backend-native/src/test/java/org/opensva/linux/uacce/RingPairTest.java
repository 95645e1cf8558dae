package org.opensva.linux.uacce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.DeviceBarrier;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.node.DeviceWindow;
import org.opensva.linux.uacce.spec.LoopDescriptor;
import org.opensva.linux.uacce.spec.QueueManager;
import org.opensva.uacce.cdev.UacceCommands;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A pair of rings over a memory object, in which this test is the device: an honest one, and one
 * that says what cannot be.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class RingPairTest {

    private static final int PAGE = 4096;
    private static final int DEPTH = 8;
    private static final int QUEUE = 5;
    private static final long SHARED = 2L * PAGE;

    private record Completed(long tag, JobResult result) {}

    private final SystemCalls kernel = new SystemCalls(Architecture.host().orElseThrow());
    private final Descriptor node = node();
    private final DeviceWindow registers = DeviceWindow.map(kernel, node, 0, PAGE);
    private final DeviceWindow shared = DeviceWindow.map(kernel, node, PAGE, SHARED);
    private final List<Completed> completed = new ArrayList<>();
    private final List<Integer> commands = new ArrayList<>();
    private int sizeTold = LoopDescriptor.SIZE;
    private int depthTold = DEPTH;
    private long infoAnswer;
    private int produced;
    private int consumed;

    private Descriptor node() {
        try (Arena arena = Arena.ofConfined()) {
            Descriptor made =
                    Descriptor.of(
                            kernel,
                            kernel.call(
                                    SystemCall.MEMFD_CREATE,
                                    arena.allocateFrom("node").address(),
                                    1,
                                    0),
                            "memfd_create");
            kernel.call(SystemCall.FTRUNCATE, made.number(), PAGE + SHARED, 0);
            return made;
        }
    }

    @AfterEach
    void close() {
        registers.close();
        shared.close();
        node.close();
    }

    /** The driver. */
    private long command(int command, byte[] argument) {
        commands.add(command);
        if (command == UacceCommands.QM_SET_QP_CTX) {
            QueueManager.CONTEXT_NUMBER.set(argument, QUEUE);
        } else if (command == UacceCommands.QM_SET_QP_INFO) {
            QueueManager.INFO_SQE_SIZE.set(argument, Integer.toUnsignedLong(sizeTold));
            QueueManager.INFO_SQ_DEPTH.set(argument, depthTold);
            QueueManager.INFO_CQ_DEPTH.set(argument, depthTold);
            return infoAnswer;
        } else if (command == UacceCommands.START_Q) {
            produced = 0;
            consumed = 0;
        }
        return 0;
    }

    private RingPair open() {
        UacceNode device =
                new UacceNode(
                        "opensva_loop-0",
                        Path.of("/"),
                        Path.of("/"),
                        LoopDescriptor.API,
                        0,
                        List.of("copy", "fill", "crc32c"),
                        PAGE,
                        SHARED,
                        "");
        return RingPair.open(
                kernel,
                new DeviceBarrier(kernel),
                node,
                this::command,
                device,
                new LoopFormat(device.algorithms()),
                0,
                PAGE);
    }

    private RingPair started() {
        RingPair rings = open();
        rings.start();
        return rings;
    }

    private long doorbell(int command) {
        byte[] bytes = new byte[8];
        registers.load((long) command * LoopDescriptor.DOORBELL_STRIDE, bytes);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    /** The device: completes a descriptor, wherever that is. */
    private void complete(int index) {
        byte[] entry = new byte[QueueManager.CQE_SIZE];
        QueueManager.CQE_SQ_HEAD.set(entry, index);
        QueueManager.CQE_SQ_NUMBER.set(entry, QUEUE);
        QueueManager.CQE_PHASE.set(entry, produced / DEPTH % 2 == 0 ? 1 : 0);
        shared.store(
                (long) DEPTH * LoopDescriptor.SIZE
                        + (long) (produced % DEPTH) * QueueManager.CQE_SIZE,
                entry);
        produced++;
    }

    /** The device: does everything that the doorbell tells of. */
    private void work() {
        int tail = (int) (doorbell(QueueManager.SQ) >>> 32 & 0xffff);
        while (consumed % DEPTH != tail) {
            int index = consumed % DEPTH;
            byte[] descriptor = new byte[LoopDescriptor.SIZE];
            shared.load((long) index * LoopDescriptor.SIZE, descriptor);
            LoopDescriptor.DONE.set(descriptor, LoopDescriptor.LENGTH.get(descriptor));
            shared.store((long) index * LoopDescriptor.SIZE, descriptor);
            consumed++;
            complete(index);
        }
    }

    private void collect(RingPair rings) {
        rings.collect((tag, result) -> completed.add(new Completed(tag, result)));
    }

    @Test
    void jobsGoRoundTheRingsManyTimes() {
        RingPair rings = started();
        Random random = new Random(7);
        long submitted = 0;
        while (submitted < 100) {
            int some = 1 + random.nextInt(DEPTH - 1);
            for (int i = 0; i < some; i++) {
                assertTrue(rings.submit(++submitted, Job.fill(0x1000, submitted, 0)));
            }
            work();
            collect(rings);
            assertEquals(submitted, completed.size());
            assertEquals(submitted, completed.getLast().tag());
            assertEquals(submitted, completed.getLast().result().produced());
            long told = doorbell(QueueManager.CQ);
            assertEquals(
                    QueueManager.doorbell(2, QUEUE, QueueManager.CQ, produced % DEPTH, 1), told);
        }
        rings.close(true);
    }

    @Test
    void aFullRingTakesNoMore() {
        RingPair rings = started();
        assertEquals(DEPTH - 1, rings.depth());
        for (int i = 0; i < DEPTH; i++) {
            assertTrue(rings.submit(i, Job.nop()));
        }
        assertFalse(rings.submit(99, Job.nop()), "it would overwrite what the device has");
    }

    @Test
    void aRestartSeesNothingOfBefore() {
        RingPair rings = started();
        rings.submit(1, Job.nop());
        work();
        rings.stop();
        rings.start();
        collect(rings);
        assertEquals(List.of(), completed);
        rings.submit(2, Job.nop());
        work();
        collect(rings);
        assertEquals(2, completed.getFirst().tag());
    }

    @Test
    void aCompletionOfWhatWasNeverSubmittedEndsTheQueue() {
        for (int index : new int[] {3, DEPTH, 0xffff}) {
            completed.clear();
            RingPair rings = started();
            rings.submit(1, Job.nop());
            complete(index);
            collect(rings);
            assertEquals(1, completed.size());
            assertEquals(JobStatus.DEVICE_ERROR, completed.getFirst().result().status());
            ErrnoException refusal =
                    assertThrows(ErrnoException.class, () -> rings.submit(2, Job.nop()));
            assertEquals(Errno.EIO, refusal.errno());
        }
    }

    @Test
    void aQueueThatTheDriverHasDisabledIsNotTouched() {
        RingPair rings = started();
        byte[] set = {1, 0, 0, 0};
        shared.store(SHARED - QueueManager.SEND_DISABLED, set);
        assertThrows(ErrnoException.class, () -> rings.submit(1, Job.nop()));
        shared.store(SHARED - QueueManager.SEND_DISABLED, new byte[4]);
        shared.store(SHARED - QueueManager.RECEIVE_DISABLED, set);
        rings.submit(1, Job.nop());
        work();
        collect(rings);
        assertEquals(1, completed.size());
        assertEquals(0, doorbell(QueueManager.CQ));
    }

    @Test
    void aDriverThatTellsOfRingsBeyondItsRegionIsNotBelieved() {
        int[][] lies = {{64, 0}, {64, 1}, {64, 0xffff}, {128, DEPTH}, {-1, DEPTH}, {0, DEPTH}};
        for (int[] lie : lies) {
            sizeTold = lie[0];
            depthTold = lie[1];
            ErrnoException refusal = assertThrows(ErrnoException.class, this::open);
            assertEquals(Errno.EIO, refusal.errno());
            assertEquals(1, refusal.getMessage().lines().count());
        }
    }

    @Test
    void anErrorOfTheDriverIsHandedOn() {
        infoAnswer = -Errno.ENXIO.number();
        assertEquals(Errno.ENXIO, assertThrows(ErrnoException.class, this::open).errno());
    }

    @Test
    void aQueueIsSetUpByItsTypeThenItsShape() {
        open();
        assertEquals(List.of(UacceCommands.QM_SET_QP_CTX, UacceCommands.QM_SET_QP_INFO), commands);
    }
}
