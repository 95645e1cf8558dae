package org.opensva.linux.idxd.spec;

import org.opensva.linux.abi.BitField;

/**
 * What the device writes when a descriptor is done: 32 bytes for DSA ({@code struct
 * dsa_completion_record}), 64 for IAA ({@code struct iax_completion_record}). The status is written
 * last; until then it is 0.
 */
public final class CompletionRecord {

    /** Size for DSA, and what its address is a multiple of. */
    public static final int DSA_SIZE = 32;

    /** Size for IAA, and what its address is a multiple of. */
    public static final int IAA_SIZE = 64;

    /** How it ended: {@link CompletionStatus}; 0 while it has not. */
    public static final BitField STATUS = BitField.bits(0, 6, 0);

    /** Of a page fault: 1 if the access was a write ({@code DSA_COMP_STATUS_WRITE}). */
    public static final BitField WRITE_FAULT = BitField.bits(0, 7, 7);

    /** DSA: the result of a comparison; IAA: the kind of error. */
    public static final BitField RESULT = BitField.bits(0, 15, 8);

    /** How many bytes were done before it ended early; of a batch, how many descriptors. */
    public static final BitField COMPLETED = BitField.word(1);

    /** The address that could not be accessed. */
    public static final BitField FAULT_ADDRESS = BitField.quad(8);

    /** DSA: the flags that were wrong; IAA likewise. */
    public static final BitField INVALID_FLAGS = BitField.bits(4, 23, 0);

    /** DSA: the size of the delta record. */
    public static final BitField RECORD_SIZE = BitField.word(4);

    /** DSA: the CRC. */
    public static final BitField CRC = BitField.quad(16);

    /** IAA: how many bytes were written. */
    public static final BitField IAA_OUTPUT_SIZE = BitField.word(6);

    /** IAA: CRC-32 of the data that was not compressed. */
    public static final BitField IAA_CRC = BitField.word(8);

    private CompletionRecord() {}
}
