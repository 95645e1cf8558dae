package org.opensva.api.process;

/**
 * A load or store of the process itself was refused by its page tables.
 *
 * <p>The access did not happen. The process survives, as one that handles the signal and skips the
 * instruction.
 */
public final class CpuFaultException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** The signal that the process got. */
    private final Signal signal;

    /** The first address that could not be accessed. */
    private final long address;

    /**
     * Creates the exception.
     *
     * @param signal {@link Signal#SIGSEGV} or {@link Signal#SIGBUS}
     * @param address the first address that could not be accessed
     */
    public CpuFaultException(Signal signal, long address) {
        super("%s at 0x%x".formatted(signal, address));
        this.signal = signal;
        this.address = address;
    }

    /**
     * The signal.
     *
     * @return {@link Signal#SIGSEGV} or {@link Signal#SIGBUS}
     */
    public Signal signal() {
        return signal;
    }

    /**
     * Where it happened.
     *
     * @return the first virtual address that could not be accessed
     */
    public long address() {
        return address;
    }
}
