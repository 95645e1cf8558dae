package org.opensva.smmuv3.driver;

import org.opensva.api.memory.PageSize;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.PageTable;
import org.opensva.api.process.PageTableFormat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** An address space whose changes a test announces by hand. */
final class FakeAddressSpace implements AddressSpace {

    OptionalInt asid = OptionalInt.empty();
    int holds;
    final List<AddressSpaceListener> listeners = new ArrayList<>();

    /** Whether an IOMMU can see its page tables. */
    boolean visible = true;

    /** Nobody can listen to it any more. */
    boolean dying;

    private final long id;
    private final PageTable tables;

    FakeAddressSpace(long id, long root) {
        this.id = id;
        this.tables =
                new PageTable(
                        PageTableFormat.VMSAV8_64, root, PageSize.SIZE_4K, 48, 40, 0xff44_0c04L);
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
        return visible ? Optional.of(tables) : Optional.empty();
    }

    @Override
    public OptionalInt asid() {
        return asid;
    }

    @Override
    public FaultOutcome handleFault(long address, int access) {
        return FaultOutcome.INVALID;
    }

    @Override
    public Subscription subscribe(AddressSpaceListener listener) {
        if (dying) {
            throw new ErrnoException(Errno.EINVAL, "subscribe", "it is dying");
        }
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public Subscription hold() {
        holds++;
        return () -> holds--;
    }
}
