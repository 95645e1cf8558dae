package org.opensva.emulated.machine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.PhysicalMemory;

/**
 * Physical memory as one of its users sees it, whose stores can be watched: an action runs after
 * each, before the user goes on. While nobody watches, that is one volatile read.
 */
public final class WatchedMemory implements PhysicalMemory {

    private final PhysicalMemory memory;
    private final ThreadLocal<Boolean> watching = ThreadLocal.withInitial(() -> false);
    private volatile @Nullable Runnable action;

    /**
     * Creates a view that nobody watches.
     *
     * @param memory the memory
     */
    public WatchedMemory(PhysicalMemory memory) {
        this.memory = memory;
    }

    /** Ends a watch. */
    public interface Watch extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Has an action carried out after every store; what the action itself stores does not count.
     *
     * @param each the action, which replaces an earlier one
     * @return closing it ends the watch
     */
    public Watch watch(Runnable each) {
        action = each;
        return () -> action = null;
    }

    private void stored() {
        Runnable each = action;
        if (each == null || watching.get()) {
            return;
        }
        watching.set(true);
        try {
            synchronized (this) {
                each.run();
            }
        } finally {
            watching.remove();
        }
    }

    @Override
    public boolean contains(long address, long length) {
        return memory.contains(address, length);
    }

    @Override
    public long readLong(long address) {
        return memory.readLong(address);
    }

    @Override
    public void writeLong(long address, long value) {
        memory.writeLong(address, value);
        stored();
    }

    @Override
    public boolean compareAndSetLong(long address, long expected, long replacement) {
        boolean done = memory.compareAndSetLong(address, expected, replacement);
        if (done) {
            stored();
        }
        return done;
    }

    @Override
    public int readInt(long address) {
        return memory.readInt(address);
    }

    @Override
    public void writeInt(long address, int value) {
        memory.writeInt(address, value);
        stored();
    }

    @Override
    public void read(long address, byte[] target, int offset, int length) {
        memory.read(address, target, offset, length);
    }

    @Override
    public void write(long address, byte[] source, int offset, int length) {
        memory.write(address, source, offset, length);
        stored();
    }

    @Override
    public void fill(long address, long length, byte value) {
        memory.fill(address, length, value);
        stored();
    }
}
