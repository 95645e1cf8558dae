package org.opensva.smmuv3.driver;

import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.ControlRegisters.Gerror;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.CmdqCons;

import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongSupplier;

/**
 * The producer of the command queue (Arm IHI 0070 G.b sections 3.5 and 4).
 *
 * <p>Positions are counted without wrap-around here; registers hold them modulo twice the size of
 * the queue. One lock orders insertion and error handling; waiting for completion is done outside
 * of it, so that a page response can be sent while an invalidation waits for a slow device.
 */
final class CommandQueue {

    /** What became of a synchronised batch. */
    enum Outcome {
        /** Every command of the batch has completed. */
        COMPLETE,
        /**
         * A device has not completed an ATC invalidation; everything else of the batch has
         * completed.
         */
        ATC_TIMEOUT
    }

    private static final int SPINS = 200;
    private static final long PARK_NANOS = 20_000;

    /**
     * A queue that makes no progress for this long is dead: no architected wait is longer than a
     * device's ATC time-out.
     */
    private static final long STUCK_NANOS = 30_000_000_000L;

    /**
     * How often a CMD_SYNC that fails for an ATC is repeated before it is taken out of the queue.
     */
    private static final int SYNC_REPEATS = 2;

    private final RegisterFrame registers;
    private final PhysicalMemory memory;
    private final long base;
    private final int log2Size;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();

    /** Next position to write; guarded by the lock. */
    private long produced;

    /** Everything before this position has been consumed; written under the lock. */
    private volatile long consumed;

    /** How often the CMD_SYNC that failed last has failed; guarded by the lock. */
    private int failures;

    /** The position of the CMD_SYNC that failed last; -1 if none did. Written under the lock. */
    private volatile long lastTimeout = -1;

    /** Nothing goes into the queue any more; guarded by the lock. */
    private boolean stopped;

    /** Held shared by who asks ATCs, exclusively by who wants to know which one is silent. */
    private final ReentrantReadWriteLock asking = new ReentrantReadWriteLock();

    /**
     * A queue that runs already.
     *
     * @param base where it is
     * @param nanoTime the clock by which a queue that stands still is known
     */
    CommandQueue(
            RegisterFrame registers,
            PhysicalMemory memory,
            long base,
            int log2Size,
            LongSupplier nanoTime) {
        this.registers = registers;
        this.memory = memory;
        this.base = base;
        this.log2Size = log2Size;
        this.nanoTime = nanoTime;
    }

