package org.opensva.conformance.zoo;

import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.model.VtdIommu;

/**
 * A VT-d unit gets other descriptors than its driver meant: they are changed in the invalidation
 * queue, after they were written and before the tail tells of them.
 */
abstract class VtdMiscommanded extends QueueTampering {

    static final String MACHINE = "emulated:vtd";

    /** The driver's descriptors have 256 bits. */
    private static final int DESCRIPTOR_BYTES = 32;

    private static final long ADDRESS = -1L << 12;

    private final DescriptorType type;
    private long produced;

    /** Changes descriptors of one type. */
    VtdMiscommanded(DescriptorType type) {
        super(VtdIommu.class, Register.IQT.offset());
        this.type = type;
    }

    /**
     * Changes a descriptor in place.
     *
     * @param words the first two of it
     */
    abstract void edit(long[] words);

    /** Makes the descriptor one that does as good as nothing: a page that nobody has. */
    static void nothing(long[] words) {
        words[0] =
                InvalidationDescriptor.placeType(DescriptorType.WAIT.code())
                        | InvalidationDescriptor.FN.mask();
        words[1] = 0;
    }

    @Override
    public String machine() {
        return MACHINE;
    }

    @Override
    final void rung(MmioRegion registers, PhysicalMemory memory, long tail) {
        long base = registers.read(Register.IQA.offset(), 8);
        long size = 4096L << (base & 7);
        long[] words = new long[2];
        while (produced != tail) {
            long at = (base & ADDRESS) + produced;
            words[0] = memory.readLong(at);
            words[1] = memory.readLong(at + Long.BYTES);
            if (InvalidationDescriptor.type(words[0]) == type.code()) {
                edit(words);
                memory.writeLong(at, words[0]);
                memory.writeLong(at + Long.BYTES, words[1]);
            }
            produced = (produced + DESCRIPTOR_BYTES) % size;
        }
        registers.write(Register.IQT.offset(), Register.IQT.bytes(), tail);
    }
}
