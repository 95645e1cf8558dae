package org.opensva.vtd.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.InterruptMessage;
import org.opensva.vtd.layout.InterruptMessage.CompatibilityData;
import org.opensva.vtd.layout.PostedInterruptDescriptor;
import org.opensva.vtd.layout.PostedInterruptEntry;

/**
 * Posting of interrupts (section 5.2): a bit in a descriptor in memory, and a notification unless
 * one is outstanding or suppressed.
 */
final class InterruptPosting {

    private static final long CONTROL_RESERVED =
            ~(PostedInterruptDescriptor.ON.mask()
                    | PostedInterruptDescriptor.SN.mask()
                    | PostedInterruptDescriptor.NV.mask()
                    | PostedInterruptDescriptor.NDST.mask());

    private final PhysicalMemory memory;
    private final Messages messages;

    InterruptPosting(PhysicalMemory memory, Messages messages) {
        this.memory = memory;
        this.messages = messages;
    }

    /** Bits [31:8] of a destination id in an address, where x2APIC platforms have them. */
    static long upperDestination(int destination) {
        return (destination & 0xffff_ff00L) << 32;
    }

    /**
     * Posts.
     *
     * @param w0 word 0 of the posted interrupt entry
     * @param w1 word 1 of the posted interrupt entry
     * @param extended IRTA.EIME
     * @return what became of it; the outcome is BLOCKED, with the reason, if the descriptor is bad
     */
    RemappedInterrupt post(long w0, long w1, boolean extended) {
        long descriptor = PostedInterruptEntry.descriptor(w0, w1);
        int vector = (int) PostedInterruptEntry.V.get(w0);
        long control = descriptor + 8L * PostedInterruptDescriptor.CONTROL_WORD;
        try {
            if ((memory.readLong(control) & CONTROL_RESERVED) != 0) {
                return RemappedInterrupt.blocked(FaultReason.POSTED_DESCRIPTOR_RESERVED.code());
            }
            request(descriptor + 8L * PostedInterruptDescriptor.requestWord(vector), vector);
            long before = notification(control, PostedInterruptEntry.URG.isSet(w0));
            int destination = (int) PostedInterruptDescriptor.NDST.get(before);
            destination = extended ? destination : destination >>> 8 & 0xff;
            if (PostedInterruptDescriptor.ON.isSet(before)) {
                return result(vector, destination, 0, 0);
            }
            long address =
                    InterruptMessage.compatibilityAddress(destination, false, false)
                            | upperDestination(destination);
            int data = (int) CompatibilityData.V.place(PostedInterruptDescriptor.NV.get(before));
            messages.note(address, data);
            return result(vector, destination, address, data);
        } catch (BusErrorException e) {
            return RemappedInterrupt.blocked(FaultReason.POSTED_DESCRIPTOR_ACCESS.code());
        }
    }

    private static RemappedInterrupt result(int vector, int destination, long address, int data) {
        return new RemappedInterrupt(
                RemappedInterrupt.Outcome.POSTED, vector, destination, address, data, 0);
    }

    private void request(long at, int vector) {
        long bit = PostedInterruptDescriptor.requestBit(vector);
        long now;
        do {
            now = memory.readLong(at);
        } while ((now & bit) == 0 && !memory.compareAndSetLong(at, now, now | bit));
    }

    /**
     * Takes the outstanding notification bit if a notification is due.
     *
     * @return the control word, with ON clear only if this call set it
     */
    private long notification(long at, boolean urgent) {
        while (true) {
            long now = memory.readLong(at);
            boolean suppressed = PostedInterruptDescriptor.SN.isSet(now) && !urgent;
            long taken = now | PostedInterruptDescriptor.ON.mask();
            if (suppressed || taken == now) {
                return taken;
            }
            if (memory.compareAndSetLong(at, now, taken)) {
                return now;
            }
        }
    }
}