    /** Inserts commands and returns at once. */
    void submit(CommandBatch batch) {
        lock.lock();
        try {
            insert(batch, false);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Inserts commands and a CMD_SYNC, and returns after it has completed. A batch with ATC
     * invalidations goes through {@link #invalidateAtcs} instead.
     */
    Outcome submitAndSync(CommandBatch batch) {
        long first;
        long sync;
        lock.lock();
        try {
            first = produced;
            insert(batch, true);
            sync = produced - 1;
        } finally {
            lock.unlock();
        }
        awaitConsumed(sync + 1);
        // The CMD_SYNC of whoever comes first fails for a device, not that of who asked it.
        return lastTimeout < first ? Outcome.COMPLETE : Outcome.ATC_TIMEOUT;
    }

    /**
     * As {@link #submitAndSync}. A time-out says that some device has not answered, perhaps one
     * that somebody else asked at the same time: {@link #askAlone} tells which.
     */
    Outcome invalidateAtcs(CommandBatch batch) {
        asking.readLock().lock();
        try {
            return submitAndSync(batch);
        } finally {
            asking.readLock().unlock();
        }
    }

    /**
     * As {@link #invalidateAtcs}, with nobody else's ATC invalidations under way: a time-out is
     * that of this batch.
     */
    Outcome askAlone(CommandBatch batch) {
        asking.writeLock().lock();
        try {
            return submitAndSync(batch);
        } finally {
            asking.writeLock().unlock();
        }
    }

    /**
     * Ends the use of the queue, because the SMMU is about to be disabled: whoever waits goes on,
     * and batches that come later have nothing to do. A disabled SMMU translates nothing, and what
     * it has cached is removed before it is enabled again.
     */
    void stop() {
        lock.lock();
        try {
            stopped = true;
            consumed = produced;
        } finally {
            lock.unlock();
        }
    }

    private void insert(CommandBatch batch, boolean withSync) {
        if (stopped) {
            return;
        }
        long[] words = batch.words();
        for (int i = 0; i < batch.count(); i++) {
            put(words[i * Command.WORDS], words[i * Command.WORDS + 1]);
        }
        if (withSync) {
            long[] sync = new long[Command.WORDS];
            CommandEncoder.sync(sync, 0, Command.CS_NONE);
            put(sync[0], sync[1]);
        }
        publish();
    }

    private void put(long w0, long w1) {
        long size = 1L << log2Size;
        if (produced - consumed >= size) {
            publish();
            awaitConsumed(produced - size + 1);
        }
        write(produced++, w0, w1);
    }

    private void write(long position, long w0, long w1) {
        long at = base + (position & (1L << log2Size) - 1) * Command.BYTES;
        memory.writeLong(at, w0);
        memory.writeLong(at + 8, w1);
    }

    private void publish() {
        registers.write(Register.CMDQ_PROD, produced & indexMask());
        refresh();
    }

    private long indexMask() {
        return (2L << log2Size) - 1;
    }

    private void awaitConsumed(long position) {
        if (consumed >= position) {
            return;
        }
        long start = nanoTime.getAsLong();
        for (int i = 0; consumed < position; i++) {
            pause(i, start);
            lock.lock();
            try {
                refresh();
            } finally {
                lock.unlock();
            }
        }
    }

    private void pause(int round, long start) {
        if (round < SPINS) {
            Thread.onSpinWait();
            return;
        }
        LockSupport.parkNanos(PARK_NANOS);
        if (nanoTime.getAsLong() - start > STUCK_NANOS) {
            throw new ErrnoException(
                    Errno.EIO,
                    "CMD_SYNC",
                    "the command queue makes no progress: CMDQ_PROD 0x%x, CMDQ_CONS 0x%x, GERROR 0x%x"
                            .formatted(
                                    registers.read(Register.CMDQ_PROD),
                                    registers.read(Register.CMDQ_CONS),
                                    registers.read(Register.GERROR)));
        }
    }

    /**
     * Learns how far the SMMU is, and gets it going again after an error. Called with the lock
     * held.
     */
    private void refresh() {
        if (stopped) {
            return;
        }
        long cons = registers.read(Register.CMDQ_CONS);
        long behind = (produced - cons) & indexMask();
        consumed = Math.max(consumed, produced - behind);
        if (behind != 0) {
            recover();
        }
    }

    /** Handles a command error if there is one. May be called at any time, from any thread. */
    void handleError() {
        lock.lock();
        try {
            refresh();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Section 7.1: after a command error the SMMU stops at the failing command until the error is
     * acknowledged (Linux: {@code __arm_smmu_cmdq_skip_err}).
     */
    private void recover() {
        long active = registers.read(Register.GERROR) ^ registers.read(Register.GERRORN);
        if (!Gerror.CMDQ_ERR.isSet(active)) {
            return;
        }
        long cons = registers.read(Register.CMDQ_CONS);
        long position = produced - ((produced - cons) & indexMask());
        switch ((int) CmdqCons.ERR.get(cons)) {
            case CmdqCons.CERROR_ATC_INV_SYNC -> timedOut(position);
            case CmdqCons.CERROR_ABT -> {
                // Nothing is wrong with the command: it is fetched again.
            }
            default -> replaceIllegal(position);
        }
        long acknowledged = registers.read(Register.GERRORN) ^ Gerror.CMDQ_ERR.mask();
        registers.write(Register.GERRORN, acknowledged);
    }

    /**
     * A device has not answered. The error is the report; the CMD_SYNC is executed again, and has
     * less to wait for then. One that a dead device blocks for good becomes something harmless: its
     * issuer has been told.
     */
    private void timedOut(long position) {
        failures = lastTimeout == position ? failures + 1 : 1;
        lastTimeout = position;
        if (failures > SYNC_REPEATS) {
            long[] words = new long[Command.WORDS];
            CommandEncoder.cfgiSte(words, 0, 0, true);
            write(position, words[0], words[1]);
        }
    }

    /** Invalidating too much is always allowed: nobody knows what the command should have been. */
    private void replaceIllegal(long position) {
        long[] words = new long[Command.WORDS];
        CommandEncoder.tlbiNsnhAll(words, 0);
        write(position, words[0], words[1]);
    }
}
