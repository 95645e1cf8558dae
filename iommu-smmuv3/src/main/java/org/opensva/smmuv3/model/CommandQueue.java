package org.opensva.smmuv3.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.ControlRegisters.Gerror;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.CmdqBase;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.CmdqCons;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.CmdqProd;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The Command queue (sections 3.5, 4.1 and 7.1).
 *
 * <p>Commands are processed by the thread that gives cause to: one that writes SMMU_CMDQ_PROD or
 * acknowledges an error, or one that brings an ATC invalidation completion. A CMD_SYNC that has to
 * wait leaves the read index in front of it, and no thread waits for it; the next cause goes on.
 */
final class CommandQueue {

    private final Registers registers;
    private final PhysicalMemory memory;
    private final Signals signals;
    private final CommandProcessor processor;
    private final int greatestSize;
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicBoolean wanted = new AtomicBoolean();
    private volatile boolean waiting;

    CommandQueue(
            SmmuProfile profile,
            Registers registers,
            PhysicalMemory memory,
            Signals signals,
            CommandProcessor processor) {
        this.registers = registers;
        this.memory = memory;
        this.signals = signals;
        this.processor = processor;
        greatestSize = (int) Idr1.CMDQS.get(profile.idr1());
    }

    /** There may be something to do. */
    void kick() {
        wanted.set(true);
        while (wanted.get() && lock.tryLock()) {
            try {
                if (lock.getHoldCount() > 1) {
                    return; // a device answered from within a command: the loop below goes on
                }
                while (wanted.get() && wanted.getAndSet(false)) {
                    consume();
                }
            } finally {
                lock.unlock();
            }
        }
        if (!lock.isHeldByCurrentThread()) {
            signals.deliver();
        }
    }

    /** A CMD_SYNC that waits may have waited too long. */
    void checkTime() {
        if (waiting) {
            kick();
        }
    }

    /** Returns once no command is being processed by another thread. */
    void quiesce() {
        if (lock.isHeldByCurrentThread()) {
            return;
        }
        lock.lock();
        try {
            waiting = false;
        } finally {
            lock.unlock();
        }
    }

    private void consume() {
        while (Cr0.CMDQEN.isSet(registers.get(Register.CR0)) && !signals.active(Gerror.CMDQ_ERR)) {
            if (waiting) {
                waiting = false;
            }
            long base = registers.get(Register.CMDQ_BASE);
            int size = (int) Math.min(CmdqBase.LOG2SIZE.get(base), greatestSize);
            long mask = (2L << size) - 1;
            long read = CmdqCons.RD.get(registers.get(Register.CMDQ_CONS)) & mask;
            if (read == (CmdqProd.WR.get(registers.get(Register.CMDQ_PROD)) & mask)) {
                return;
            }
            long start = registers.address(Register.CMDQ_BASE, CmdqBase.ADDR);
            start &= -1L << Math.max(5, size + 4);
            long at = start + (read & (1L << size) - 1) * Command.BYTES;
            CommandProcessor.Result result;
            try {
                result = processor.execute(memory.readLong(at), memory.readLong(at + 8));
            } catch (BusErrorException e) {
                fail(CmdqCons.CERROR_ABT);
                return;
            }
            switch (result) {
                case DONE -> {
                    long value = registers.get(Register.CMDQ_CONS);
                    registers.publish(Register.CMDQ_CONS, CmdqCons.RD.set(value, read + 1 & mask));
                    processor.consumed();
                }
                case WAIT -> {
                    waiting = true;
                    return;
                }
                case ILLEGAL -> {
                    fail(CmdqCons.CERROR_ILL);
                    return;
                }
                case ATC_TIMEOUT -> {
                    fail(CmdqCons.CERROR_ATC_INV_SYNC);
                    return;
                }
            }
        }
    }

    /** Stops at the command; the reason is visible before the error (section 7.1). */
    private void fail(int reason) {
        long value = registers.get(Register.CMDQ_CONS);
        registers.set(Register.CMDQ_CONS, CmdqCons.ERR.set(value, reason));
        signals.activate(Gerror.CMDQ_ERR);
    }
}
