package org.opensva.conformance.suite.parts;

import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.PageTable;

import java.util.Optional;

/**
 * An address space that says something else of its page tables than it is true, as on a machine
 * whose processors are others.
 *
 * @param real the address space
 * @param tables what it says
 */
public record OtherTables(AddressSpace real, PageTable tables) implements AddressSpace {

    @Override
    public long id() {
        return real.id();
    }

    @Override
    public boolean isAlive() {
        return real.isAlive();
    }

    @Override
    public Optional<PageTable> pageTable() {
        return Optional.of(tables);
    }

    @Override
    public FaultOutcome handleFault(long address, int access) {
        return real.handleFault(address, access);
    }

    @Override
    public Subscription subscribe(AddressSpaceListener listener) {
        return real.subscribe(listener);
    }

    @Override
    public Subscription hold() {
        return real.hold();
    }
}
