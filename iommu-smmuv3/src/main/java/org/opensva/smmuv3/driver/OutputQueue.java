package org.opensva.smmuv3.driver;

import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.OutputQueueCons;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.OutputQueueProd;

/**
 * The consumer of a queue that the SMMU writes: event queue or PRI queue (Arm IHI 0070 G.b section
 * 3.5.4). One thread at a time.
 */
final class OutputQueue {

    private final RegisterFrame registers;
    private final PhysicalMemory memory;
    private final Register producer;
    private final Register consumer;
    private final long base;
    private final int log2Size;
    private final int wordsPerRecord;

    OutputQueue(
            RegisterFrame registers,
            PhysicalMemory memory,
            Register producer,
            Register consumer,
            long base,
            int log2Size,
            int wordsPerRecord) {
        this.registers = registers;
        this.memory = memory;
        this.producer = producer;
        this.consumer = consumer;
        this.base = base;
        this.log2Size = log2Size;
        this.wordsPerRecord = wordsPerRecord;
    }

    /**
     * Takes the oldest record, and gives its place back to the SMMU.
     *
     * @param record where its words go
     * @return false if the queue is empty
     */
    boolean poll(long[] record) {
        long indexMask = (2L << log2Size) - 1;
        long cons = registers.read(consumer);
        long prod = registers.read(producer);
        if ((cons & indexMask) == (prod & indexMask)) {
            return false;
        }
        long at = base + (cons & indexMask >> 1) * wordsPerRecord * Long.BYTES;
        for (int i = 0; i < wordsPerRecord; i++) {
            record[i] = memory.readLong(at + (long) i * Long.BYTES);
        }
        registers.write(consumer, cons & OutputQueueCons.OVACKFLG.mask() | (cons + 1 & indexMask));
        return true;
    }

    /**
     * Acknowledges an overflow if there was one since the last time (section 7.4: the flags differ
     * while one is unacknowledged).
     *
     * @return true if records were lost
     */
    boolean acknowledgeOverflow() {
        boolean flag = OutputQueueProd.OVFLG.isSet(registers.read(producer));
        long cons = registers.read(consumer);
        if (flag == OutputQueueCons.OVACKFLG.isSet(cons)) {
            return false;
        }
        registers.write(consumer, cons ^ OutputQueueCons.OVACKFLG.mask());
        return true;
    }
}
