package org.opensva.uacce.cdev;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.uacce.queue.DeviceQueue;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/**
 * What of a queue can be mapped, and what is (Linux {@code uacce_fops_mmap}, {@code
 * hisi_qm_uacce_mmap}): the page offset selects the region, each is mapped once, the MMIO region up
 * to its size and the SHARED region in whole.
 *
 * <p><b>Threading.</b> No locks, because the kernel calls with its own locks held.
 */
final class QueueRegions {

    private static final QueueRegion[] REGIONS = QueueRegion.values();

    private final String name;
    private final DeviceQueue hardware;
    private final long size;
    private final BooleanSupplier present;
    private final AtomicReference<@Nullable RegionMapping> mmio = new AtomicReference<>();
    private final AtomicReference<@Nullable RegionMapping> shared = new AtomicReference<>();

    QueueRegions(String name, DeviceQueue hardware, long size, BooleanSupplier present) {
        this.name = name;
        this.hardware = hardware;
        this.size = size;
        this.present = present;
    }

    /** Maps a region, or throws {@code EINVAL} or {@code EEXIST}. */
    DeviceMapping map(long offset, long length, int pageSize) {
        QueueRegion type = regionAt(offset, pageSize);
        boolean fits =
                switch (type) {
                    case MMIO -> length > 0 && length <= size;
                    case SHARED -> length == size;
                };
        if (!fits) {
            throw error(Errno.EINVAL, "%d bytes do not fit %s".formatted(length, type));
        }
        AtomicReference<@Nullable RegionMapping> slot = slot(type);
        MmioRegion region =
                type == QueueRegion.MMIO ? hardware.doorbellPage() : hardware.sharedPage();
        RegionMapping mapping = new RegionMapping(region, present, slot);
        if (!slot.compareAndSet(null, mapping)) {
            throw error(Errno.EEXIST, type + " is mapped already");
        }
        return mapping;
    }

    private QueueRegion regionAt(long offset, int pageSize) {
        long index = offset / pageSize;
        if (offset < 0 || offset % pageSize != 0 || index >= REGIONS.length) {
            throw error(Errno.EINVAL, "no region at offset 0x%x".formatted(offset));
        }
        return REGIONS[(int) index];
    }

    private ErrnoException error(Errno errno, String detail) {
        return new ErrnoException(errno, "mmap(" + name + ")", detail);
    }

    private AtomicReference<@Nullable RegionMapping> slot(QueueRegion type) {
        return type == QueueRegion.MMIO ? mmio : shared;
    }

    /** The mapping that a region has now, or null. */
    @Nullable DeviceMapping mapping(QueueRegion type) {
        return slot(type).get();
    }
}
