package org.opensva.api.memory;

/**
 * Registers that take commands of {@value #COMMAND_SIZE} bytes and answer each: the portal of a
 * shared queue (PCI Express Deferrable Memory Write; Intel's {@code ENQCMD}, Arm's {@code
 * ST64BV0}).
 *
 * <p>Bits 31:0 of a command are not the submitter's: the processor puts there whose it is, the
 * PASID of the address space in bits 19:0 and, in bit 31, whether the submitter is privileged
 * (Intel SDM, {@code ENQCMD}; Linux {@code Documentation/arch/x86/sva.rst}). So a program cannot
 * submit in the name of another.
 */
public interface EnqueuePortal extends MmioRegion {

    /** The size of a command in bytes; commands begin at multiples of it. */
    int COMMAND_SIZE = 64;

    /** The PASID in the first four bytes of a command. */
    int PASID_MASK = 0xf_ffff;

    /** Set in the first four bytes of a command if its submitter is privileged. */
    int PRIVILEGED = 1 << 31;

    /**
     * Takes a command or refuses it; a refused one has no effect.
     *
     * @param offset byte offset in the window, a multiple of {@value #COMMAND_SIZE}
     * @param command {@value #COMMAND_SIZE} bytes, little-endian, with the submitter in the first
     *     four; the region does not keep the array
     * @return false if the command was not taken: try again, or give up
     */
    boolean enqueue(long offset, byte[] command);
}
