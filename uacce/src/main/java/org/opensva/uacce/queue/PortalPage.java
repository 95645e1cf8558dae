package org.opensva.uacce.queue;

import org.opensva.api.memory.EnqueuePortal;

/**
 * The MMIO region of a shared queue: commands at any multiple of 64 bytes; everything else reads as
 * zero and ignores writes.
 */
final class PortalPage implements EnqueuePortal {

    private final long size;
    private final SharedQueue queue;

    PortalPage(long size, SharedQueue queue) {
        this.size = size;
        this.queue = queue;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public long read(long offset, int width) {
        return 0;
    }

    @Override
    public void write(long offset, int width, long value) {}

    @Override
    public boolean enqueue(long offset, byte[] command) {
        return offset >= 0
                && offset < size
                && offset % COMMAND_SIZE == 0
                && command.length == COMMAND_SIZE
                && queue.enqueue(command);
    }
}
