package org.opensva.vtd.model;

import org.opensva.api.memory.BusErrorException;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Interrupt messages on their way out. Whoever has one notes it, with whatever locks; whoever holds
 * no lock and is in no lane any more sends.
 */
final class Messages {

    private final VtdInterrupts interrupts;
    private final Queue<Message> pending = new ConcurrentLinkedQueue<>();

    private record Message(long address, int data) {}

    Messages(VtdInterrupts interrupts) {
        this.interrupts = interrupts;
    }

    void note(long address, int data) {
        pending.add(new Message(address, data));
    }

    void send() {
        for (Message next = pending.poll(); next != null; next = pending.poll()) {
            try {
                interrupts.message(next.address(), next.data());
            } catch (BusErrorException lost) {
                // Nothing answers at the address that software gave: a posted write tells nobody.
            }
        }
    }
}
