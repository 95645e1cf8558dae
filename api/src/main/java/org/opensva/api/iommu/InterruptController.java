package org.opensva.api.iommu;

/**
 * Delivers interrupts from hardware to handlers of drivers.
 *
 * <p><b>Threading.</b> {@link #raise} and {@link #message} may be called from any thread, with
 * locks of the hardware held: they do not run the handler, they only make sure that it will run.
 * Handlers of one line never run at the same time.
 */
public interface InterruptController {

    /**
     * Takes a free wired line.
     *
     * @param name for traces
     * @param handler what to run after each edge; edges that come while it waits are merged
     * @return the line
     */
    int connect(String name, Runnable handler);

    /**
     * An edge on a wired line.
     *
     * @param line what {@link #connect} returned; an unknown line is ignored
     */
    void raise(int line);

    /**
     * A message-signalled interrupt: a write of 32 bits to an address that the controller owns.
     *
     * @param address the address
     * @param data the payload
     * @return false if the address is not one of the controller's
     */
    boolean message(long address, int data);
}
