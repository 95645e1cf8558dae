package org.opensva.api.memory;

/**
 * The answer of the bus to an access where there is no memory: an external abort.
 *
 * <p>Hardware models catch it and turn it into the architected fault (for example {@code
 * F_WALK_EABT}, Arm IHI 0070 section 7.3.12); it never reaches a user. It carries no stack trace
 * and no address, so that it can be thrown from a DMA path without allocating: the one who made the
 * access knows the address.
 */
public final class BusErrorException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** The only instance. */
    private static final BusErrorException INSTANCE = new BusErrorException();

    private BusErrorException() {
        super("no memory at this physical address", null, false, false);
    }

    /**
     * Returns the exception to throw.
     *
     * @return the shared, stackless instance
     */
    public static BusErrorException instance() {
        return INSTANCE;
    }
}
