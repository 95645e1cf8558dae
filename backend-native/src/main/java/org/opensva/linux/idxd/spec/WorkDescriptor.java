package org.opensva.linux.idxd.spec;

import org.opensva.linux.abi.BitField;

/**
 * A descriptor, 64 bytes ({@code struct dsa_hw_desc}, {@code struct iax_hw_desc}). The kernel fills
 * the PASID in when it is submitted by {@code write(2)} ({@code idxd_submit_user_descriptor} in
 * {@code drivers/dma/idxd/cdev.c}).
 */
public final class WorkDescriptor {

    /** Size in bytes. */
    public static final int SIZE = 64;

    /** The address space; ignored by a dedicated queue. */
    public static final BitField PASID = BitField.bits(0, 19, 0);

    /** 1 for the rights of the kernel. */
    public static final BitField PRIVILEGED = BitField.bits(0, 31, 31);

    /** Bits of the {@code FLAG} constants. */
    public static final BitField FLAGS = BitField.bits(1, 23, 0);

    /** What to do: {@link DsaOpcode}, {@link IaaOpcode}. */
    public static final BitField OPCODE = BitField.bits(1, 31, 24);

    /** Address of the completion record; a multiple of 32 for DSA, of 64 for IAA. */
    public static final BitField COMPLETION = BitField.quad(8);

    /** Address of the source; of a fill, its pattern; of a batch, its list. */
    public static final BitField SOURCE = BitField.quad(16);

    /** Address of the destination; of a comparison, the second source or the pattern. */
    public static final BitField DESTINATION = BitField.quad(24);

    /** How many bytes; of a batch, how many descriptors. */
    public static final BitField LENGTH = BitField.word(8);

    /** Which interrupt. */
    public static final BitField INTERRUPT = BitField.bits(9, 15, 0);

    /** DSA, delta record to make: its address; dual cast: the second destination. */
    public static final BitField SECOND = BitField.quad(40);

    /** DSA, delta record to apply: its size in bytes; CRC: the seed. */
    public static final BitField SEED_OR_RECORD_SIZE = BitField.word(10);

    /** DSA, delta record to make: its largest size in bytes. */
    public static final BitField MAX_RECORD_SIZE = BitField.word(12);

    /** IAA: flags of compression or decompression. */
    public static final BitField IAA_CODEC_FLAGS = BitField.bits(9, 31, 16);

    /** IAA: address of the second source, the state of the codec. */
    public static final BitField IAA_STATE = BitField.quad(40);

    /** IAA: room for the output in bytes. */
    public static final BitField IAA_OUTPUT_ROOM = BitField.word(12);

    /** IAA: size of the second source in bytes. */
    public static final BitField IAA_STATE_SIZE = BitField.word(13);

    /** Flag: begin after everything before it in the batch ({@code IDXD_OP_FLAG_FENCE}). */
    public static final int FLAG_FENCE = 0x1;

    /** Flag: wait for page faults to be served ({@code IDXD_OP_FLAG_BOF}). */
    public static final int FLAG_BLOCK_ON_FAULT = 0x2;

    /** Flag: the address of the completion record is valid ({@code IDXD_OP_FLAG_CRAV}). */
    public static final int FLAG_RECORD_VALID = 0x4;

    /** Flag: write a completion record also on success ({@code IDXD_OP_FLAG_RCR}). */
    public static final int FLAG_REQUEST_RECORD = 0x8;

    /** Flag: ask for an interrupt ({@code IDXD_OP_FLAG_RCI}). */
    public static final int FLAG_REQUEST_INTERRUPT = 0x10;

    /** Flag: write to the cache rather than to memory ({@code IDXD_OP_FLAG_CC}). */
    public static final int FLAG_CACHE_CONTROL = 0x100;

    /** IAA flag: read the state of the codec ({@code IDXD_OP_FLAG_RD_SRC2_AECS}). */
    public static final int FLAG_READ_STATE = 0x1_0000;

    private WorkDescriptor() {}
}
