package org.opensva.uacce.cdev;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.process.DeviceMapping;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/** The one mapping that a region of a queue has. */
final class RegionMapping implements DeviceMapping {

    private final MmioRegion region;
    private final BooleanSupplier present;
    private final AtomicReference<@Nullable RegionMapping> slot;

    RegionMapping(
            MmioRegion region,
            BooleanSupplier present,
            AtomicReference<@Nullable RegionMapping> slot) {
        this.region = region;
        this.present = present;
        this.slot = slot;
    }

    @Override
    public MmioRegion region() {
        return region;
    }

    @Override
    public void unmapped() {
        slot.compareAndSet(this, null);
    }

    @Override
    public boolean present() {
        return present.getAsBoolean();
    }
}
