package org.opensva.conformance.zoo;

import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.CmdqBase;
import org.opensva.smmuv3.model.SmmuV3;

/**
 * The SMMU gets other commands than its driver meant: they are changed in the command queue, after
 * they were written and before the producer index tells of them.
 */
abstract class Miscommanded extends QueueTampering {

    private long produced;

    Miscommanded() {
        super(SmmuV3.class, Register.CMDQ_PROD.offset());
    }

    /**
     * Changes a batch of commands in place.
     *
     * @param words two for each command
     */
    abstract void edit(long[] words);

    /**
     * Tells the SMMU of a batch that was edited.
     *
     * @param registers of the SMMU
     * @param beforeLast the producer index without the last command
     * @param last the producer index with it
     */
    void publish(MmioRegion registers, long beforeLast, long last) {
        tell(registers, last);
    }

    static void tell(MmioRegion registers, long index) {
        registers.write(Register.CMDQ_PROD.offset(), Register.CMDQ_PROD.bytes(), index);
    }

    static boolean is(Opcode opcode, long[] words, int command) {
        return Command.opcode(words[command * Command.WORDS]) == opcode.code();
    }

    /** Puts a command in place of another one that does as good as nothing. */
    static void blank(long[] words, int command) {
        CommandEncoder.cfgiSte(words, command * Command.WORDS, 0, true);
    }

    /** Changes the commands that are new. */
    @Override
    final void rung(MmioRegion registers, PhysicalMemory memory, long index) {
        long base = registers.read(Register.CMDQ_BASE.offset(), Register.CMDQ_BASE.bytes());
        int log2Size = (int) CmdqBase.LOG2SIZE.get(base);
        long ring = base & CmdqBase.ADDR.mask();
        long wrap = (2L << log2Size) - 1;
        int count = (int) ((index - produced) & wrap);
        long[] words = new long[count * Command.WORDS];
        for (int i = 0; i < words.length; i++) {
            words[i] = memory.readLong(at(ring, log2Size, i));
        }
        edit(words);
        for (int i = 0; i < words.length; i++) {
            memory.writeLong(at(ring, log2Size, i), words[i]);
        }
        produced = index;
        publish(registers, (index - 1) & wrap, index);
    }

    private long at(long ring, int log2Size, int word) {
        long slot = (produced + word / Command.WORDS) & ((1L << log2Size) - 1);
        return ring + slot * Command.BYTES + (word % Command.WORDS) * (long) Long.BYTES;
    }
}
