package com.acme.sva;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The memory of the platform. A frame that is given back is the next one to be given out, so that a
 * device that still reached it would damage its new owner at once instead of never.
 */
final class FramePool {

    private static final int CAPACITY = 1 << 15;

    private final Deque<Frame> free = new ArrayDeque<>();
    private int inUse;

    /**
     * Takes a frame.
     *
     * @return a frame of zeroes with one reference, or null if memory has run out
     */
    synchronized @Nullable Frame allocate() {
        if (inUse == CAPACITY) {
            return null;
        }
        inUse++;
        Frame frame = free.isEmpty() ? new Frame() : free.pop();
        frame.reset();
        return frame;
    }

    /** Gives a reference back, and with the last one the frame. */
    void release(Frame frame) {
        if (frame.release()) {
            synchronized (this) {
                inUse--;
                free.push(frame);
            }
        }
    }

    synchronized int inUse() {
        return inUse;
    }
}
