package org.opensva.linux.uacce.spec;

import org.opensva.linux.abi.BitField;

/**
 * A descriptor of {@code opensva_loop}, 64 bytes: the module of this project that stands behind the
 * kernel's uacce core where there is no hardware ({@code src/guest/opensva_loop.c}). Rings,
 * completions and doorbell values are those of {@link QueueManager} version 2; the doorbell has a
 * place of its own for each ring, because memory stands for registers: the later of two stores to
 * one place would hide the earlier.
 */
public final class LoopDescriptor {

    /** The attribute {@code api} of such a device. */
    public static final String API = "opensva_loop_v1";

    /** Version of the queue manager whose values are stored to the doorbells. */
    public static final int DOORBELL_VERSION = 2;

    /** Distance of the doorbells of the two rings in the MMIO region. */
    public static final int DOORBELL_STRIDE = 8;

    /** Size in bytes. */
    public static final int SIZE = 64;

    /** What to do: {@link org.opensva.api.accelerator.Operation#code}. */
    public static final BitField OPERATION = BitField.word(0);

    /** Result: {@link org.opensva.api.accelerator.JobStatus#code}. */
    public static final BitField STATUS = BitField.word(1);

    /** Tag. */
    public static final BitField TAG = BitField.quad(8);

    /** First byte to read. */
    public static final BitField SOURCE = BitField.quad(16);

    /** First byte to write. */
    public static final BitField DESTINATION = BitField.quad(24);

    /** How many bytes. */
    public static final BitField LENGTH = BitField.quad(32);

    /** The argument of the operation; as a result its value. */
    public static final BitField ARGUMENT = BitField.quad(40);

    /** Result: how many bytes were done. */
    public static final BitField DONE = BitField.quad(48);

    /** Result: the address that could not be accessed. */
    public static final BitField FAULT_ADDRESS = BitField.quad(56);

    private LoopDescriptor() {}
}
