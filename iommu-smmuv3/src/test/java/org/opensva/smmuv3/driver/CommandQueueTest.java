package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.smmuv3.driver.CommandQueue.Outcome;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.CmdqBase;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** The command queue under an SMMU that is slow, stops, or is dead (sections 3.5.1 and 7.1). */
@Timeout(60)
class CommandQueueTest {

    private static final int LOG2_SIZE = 3;
    private static final int SIZE = 1 << LOG2_SIZE;

    private final FlatMemory memory = new FlatMemory();
    private final RecordingSmmu smmu = new RecordingSmmu(memory, true);

    /** A queue for whose driver no time passes. */
    private CommandQueue queue() {
        return queue(() -> 0);
    }

    private CommandQueue queue(LongSupplier nanoTime) {
        RegisterFrame registers = new RegisterFrame(smmu);
        long base = memory.allocate(0);
        registers.write(
                Register.CMDQ_BASE,
                CmdqBase.ADDR.address(base) | CmdqBase.LOG2SIZE.place(LOG2_SIZE));
        return new CommandQueue(registers, memory, base, LOG2_SIZE, nanoTime);
    }

    private static LongSupplier aMinuteALook() {
        AtomicLong minutes = new AtomicLong();
        return () -> TimeUnit.MINUTES.toNanos(minutes.getAndIncrement());
    }

    /** Commands that can be told apart. */
    private static CommandBatch commands(int from, int count) {
        CommandBatch batch = new CommandBatch();
        for (int i = from; i < from + count; i++) {
            int at = batch.next();
            CommandEncoder.cfgiSte(batch.words(), at, i, true);
        }
        return batch;
    }

    private static CommandBatch illegal() {
        CommandBatch batch = new CommandBatch();
        batch.words()[batch.next()] = 0xff;
        return batch;
    }

    private List<Integer> executed() {
        return smmu.seen.stream()
                .filter(command -> command.opcode() == Opcode.CFGI_STE)
                .map(RecordingSmmu.Seen::streamId)
                .toList();
    }

    private static Errno refused(Runnable action) {
        return assertThrows(ErrnoException.class, action::run).errno();
    }

