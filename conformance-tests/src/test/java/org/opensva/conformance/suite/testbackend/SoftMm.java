package org.opensva.conformance.suite.testbackend;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.PageTable;
import org.opensva.conformance.suite.testbackend.SoftMachine.Frame;
import org.opensva.conformance.suite.testbackend.SoftMachine.Translation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** An address space: mappings by page, and the page table. Callers hold the machine's lock. */
final class SoftMm implements AddressSpace {

    static final long LIMIT = 1L << 35;
    private static final long BASE = 0x10_0000L;

    /** A memory object. */
    static final class Shared {
        final Map<Long, Frame> frames = new HashMap<>();
        long pages;
        int users = 1;
    }

    /** A mapping of pages [start, end). */
    record Vma(
            long start,
            long end,
            Protection protection,
            boolean shared,
            @Nullable Shared object,
            long offset,
            @Nullable Runnable unmapped) {

        Vma part(long from, long to) {
            return new Vma(from, to, protection, shared, object, offset + from - start, unmapped);
        }

        Vma with(Protection value) {
            return new Vma(start, end, value, shared, object, offset, unmapped);
        }
    }

    final SoftMachine machine;
    final long id;
    final NavigableMap<Long, Vma> vmas = new TreeMap<>();
    final Map<Long, Translation> table = new HashMap<>();
    int pasid;
    int users = 1;
    int holds;
    private long next = BASE;

    SoftMm(SoftMachine machine) {
        this.machine = machine;
        this.id = machine.id();
    }

    @Nullable Vma find(long page) {
        Map.Entry<Long, Vma> entry = vmas.floorEntry(page);
        return entry != null && page < entry.getValue().end() ? entry.getValue() : null;
    }

    long place(long pages) {
        Map.Entry<Long, Vma> last = vmas.lastEntry();
        // A gap, so that an access beyond the end of a mapping is an access outside every mapping.
        long at = Math.max(next, last == null ? 0 : last.getValue().end() + 16);
        next = at + pages + 16;
        return at;
    }

    void add(Vma vma) {
        if (vma.object() != null) {
            vma.object().users++;
        }
        vmas.put(vma.start(), vma);
    }

    /** Removes [from, to) and returns what was there. */
    List<Vma> cut(long from, long to) {
        List<Vma> removed = new ArrayList<>();
        Map.Entry<Long, Vma> before = vmas.lowerEntry(from);
        List<Vma> touched = new ArrayList<>(vmas.subMap(from, to).values());
        if (before != null && before.getValue().end() > from) {
            touched.add(0, before.getValue());
        }
        for (Vma vma : touched) {
            vmas.remove(vma.start());
            drop(vma.object());
            if (vma.start() < from) {
                add(vma.part(vma.start(), from));
            }
            if (vma.end() > to) {
                add(vma.part(to, vma.end()));
            }
            removed.add(vma.part(Math.max(from, vma.start()), Math.min(to, vma.end())));
        }
        return removed;
    }

    void drop(@Nullable Shared object) {
        if (object != null && --object.users == 0) {
            object.frames.values().forEach(machine::release);
            object.frames.clear();
        }
    }

    /** Takes pages out of the table; their frames are for the caller to release. */
    List<Frame> clear(long from, long to) {
        List<Frame> frames = new ArrayList<>();
        if (to - from < table.size()) {
            for (long page = from; page < to; page++) {
                collect(table.remove(page), frames);
            }
        } else {
            table.entrySet()
                    .removeIf(entry -> {
                        boolean gone = entry.getKey() >= from && entry.getKey() < to;
                        if (gone) {
                            collect(entry.getValue(), frames);
                        }
                        return gone;
                    });
        }
        return frames;
    }

    private static void collect(@Nullable Translation entry, List<Frame> frames) {
        if (entry != null && entry.frame() != null) {
            frames.add(entry.frame());
        }
    }

    void unmap(long from, long to) {
        List<Vma> removed = cut(from, to);
        List<Frame> frames = clear(from, to);
        if (!removed.isEmpty() && !machine.broken(Fault.UNMAP_TELLS_NOBODY)) {
            machine.invalidate(this, from, to);
        }
        frames.forEach(machine::release);
        removed.forEach(vma -> {
            if (vma.unmapped() != null) {
                vma.unmapped().run();
            }
        });
    }

