package org.opensva.uacce.queue;

import org.opensva.api.memory.MmioRegion;

/** The MMIO region of a queue; see {@link QueueLayout}. */
final class DoorbellPage implements MmioRegion {

    private final long size;
    private final HardwareQueue queue;

    DoorbellPage(long size, HardwareQueue queue) {
        this.size = size;
        this.queue = queue;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public long read(long offset, int width) {
        if (offset != QueueLayout.DOORBELL || width < Integer.BYTES) {
            return 0;
        }
        return queue.tail() & 0xffff_ffffL;
    }

    @Override
    public void write(long offset, int width, long value) {
        if (offset == QueueLayout.DOORBELL && width >= Integer.BYTES) {
            queue.ring((int) value);
        }
    }
}