    @Test
    void everyCommandIsExecutedOnceAndInOrderHoweverOftenTheQueueGoesRound() {
        SplittableRandom random = new SplittableRandom(20261123);
        CommandQueue queue = queue();
        List<Integer> expected = new ArrayList<>();
        int next = 0;
        for (int round = 0; round < 500; round++) {
            int count = random.nextInt(0, 3 * SIZE);
            for (int i = 0; i < count; i++) {
                expected.add(next + i);
            }
            if (random.nextBoolean()) {
                assertEquals(Outcome.COMPLETE, queue.submitAndSync(commands(next, count)));
                assertEquals(Opcode.SYNC, smmu.opcodes().getLast());
            } else {
                queue.submit(commands(next, count));
            }
            assertEquals(
                    smmu.read(Register.CMDQ_PROD.offset(), 4),
                    smmu.read(Register.CMDQ_CONS.offset(), 4));
            next += count;
        }
        assertEquals(expected, executed());
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE - 2, SIZE - 1, SIZE, 2 * SIZE})
    void aFullQueueIsNotOverwritten(int count) throws InterruptedException {
        CommandQueue queue = queue();
        queue.submit(commands(0, 3));
        smmu.hold();
        Thread thread = Thread.ofPlatform().start(() -> queue.submitAndSync(commands(3, count)));
        int inQueue = Math.min(SIZE, count + 1);
        while (smmu.read(Register.CMDQ_PROD.offset(), 4) != 3 + inQueue) {
            Thread.onSpinWait();
        }
        smmu.release();
        thread.join();
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < 3 + count; i++) {
            expected.add(i);
        }
        assertEquals(expected, executed());
        assertEquals(Opcode.SYNC, smmu.opcodes().getLast());
    }

    @Test
    void aBatchWithoutSyncIsNotWaitedFor() {
        CommandQueue queue = queue();
        smmu.hold();
        queue.submit(commands(0, SIZE));
        assertEquals(List.of(), executed());
        smmu.release();
        assertEquals(SIZE, executed().size());
    }

    @Test
    void anSmmuThatStopsForeverIsAnErrorForWhoWaitsForIt() {
        CommandQueue queue = queue(aMinuteALook());
        smmu.hold();
        ErrnoException dead =
                assertThrows(ErrnoException.class, () -> queue.submitAndSync(commands(0, 1)));
        assertEquals(Errno.EIO, dead.errno());
        assertTrue(
                String.valueOf(dead.getMessage())
                        .endsWith("no progress: CMDQ_PROD 0x2, CMDQ_CONS 0x0, GERROR 0x0"),
                dead::toString);
        queue.submit(commands(1, SIZE - 2));
        assertEquals(Errno.EIO, refused(() -> queue.submit(commands(SIZE - 1, 1))), "no place");
        assertEquals(Errno.EIO, refused(() -> queue.askAlone(commands(SIZE - 1, 1))));
        smmu.release();
        assertEquals(Outcome.COMPLETE, queue.askAlone(commands(100, 1)), "nobody holds it up");
        assertEquals(Outcome.COMPLETE, queue.invalidateAtcs(commands(101, 1)));
        assertEquals(101, executed().getLast());
    }

    // ---- errors ----

    @Test
    void anIllegalCommandBecomesAnInvalidationOfEverythingWhereverItIs() {
        CommandQueue queue = queue();
        for (int at = 0; at < 3 * SIZE; at++) {
            smmu.seen.clear();
            queue.submit(commands(0, at % 5));
            queue.submit(illegal());
            assertEquals(Outcome.COMPLETE, queue.submitAndSync(commands(5, 1)));
            assertEquals(Opcode.TLBI_NSNH_ALL, smmu.opcodes().get(at % 5));
            assertEquals(5, executed().getLast());
        }
    }

    /** A CMD_SYNC that became something else would not wait for what is in front of it. */
    @Test
    void aCommandThatCannotBeReadForAWhileIsExecutedAllTheSame() {
        CommandQueue queue = queue();
        for (int after = 0; after < 4; after++) {
            for (int times = 1; times < 4; times++) {
                smmu.seen.clear();
                smmu.abortFetch(after, times);
                assertEquals(Outcome.COMPLETE, queue.submitAndSync(commands(0, 3)));
                assertEquals(List.of(0, 1, 2), executed());
                assertEquals(4, smmu.seen.size());
                assertEquals(Opcode.SYNC, smmu.opcodes().getLast());
            }
        }
    }

    /** The interrupt of the error comes when nobody waits. */
    @Test
    void anErrorThatIsFoundLaterIsRepairedByTheInterrupt() {
        CommandQueue queue = queue();
        smmu.hold();
        queue.submit(illegal());
        queue.submit(commands(0, 2));
        smmu.release();
        assertEquals(List.of(), executed());
        queue.handleError();
        assertEquals(List.of(0, 1), executed());
        assertEquals(
                smmu.read(Register.GERROR.offset(), 4), smmu.read(Register.GERRORN.offset(), 4));
        queue.handleError();
        assertEquals(2, executed().size());
        CompletableFuture<Outcome> others =
                CompletableFuture.supplyAsync(() -> queue.submitAndSync(commands(2, 1)));
        assertEquals(Outcome.COMPLETE, others.join(), "nobody is kept out");
    }

    // ---- who asks ATCs, and who asks alone ----

    /** Waits until a thread has a command in the queue, or sleeps for want of a lock. */
    private long producedWhenAsleep(Thread thread, long before) {
        while (thread.getState() != Thread.State.WAITING
                && smmu.read(Register.CMDQ_PROD.offset(), 4) == before) {
            Thread.onSpinWait();
        }
        return smmu.read(Register.CMDQ_PROD.offset(), 4);
    }

    private static CommandBatch atc(int streamId) {
        CommandBatch batch = new CommandBatch();
        Invalidations.atcAll(batch, streamId);
        return batch;
    }

    @Test
    void whoAsksAloneIsAlone() throws Exception {
        CommandQueue queue = queue();
        smmu.hold();
        CompletableFuture<Outcome> alone = new CompletableFuture<>();
        Thread first = Thread.ofPlatform().start(() -> alone.complete(queue.askAlone(atc(1))));
        while (smmu.read(Register.CMDQ_PROD.offset(), 4) != 2) {
            Thread.onSpinWait();
        }
        CompletableFuture<Outcome> other = new CompletableFuture<>();
        Thread second =
                Thread.ofPlatform().start(() -> other.complete(queue.invalidateAtcs(atc(2))));
        assertEquals(2, producedWhenAsleep(second, 2));
        // What is no question to an ATC is not held up.
        queue.submit(commands(0, 1));
        smmu.release();
        first.join();
        second.join();
        assertEquals(Outcome.COMPLETE, alone.get());
        assertEquals(Outcome.COMPLETE, other.get());
        assertEquals(
                List.of(1, 2),
                smmu.seen.stream()
                        .filter(command -> command.opcode() == Opcode.ATC_INV)
                        .map(command -> Command.streamId(command.w0()))
                        .toList());
    }

    // ---- an SMMU that is disabled ----

    @Test
    void whoWaitsForAnSmmuThatIsDisabledGoesOn() throws InterruptedException {
        CommandQueue queue = queue();
        smmu.hold();
        List<Outcome> outcomes = new ArrayList<>();
        Thread thread =
                Thread.ofPlatform().start(() -> outcomes.add(queue.submitAndSync(commands(0, 1))));
        while (smmu.read(Register.CMDQ_PROD.offset(), 4) != 2) {
            Thread.onSpinWait();
        }
        queue.stop();
        thread.join();
        assertEquals(List.of(Outcome.COMPLETE), outcomes);
        assertEquals(Outcome.COMPLETE, queue.submitAndSync(commands(1, 1)));
        queue.submit(commands(2, 1));
        queue.handleError();
        assertEquals(2, smmu.read(Register.CMDQ_PROD.offset(), 4), "nothing more");
    }
}
