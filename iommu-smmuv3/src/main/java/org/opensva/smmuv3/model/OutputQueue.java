package org.opensva.smmuv3.model;

import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.EventqBase;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.OutputQueueCons;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.OutputQueueProd;

/**
 * A circular buffer that the SMMU writes and software reads (section 3.5): indexes with wrap bits,
 * full and empty, overflow.
 *
 * <p>Calls must not overlap; the queue that uses this one sees to that.
 */
final class OutputQueue {

    private final Registers registers;
    private final PhysicalMemory memory;
    private final Register base;
    private final Register prod;
    private final Register cons;
    private final int greatestSize;
    private final int entryShift;

    OutputQueue(
            Registers registers,
            PhysicalMemory memory,
            Register base,
            Register prod,
            Register cons,
            int greatestSize,
            int entryShift) {
        this.registers = registers;
        this.memory = memory;
        this.base = base;
        this.prod = prod;
        this.cons = cons;
        this.greatestSize = greatestSize;
        this.entryShift = entryShift;
    }

    private int size() {
        return (int) Math.min(EventqBase.LOG2SIZE.get(registers.get(base)), greatestSize);
    }

    private long used(int size) {
        long written = OutputQueueProd.WR.get(registers.get(prod));
        long read = OutputQueueCons.RD.get(registers.get(cons));
        return written - read & (2L << size) - 1;
    }

    /**
     * Whether the entry appended last is the only one: the queue was empty before it, so that
     * software has to be told (section 3.18).
     *
     * <p>Asked after the write index has moved. Software moves its read index and then looks at the
     * write index once more; whichever of the two comes second sees the other, and no entry is left
     * behind without either an interrupt or a reader. Asked before the append, this would lose
     * interrupts.
     */
    boolean justBecameNonEmpty() {
        return used(size()) == 1;
    }

    /** Whether there is no room; an impossible distance of the indexes counts as full. */
    boolean isFull() {
        int size = size();
        return used(size) >= 1L << size;
    }

    /** Whether an overflow has not been acknowledged. */
    boolean overflowed() {
        return OutputQueueProd.OVFLG.isSet(registers.get(prod))
                != OutputQueueCons.OVACKFLG.isSet(registers.get(cons));
    }

    /** Enters the overflow condition unless it is present already. */
    void overflow() {
        if (!overflowed()) {
            registers.set(prod, registers.get(prod) ^ OutputQueueProd.OVFLG.mask());
        }
    }

    /**
     * Appends an entry and then moves the write index.
     *
     * @throws org.opensva.api.memory.BusErrorException if the memory does not exist; the index has
     *     not moved
     */
    void append(long... words) {
        int size = size();
        long start = registers.address(base, EventqBase.ADDR);
        start &= -1L << Math.max(5, size + entryShift);
        long value = registers.get(prod);
        long index = OutputQueueProd.WR.get(value) & (2L << size) - 1;
        long at = start + ((index & (1L << size) - 1) << entryShift);
        for (int i = 0; i < words.length; i++) {
            memory.writeLong(at + 8L * i, words[i]);
        }
        long next = index + 1 & (2L << size) - 1;
        registers.set(prod, OutputQueueProd.WR.set(value, next));
    }
}
