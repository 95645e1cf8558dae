package org.opensva.smmuv3.model;

/**
 * Where an SMMU's interrupts go (Arm IHI 0070 G.b section 3.18).
 *
 * <p><b>Threading.</b> Called from any thread that uses the SMMU, never with a lock of the SMMU
 * held and never from inside the guard of a transaction. An implementation may therefore run the
 * driver's handler within the call.
 */
public interface SmmuInterrupts {

    /** The wired interrupt outputs. */
    enum Wire {
        /** The Event queue is no longer empty. */
        EVENTQ,
        /** The PRI queue is no longer empty, or has the last request of a group. */
        PRIQ,
        /** A CMD_SYNC that asked for an interrupt has completed. */
        CMD_SYNC,
        /** A global error became active. */
        GERROR
    }

    /** An implementation that ignores every interrupt, for software that polls. */
    SmmuInterrupts NONE =
            new SmmuInterrupts() {
                @Override
                public void wired(Wire wire) {}

                @Override
                public void message(long address, int data) {}
            };

    /**
     * An edge on a wired interrupt.
     *
     * @param wire which one
     */
    void wired(Wire wire);

    /**
     * An edge on the wired interrupt of the performance monitor counter group (section 10.2.1): a
     * counter overflowed. Does nothing unless it is implemented.
     */
    default void counters() {}

    /**
     * A message signalled interrupt to an address where there is no memory; a message to memory is
     * written there by the SMMU itself.
     *
     * @param address physical address, a multiple of 4
     * @param data the 32 bits that are written
     * @throws org.opensva.api.memory.BusErrorException if nothing answers at the address; the SMMU
     *     reports it as a global error
     */
    void message(long address, int data);
}
