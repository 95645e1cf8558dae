package org.opensva.vtd.driver;

import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

/** Memory for tables and queues, by size in bytes: zeroed, and aligned to its size. */
final class Blocks {

    private Blocks() {}

    static long allocate(FrameAllocator frames, long bytes) {
        try {
            return frames.allocate(order(frames, bytes));
        } catch (OutOfFramesException e) {
            ErrnoException refused =
                    new ErrnoException(
                            Errno.ENOMEM,
                            "VT-d table of " + bytes + " bytes",
                            "physical memory is exhausted");
            refused.initCause(e);
            throw refused;
        }
    }

    static void free(FrameAllocator frames, long address, long bytes) {
        frames.free(address, order(frames, bytes));
    }

    private static int order(FrameAllocator frames, long bytes) {
        int bits = Long.SIZE - Long.numberOfLeadingZeros(bytes - 1);
        return Math.max(0, bits - frames.frameShift());
    }
}
