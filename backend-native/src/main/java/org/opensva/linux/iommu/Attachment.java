package org.opensva.linux.iommu;

import org.opensva.linux.mm.HostAddressSpace;

import java.util.function.BooleanSupplier;

/** A PASID of one device that leads to an address space. */
final class Attachment implements BooleanSupplier {

    private final HostAddressSpace space;
    private volatile boolean live = true;

    Attachment(HostAddressSpace space) {
        this.space = space;
    }

    HostAddressSpace space() {
        return space;
    }

    /** False once accesses are to be aborted. */
    @Override
    public boolean getAsBoolean() {
        return live;
    }

    /** Accesses that begin later are aborted. */
    void end() {
        live = false;
    }
}