    /** Makes a page present for an access, as handle_mm_fault does. */
    boolean fault(long page, int access) {
        Vma vma = find(page);
        if (vma == null || vma.unmapped() != null || !vma.protection().allows(access)) {
            return false;
        }
        boolean writes = Access.writes(access);
        Translation entry = table.get(page);
        if (entry != null && (entry.writable() || !writes)) {
            return true;
        }
        Shared object = vma.object();
        if (object != null && vma.shared()) {
            Frame frame = frame(object, vma.offset() + page - vma.start());
            if (frame == null) {
                return false;
            }
            install(page, entry, frame, vma.protection().allows(Access.WRITE), true);
        } else if (entry == null && !writes) {
            Frame source =
                    object == null
                            ? machine.zero
                            : frame(object, vma.offset() + page - vma.start());
            if (source == null) {
                return false;
            }
            install(page, null, source, false, true);
        } else {
            Frame old =
                    entry != null && entry.frame() != null
                            ? entry.frame()
                            : object == null
                                    ? machine.zero
                                    : frame(object, vma.offset() + page - vma.start());
            if (old == null) {
                return false;
            }
            if (entry != null && old.users == 1) {
                table.put(page, new Translation(old, true));
                machine.invalidate(this, page, page + 1);
                return true;
            }
            Frame copy = machine.allocate();
            copy.copyOf(old);
            install(page, entry, copy, true, false);
        }
        return true;
    }

    private void install(
            long page, @Nullable Translation old, Frame frame, boolean writable, boolean share) {
        if (share) {
            machine.share(frame);
        }
        table.remove(page);
        if (old != null && !machine.broken(Fault.COPY_ON_WRITE_DOES_NOT_INVALIDATE)) {
            machine.invalidate(this, page, page + 1);
        }
        table.put(page, new Translation(frame, writable));
        if (old != null && old.frame() != null) {
            machine.release(old.frame());
        }
    }

    private @Nullable Frame frame(Shared object, long index) {
        return index >= object.pages
                ? null
                : object.frames.computeIfAbsent(index, key -> machine.allocate());
    }

    /** The last user is gone: silence the devices, then free everything. */
    void release() {
        machine.record(org.opensva.api.telemetry.HardwareEvent.Kind.RELEASE_BEGIN, -1, pasid, 0, 0);
        if (!machine.broken(Fault.EXIT_LEAVES_THE_DEVICE)) {
            machine.devices.forEach(device -> device.quiesce(this));
            machine.invalidate(this, 0, -1);
        }
        machine.record(org.opensva.api.telemetry.HardwareEvent.Kind.RELEASE_END, -1, pasid, 0, 0);
        if (machine.broken(Fault.PASID_IS_FREED_AT_EXIT)) {
            machine.freePasid(pasid, this);
        }
        List<Frame> frames = clear(0, LIMIT);
        List<Vma> removed = cut(0, LIMIT);
        frames.forEach(machine::release);
        removed.forEach(vma -> {
            if (vma.unmapped() != null) {
                vma.unmapped().run();
            }
        });
        settle();
    }

    /** Frees the PASID once nobody needs the identity. */
    void settle() {
        if (users == 0 && holds == 0 && pasid != 0) {
            machine.freePasid(pasid, this);
            pasid = 0;
        }
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public boolean isAlive() {
        return users > 0;
    }

    @Override
    public Optional<PageTable> pageTable() {
        return Optional.empty();
    }

    @Override
    public FaultOutcome handleFault(long address, int access) {
        machine.lock.writeLock().lock();
        try {
            if (users == 0) {
                return FaultOutcome.DEAD;
            }
            return fault(address / SoftMachine.PAGE, access)
                    ? FaultOutcome.RESOLVED
                    : FaultOutcome.INVALID;
        } finally {
            machine.lock.writeLock().unlock();
        }
    }

    @Override
    public Subscription subscribe(AddressSpaceListener listener) {
        throw new ErrnoException(Errno.EOPNOTSUPP, "subscribe", "devices are told directly");
    }

    @Override
    public Subscription hold() {
        holds++;
        return () -> {};
    }
}
