package org.opensva.vtd.model;

/**
 * What became of an interrupt request of a device (section 5.1.4).
 *
 * @param outcome how it ended
 * @param vector the vector that was delivered or posted; 0 if it was blocked
 * @param destination the id of the destination processor; for a posted interrupt that of the
 *     notification; 0 if it was blocked
 * @param address the address of the message that was sent, or 0 if there was none
 * @param data the data of the message that was sent, or 0 if there was none
 * @param faultReason the number of the {@link org.opensva.vtd.layout.FaultReason}, 0 for none
 */
public record RemappedInterrupt(
        Outcome outcome, int vector, int destination, long address, int data, int faultReason) {

    /** How an interrupt request ended. */
    public enum Outcome {
        /** A message went to the destination. */
        DELIVERED,
        /** The vector is in a posted interrupt descriptor; a notification may have been sent. */
        POSTED,
        /** Nothing was sent. */
        BLOCKED
    }

    static RemappedInterrupt blocked(int faultReason) {
        return new RemappedInterrupt(Outcome.BLOCKED, 0, 0, 0, 0, faultReason);
    }
}
