package org.opensva.uacce.lab;

import org.opensva.api.memory.MmioRegion;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.PageTable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** An address space: pages by number, and device mappings. */
public final class LabSpace implements AddressSpace {

    public static final int PAGE = 4096;

    final long id;
    final Map<Long, byte[]> pages = new TreeMap<>();
    final Map<Long, Mapped> devices = new TreeMap<>();
    private final List<AddressSpaceListener> listeners = new CopyOnWriteArrayList<>();
    long next = 0x10_0000;
    volatile boolean alive = true;
    volatile int subscriptions;

    /** What the processor puts into commands, -1 before the first bind. */
    volatile int pasid = -1;

    record Mapped(long address, long length, DeviceMapping mapping, LabFiles.Open open) {}

    LabSpace(long id) {
        this.id = id;
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public boolean isAlive() {
        return alive;
    }

    @Override
    public Optional<PageTable> pageTable() {
        return Optional.empty();
    }

    @Override
    public FaultOutcome handleFault(long address, int access) {
        return alive ? FaultOutcome.INVALID : FaultOutcome.DEAD;
    }

    @Override
    public Subscription subscribe(AddressSpaceListener listener) {
        if (!alive) {
            throw new ErrnoException(Errno.EINVAL, "subscribe", "dead");
        }
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    public synchronized int pageCount() {
        return pages.size();
    }

    public int subscribers() {
        return listeners.size();
    }

    @Override
    public Subscription hold() {
        return () -> {};
    }

    void die() {
        alive = false;
        for (AddressSpaceListener listener : listeners) {
            listener.release();
        }
        List<Mapped> mapped;
        synchronized (this) {
            pages.clear();
            mapped = new ArrayList<>(devices.values());
            devices.clear();
        }
        for (Mapped one : mapped) {
            one.mapping.unmapped();
            one.open.drop();
        }
    }

    /** The registers that are mapped at an address. */
    public MmioRegion registersAt(long address) {
        return deviceAt(address).mapping.region();
    }

    /** Where the first device mapping is. */
    public synchronized long firstDevice() {
        return devices.keySet().iterator().next();
    }

    synchronized Mapped deviceAt(long address) {
        for (Mapped one : devices.values()) {
            if (address >= one.address && address < one.address + one.length) {
                return one;
            }
        }
        return null;
    }

    /** Moves bytes page by page; returns how many before the first missing page. */
    public synchronized int move(
            long address, byte[] array, int offset, int length, boolean toArray) {
        int done = 0;
        while (done < length) {
            byte[] page = pages.get((address + done) / PAGE);
            if (page == null || address + done < 0) {
                return done;
            }
            int at = (int) ((address + done) % PAGE);
            int n = Math.min(PAGE - at, length - done);
            if (toArray) {
                System.arraycopy(page, at, array, offset + done, n);
            } else {
                System.arraycopy(array, offset + done, page, at, n);
            }
            done += n;
        }
        return done;
    }

    synchronized long reserve(long length) {
        long address = next;
        next += (length + PAGE - 1) / PAGE * PAGE + PAGE;
        return address;
    }

    synchronized LabSpace copy(long newId) {
        LabSpace copy = new LabSpace(newId);
        pages.forEach((number, page) -> copy.pages.put(number, page.clone()));
        copy.next = next;
        return copy;
    }
}
