package org.opensva.smmuv3.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.CounterGroupRegisters;

import java.util.ArrayList;
import java.util.List;

/**
 * The interrupt of a performance monitor counter group, wired and as a message: its registers, and
 * what is on its way out (sections 10.2.1 and 10.5.2, SMMU_PMCG_IRQ_CTRL).
 *
 * <p>An interrupt that was triggered before software disabled it is not taken back. Instead the
 * Update of IRQEN from 1 to 0 is complete, which SMMU_PMCG_IRQ_CTRLACK tells, only when everything
 * that was triggered has been sent: from then on no edge and no message becomes visible, and until
 * then the message's address and data stay as they are.
 *
 * <p>An interrupt is visible at the latest when the thread that sends it comes back, or accesses a
 * register because its receiver runs within the call; so a handler can disable the interrupt that
 * it handles, and see that acknowledged.
 *
 * <p>The monitor is taken within that of the counter group, never around it, and never while
 * something is sent.
 */
final class CounterInterrupt {

    private static final long ADDRESS_BITS = 0x00ff_ffff_ffff_fffcL;
    private static final long ATTRIBUTE_BITS = 0x3f;

    private final boolean messages;
    private final long addressMask;
    private final PhysicalMemory memory;
    private final SmmuInterrupts interrupts;

    /** The threads that are sending, once for each edge or message. */
    private final List<Thread> sending = new ArrayList<>();

    private boolean enabled;
    private boolean edgeOwed;
    private boolean messageOwed;
    private long address;
    private long data;
    private long attributes;
    private long status;

    /**
     * Creates the interrupt, disabled.
     *
     * @param messages SMMU_PMCG_CFGR.MSI
     * @param addressMask the bits of physical addresses
     * @param memory where messages to memory go
     * @param interrupts where edges and other messages go
     */
    CounterInterrupt(
            boolean messages, long addressMask, PhysicalMemory memory, SmmuInterrupts interrupts) {
        this.messages = messages;
        this.addressMask = addressMask;
        this.memory = memory;
        this.interrupts = interrupts;
    }

    synchronized boolean enabled() {
        return enabled;
    }

    /** A counter whose overflow is to interrupt has overflowed; {@link #deliver} sends it. */
    synchronized void trigger() {
        if (enabled) {
            edgeOwed = true;
            messageOwed = address != 0;
        }
    }

    /** The calling thread accesses a register: what it was sending has been received. */
    synchronized void received() {
        if (!sending.isEmpty()) {
            Thread self = Thread.currentThread();
            sending.removeIf(thread -> thread.equals(self));
        }
    }

    /** Sends what is owed; the caller holds no lock. */
    void deliver() {
        while (true) {
            boolean edge;
            synchronized (this) {
                edge = edgeOwed;
                if (edge) {
                    edgeOwed = false;
                } else if (messageOwed) {
                    messageOwed = false;
                } else {
                    return;
                }
                sending.add(Thread.currentThread());
            }
            try {
                if (edge) {
                    interrupts.counters();
                } else {
                    message();
                }
            } finally {
                synchronized (this) {
                    sending.remove(Thread.currentThread());
                }
            }
        }
    }

    private void message() {
        long target;
        int value;
        synchronized (this) {
            target = address;
            value = (int) data;
        }
        try {
            if (memory.contains(target, Integer.BYTES)) {
                memory.writeInt(target, value);
            } else {
                interrupts.message(target, value);
            }
        } catch (BusErrorException e) {
            synchronized (this) {
                status = 1;
            }
        }
    }

    private boolean acknowledged() {
        return !enabled && !edgeOwed && !messageOwed && sending.isEmpty();
    }

    /** Reads half a register at its offset on page 0. */
    synchronized long read(int at) {
        return switch (at) {
            case CounterGroupRegisters.IRQ_CFG0 -> address & 0xffff_ffffL;
            case CounterGroupRegisters.IRQ_CFG0 + 4 -> address >>> 32;
            case CounterGroupRegisters.IRQ_CTRL -> enabled ? 1 : 0;
            case CounterGroupRegisters.IRQ_CTRLACK -> acknowledged() ? 0 : 1;
            case CounterGroupRegisters.IRQ_CFG1 -> data;
            case CounterGroupRegisters.IRQ_CFG2 -> attributes;
            case CounterGroupRegisters.IRQ_STATUS -> status;
            default -> 0;
        };
    }

    /** Writes half a register at its offset on page 0. */
    synchronized void write(int at, long value) {
        if (at == CounterGroupRegisters.IRQ_CTRL) {
            boolean wanted = (value & 1) != 0;
            if (wanted && !enabled) {
                status = 0;
            }
            enabled = wanted;
        } else if (messages && acknowledged()) {
            configure(at, value);
        }
    }

    private void configure(int at, long value) {
        switch (at) {
            case CounterGroupRegisters.IRQ_CFG0 ->
                    address = target(address & ~0xffff_ffffL | value);
            case CounterGroupRegisters.IRQ_CFG0 + 4 ->
                    address = target(address & 0xffff_ffffL | value << 32);
            case CounterGroupRegisters.IRQ_CFG1 -> data = value;
            case CounterGroupRegisters.IRQ_CFG2 -> attributes = value & ATTRIBUTE_BITS;
            default -> {}
        }
    }

    private long target(long value) {
        return value & ADDRESS_BITS & addressMask;
    }
}
