package org.opensva.conformance.zoo;

import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.PageTable;

import java.util.Optional;

/** An address space that leaves everything to another one. */
abstract class ForwardingAddressSpace implements AddressSpace {

    private final AddressSpace to;

    ForwardingAddressSpace(AddressSpace to) {
        this.to = to;
    }

    @Override
    public long id() {
        return to.id();
    }

    @Override
    public boolean isAlive() {
        return to.isAlive();
    }

    @Override
    public Optional<PageTable> pageTable() {
        return to.pageTable();
    }

    @Override
    public FaultOutcome handleFault(long address, int access) {
        return to.handleFault(address, access);
    }

    @Override
    public Subscription subscribe(AddressSpaceListener listener) {
        return to.subscribe(listener);
    }

    @Override
    public Subscription hold() {
        return to.hold();
    }
}
