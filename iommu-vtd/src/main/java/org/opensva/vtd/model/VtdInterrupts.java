package org.opensva.vtd.model;

/**
 * Where the interrupts of a remapping unit go: its own events, and device interrupts after
 * remapping. All of them are messages (sections 4.1, 5.1 and 7.3).
 *
 * <p><b>Threading.</b> Called from any thread that uses the unit, never with a lock of the unit
 * held and never from inside the guard of a request. An implementation may therefore run the
 * driver's handler within the call.
 */
@FunctionalInterface
public interface VtdInterrupts {

    /** An implementation that ignores every interrupt, for software that polls. */
    VtdInterrupts NONE = (address, data) -> {};

    /**
     * A message signalled interrupt.
     *
     * @param address physical address, a multiple of 4; in the interrupt address range (0xfee0_0000
     *     to 0xfeef_ffff) if software programmed what the architecture asks for
     * @param data the 32 bits that are written
     */
    void message(long address, int data);
}
