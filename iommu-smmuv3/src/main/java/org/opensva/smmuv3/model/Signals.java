package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.ControlRegisters.Gerror;
import org.opensva.smmuv3.layout.ControlRegisters.IrqCfg0;
import org.opensva.smmuv3.layout.ControlRegisters.IrqCtrl;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.model.SmmuInterrupts.Wire;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Interrupts on their way out, and the global errors (sections 3.18 and 7.5).
 *
 * <p>Raising only notes the interrupt; whoever holds no lock any more delivers. Disabling takes
 * nothing back, and SMMU_IRQ_CTRLACK follows SMMU_IRQ_CTRL at once, so that an interrupt which
 * another thread raised before and has not sent yet comes after the acknowledgement. Section 6.3.16
 * has disabling wait for it ({@link CounterInterrupt} does); here software has to expect one that
 * is late.
 */
final class Signals {

    private static final Signal EVENTQ = new Signal(Wire.EVENTQ, 0, 0, Gerror.SFM_ERR);
    private static final Signal PRIQ = new Signal(Wire.PRIQ, 0, 0, Gerror.SFM_ERR);
    private static final Signal CMD_SYNC = new Signal(Wire.CMD_SYNC, 0, 0, Gerror.SFM_ERR);
    private static final Signal GERROR = new Signal(Wire.GERROR, 0, 0, Gerror.SFM_ERR);

    private final Registers registers;
    private final PhysicalMemory memory;
    private final SmmuInterrupts interrupts;
    private final boolean messages;
    private final Queue<Signal> pending = new ConcurrentLinkedQueue<>();

    /** An edge on a wire, or without a wire a message. */
    private record Signal(@Nullable Wire wire, long address, int data, Field abort) {}

    Signals(
            SmmuProfile profile,
            Registers registers,
            PhysicalMemory memory,
            SmmuInterrupts interrupts) {
        this.registers = registers;
        this.memory = memory;
        this.interrupts = interrupts;
        messages = profile.has(Idr0.MSI);
    }

    /** The Event queue is no longer empty. */
    void eventQueue() {
        if (IrqCtrl.EVENTQ_IRQEN.isSet(registers.get(Register.IRQ_CTRL))) {
            pending.add(EVENTQ);
            message(Register.EVENTQ_IRQ_CFG0, Register.EVENTQ_IRQ_CFG1, Gerror.MSI_EVENTQ_ABT_ERR);
        }
    }

    /** The PRI queue has something to look at. */
    void pageRequestQueue() {
        if (IrqCtrl.PRIQ_IRQEN.isSet(registers.get(Register.IRQ_CTRL))) {
            pending.add(PRIQ);
            message(Register.PRIQ_IRQ_CFG0, Register.PRIQ_IRQ_CFG1, Gerror.MSI_PRIQ_ABT_ERR);
        }
    }

    /** A CMD_SYNC with an interrupt has completed. */
    void sync(long address, int data) {
        pending.add(CMD_SYNC);
        if (messages && address != 0) {
            pending.add(new Signal(null, address, data, Gerror.MSI_CMDQ_ABT_ERR));
        }
    }

    private void message(Register address, Register data, Field abort) {
        if (!messages) {
            return;
        }
        long target = IrqCfg0.ADDR.address(registers.get(address));
        if (target != 0) {
            pending.add(new Signal(null, target, (int) registers.get(data), abort));
        }
    }

    /** Whether a global error is active. */
    boolean active(Field error) {
        return error.isSet(registers.get(Register.GERROR) ^ registers.get(Register.GERRORN));
    }

    /** Activates a global error unless it is active already. */
    void activate(Field error) {
        synchronized (registers) {
            if (active(error)) {
                return;
            }
            registers.set(Register.GERROR, registers.get(Register.GERROR) ^ error.mask());
        }
        if (!error.equals(Gerror.MSI_GERROR_ABT_ERR)
                && IrqCtrl.GERROR_IRQEN.isSet(registers.get(Register.IRQ_CTRL))) {
            pending.add(GERROR);
            message(Register.GERROR_IRQ_CFG0, Register.GERROR_IRQ_CFG1, Gerror.MSI_GERROR_ABT_ERR);
        }
    }

    /** Sends what is pending; the caller holds no lock and is in no lane. */
    void deliver() {
        for (Signal next = pending.poll(); next != null; next = pending.poll()) {
            Wire wire = next.wire();
            if (wire != null) {
                interrupts.wired(wire);
            } else {
                write(next);
            }
        }
    }

    private void write(Signal message) {
        try {
            // A message is a write like any other; where there is memory it ends up there.
            if (memory.contains(message.address(), 4)) {
                memory.writeInt(message.address(), message.data());
            } else {
                interrupts.message(message.address(), message.data());
            }
        } catch (BusErrorException e) {
            activate(message.abort());
        }
    }
}
