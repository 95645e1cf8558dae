package org.opensva.uacce.cdev;

import java.util.BitSet;

/**
 * Which queues of the device are free; the lowest one is taken first. What is told of the number of
 * free ones is exact at some moment of the call, however many open and close at once.
 */
final class QueueNumbers {

    private final BitSet taken = new BitSet();
    private final int count;

    QueueNumbers(int count) {
        this.count = count;
    }

    /** Takes a queue; negative if there is none. */
    synchronized int take() {
        int number = taken.nextClearBit(0);
        if (number >= count) {
            return -1;
        }
        taken.set(number);
        return number;
    }

    synchronized void giveBack(int number) {
        taken.clear(number);
    }

    synchronized int free() {
        return count - taken.cardinality();
    }
}
