package org.opensva.emulated.kernel.sva;

import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.PageTable;

import java.util.Optional;

/**
 * An address space whose faults are served by the test.
 *
 * @param original the rest of it
 * @param service says what becomes of a fault
 */
record OwnFaults(AddressSpace original, Service service) implements AddressSpace {

    interface Service {
        FaultOutcome handle(long address, int access);
    }

    @Override
    public long id() {
        return original.id();
    }

    @Override
    public boolean isAlive() {
        return original.isAlive();
    }

    @Override
    public Optional<PageTable> pageTable() {
        return original.pageTable();
    }

    @Override
    public FaultOutcome handleFault(long address, int access) {
        return service.handle(address, access);
    }

    @Override
    public Subscription subscribe(AddressSpaceListener listener) {
        return original.subscribe(listener);
    }

    @Override
    public Subscription hold() {
        return original.hold();
    }
}
