package org.opensva.vtd.driver;

import org.opensva.api.memory.PageSize;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.PageTable;
import org.opensva.api.process.PageTableFormat;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** An address space whose changes a test announces by hand. */
final class FakeAddressSpace implements AddressSpace {

    final List<AddressSpaceListener> listeners = new CopyOnWriteArrayList<>();

    /** Whether nobody can observe it any more. */
    volatile boolean dead;

    /** Whether its tables are nobody's business. */
    volatile boolean opaque;

    private final long id;
    private final PageTable tables;

    FakeAddressSpace(long id, long root) {
        this(id, root, PageTableFormat.X86_64_4LEVEL);
    }

    FakeAddressSpace(long id, long root, PageTableFormat format) {
        this.id = id;
        int bits = format == PageTableFormat.X86_64_5LEVEL ? 57 : 48;
        this.tables = new PageTable(format, root, PageSize.SIZE_4K, bits, 46, 0);
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public boolean isAlive() {
        return true;
    }

    @Override
    public Optional<PageTable> pageTable() {
        return opaque ? Optional.empty() : Optional.of(tables);
    }

    @Override
    public FaultOutcome handleFault(long address, int access) {
        return FaultOutcome.INVALID;
    }

    @Override
    public Subscription subscribe(AddressSpaceListener listener) {
        if (dead) {
            throw new ErrnoException(Errno.ESRCH, "subscribe", "the address space is gone");
        }
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public Subscription hold() {
        return () -> {};
    }
}
