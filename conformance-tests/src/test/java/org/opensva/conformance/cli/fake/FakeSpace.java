package org.opensva.conformance.cli.fake;

import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.PageTable;

import java.util.Optional;

/** An address space that nobody binds: it has a number, and that is all. */
final class FakeSpace implements AddressSpace {

    @Override
    public long id() {
        return 1;
    }

    @Override
    public boolean isAlive() {
        return true;
    }

    @Override
    public Optional<PageTable> pageTable() {
        return Optional.empty();
    }

    @Override
    public FaultOutcome handleFault(long address, int access) {
        return FaultOutcome.INVALID;
    }

    @Override
    public Subscription subscribe(AddressSpaceListener listener) {
        throw new ErrnoException(Errno.ENOSYS, "subscribe", "");
    }

    @Override
    public Subscription hold() {
        return () -> {};
    }
}
