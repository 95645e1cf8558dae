package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.MmioRegion;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Signal;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.StampedLock;

/**
 * A device mapping in use: loads and stores go to its registers with no lock of the memory
 * management held, and its end waits for those under way.
 */
final class DeviceArea {

    /** The register window cannot be used: the mapping has ended. */
    static final int ENDED = 0;

    /** The device is gone. */
    static final int GONE = 1;

    /** The access was made. */
    static final int DONE = 2;

    private final DeviceMapping mapping;
    private final Runnable afterEnd;
    private final AtomicInteger pieces = new AtomicInteger(1);
    private final StampedLock use = new StampedLock();
    private boolean ended;

    DeviceArea(DeviceMapping mapping, Runnable afterEnd) {
        this.mapping = mapping;
        this.afterEnd = afterEnd;
    }

    /** One more mapping refers to the area. */
    void acquire() {
        pieces.incrementAndGet();
    }

    /** One less; with the last one the mapping ends. Call it with no lock held. */
    void release() {
        if (pieces.decrementAndGet() != 0) {
            return;
        }
        long stamp = use.writeLock();
        ended = true;
        use.unlockWrite(stamp);
        try {
            mapping.unmapped();
        } finally {
            afterEnd.run();
        }
    }

    /**
     * Begins an access of its own to the registers; it ends with {@link #leave}.
     *
     * @param address for the signal
     * @return what to leave with, or 0 if the mapping has ended
     * @throws CpuFaultException if the device is gone
     */
    long enter(long address) {
        long stamp = use.readLock();
        if (!ended && mapping.present()) {
            return stamp;
        }
        boolean gone = !ended;
        use.unlockRead(stamp);
        if (gone) {
            throw new CpuFaultException(Signal.SIGBUS, address);
        }
        return 0;
    }

    /** The registers; between {@link #enter} and {@link #leave}. */
    MmioRegion registers() {
        return mapping.region();
    }

    void leave(long stamp) {
        use.unlockRead(stamp);
    }

    /** Loads little-endian bytes, in the largest aligned pieces. */
    int load(long address, byte[] target, int offset, int length) {
        long stamp = use.readLock();
        try {
            if (ended || !mapping.present()) {
                return ended ? ENDED : GONE;
            }
            int done = 0;
            while (done < length) {
                int width = width(address + done, length - done);
                long value = mapping.region().read(address + done, width);
                for (int i = 0; i < width; i++) {
                    target[offset + done + i] = (byte) (value >>> (i << 3));
                }
                done += width;
            }
            return DONE;
        } finally {
            use.unlockRead(stamp);
        }
    }

    /** Stores little-endian bytes, in the largest aligned pieces. */
    int store(long address, byte[] source, int offset, int length) {
        long stamp = use.readLock();
        try {
            if (ended || !mapping.present()) {
                return ended ? ENDED : GONE;
            }
            int done = 0;
            while (done < length) {
                int width = width(address + done, length - done);
                long value = 0;
                for (int i = 0; i < width; i++) {
                    value |= (source[offset + done + i] & 0xffL) << (i << 3);
                }
                mapping.region().write(address + done, width, value);
                done += width;
            }
            return DONE;
        } finally {
            use.unlockRead(stamp);
        }
    }

    private static int width(long address, int left) {
        int width = 8;
        while (width > left || (address & (width - 1)) != 0) {
            width >>= 1;
        }
        return width;
    }
}
