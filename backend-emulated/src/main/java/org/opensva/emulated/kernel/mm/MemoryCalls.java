package org.opensva.emulated.kernel.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.MemoryPressure.Kind;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapFlag;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.RemapRequest;
import org.opensva.emulated.kernel.paging.Geometry;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The system calls about the memory of one address space.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class MemoryCalls {

    private final ProcessAddressSpace space;
    private final Mm mm;
    private final SpaceLock lock;
    private final MappingCalls mappings;
    private final MoveCalls moves;
    private final AdviceCalls advice;
    private final Residence residence;
    private final AddressSpaces owner;
    private final FileRangeCalls files;

    MemoryCalls(
            ProcessAddressSpace space,
            Mm mm,
            SpaceLock lock,
            MappingCalls mappings,
            MoveCalls moves,
            AdviceCalls advice,
            PageFaults faults,
            AddressSpaces owner) {
        this.space = space;
        this.mm = mm;
        this.lock = lock;
        this.mappings = mappings;
        this.moves = moves;
        this.advice = advice;
        this.residence = new Residence(mm, mappings, faults);
        this.owner = owner;
        this.files = new FileRangeCalls(mm, mappings, owner, this::locked);
    }

    /**
     * Maps anonymous memory.
     *
     * @param request without a file
     * @param flags what else is asked for
     * @return the address
     * @throws ErrnoException {@code EINVAL}, {@code EEXIST}, {@code ENOMEM}, {@code EPERM}, {@code
     *     ESRCH}
     */
    public long mapAnonymous(MapRequest request, Set<MapFlag> flags) {
        if (!request.shared()) {
            return map(request, flags, Backing.Anonymous.INSTANCE);
        }
        MemoryObject object = owner.createObject(mappings.checkedLength(request, flags));
        try {
            return mapObject(
                    new MapRequest(
                            request.address(),
                            request.length(),
                            request.protection(),
                            true,
                            request.fixed(),
                            request.fd(),
                            0),
                    flags,
                    object);
        } finally {
            object.release();
        }
    }

    /**
     * Maps a memory object.
     *
     * @param request with an offset in the object
     * @param flags what else is asked for
     * @param object the object
     * @return the address
     * @throws ErrnoException {@code EINVAL}, {@code EEXIST}, {@code ENOMEM}, {@code EPERM}, {@code
     *     ESRCH}
     */
    public long mapObject(MapRequest request, Set<MapFlag> flags, MemoryObject object) {
        Backing backing = new Backing.OfObject(object, request.offset());
        object.map(space);
        boolean mapped = false;
        try {
            long address = map(request, flags, backing);
            mapped = true;
            return address;
        } finally {
            if (!mapped) {
                object.unmap(space);
            }
        }
    }

    /**
     * Maps registers of a device.
     *
     * @param request what was asked for
     * @param flags what else was asked for
     * @param mapping what the driver put behind it; ended here if the call fails
     * @param afterEnd runs after the mapping has ended
     * @return the address
     * @throws ErrnoException {@code EINVAL}, {@code EEXIST}, {@code ENOMEM}, {@code EPERM}, {@code
     *     ESRCH}
     */
    public long mapDevice(
            MapRequest request, Set<MapFlag> flags, DeviceMapping mapping, Runnable afterEnd) {
        DeviceArea area = new DeviceArea(mapping, afterEnd);
        boolean mapped = false;
        try {
            long address = map(request, flags, new Backing.OfDevice(area, 0));
            mapped = true;
            return address;
        } finally {
            if (!mapped) {
                area.release();
            }
        }
    }

    /**
     * Checks what every mapping has to fulfil, before a driver is asked.
     *
     * @param request the request
     * @param flags what else is asked for
     * @return its length, rounded up to pages
     * @throws ErrnoException {@code EINVAL}, {@code ENOMEM}, {@code EPERM}
     */
    public long checkedLength(MapRequest request, Set<MapFlag> flags) {
        return mappings.checkedLength(request, flags);
    }

    private long map(MapRequest request, Set<MapFlag> flags, Backing backing) {
        long length = mappings.checkedLength(request, flags);
        List<Vma> gone = new ArrayList<>();
        long address;
        try {
            address = locked("mmap", () -> mappings.map(request, flags, length, backing, gone));
        } finally {
            letGo(gone);
        }
        if (flags.contains(MapFlag.LOCKED) || flags.contains(MapFlag.POPULATE)) {
            populateQuietly(address, length);
        }
        return address;
    }

    /** What cannot be brought to memory now comes later, or not (Linux: {@code mm_populate}). */
    private void populateQuietly(long address, long length) {
        try {
            locked("mmap", () -> residence.populate(address, address + length, false));
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ESRCH) {
                throw e;
            }
        }
    }

    /**
     * Unmaps a range.
     *
     * @param address a multiple of the page size
     * @param length more than 0
     * @throws ErrnoException {@code EINVAL}, {@code ESRCH}
     */
    public void unmap(long address, long length) {
        long end = mappings.checkedEnd("munmap", address, length, Errno.EINVAL);
        long bytes = end - address;
        if (bytes == 0) {
            throw new ErrnoException(Errno.EINVAL, "munmap", "the length is 0");
        }
        mappings.checkRange("munmap", Errno.EINVAL, address, bytes);
        letGo(locked("munmap", () -> mappings.unmap(address, bytes)));
    }

    /**
     * Changes the protection of a range.
     *
     * @param address a multiple of the page size
     * @param length number of bytes
     * @param protection the new protection
     * @throws ErrnoException {@code EINVAL}; {@code ENOMEM} if part of the range is not mapped, and
     *     then what is mapped before that was changed; {@code ESRCH}
     */
    public void protect(long address, long length, Protection protection) {
        long end = mappings.checkedEnd("mprotect", address, length, Errno.ENOMEM);
        locked(
                "mprotect",
                () -> {
                    mappings.protect(address, end, protection);
                    return end;
                });
    }

    /**
     * Resizes or moves a mapping.
     *
     * @param request what to move, and where
     * @return the new address
     * @throws ErrnoException {@code EINVAL}, {@code EFAULT}, {@code ENOMEM}, {@code EPERM}, {@code
     *     ESRCH}
     */
    public long remap(RemapRequest request) {
        moves.check(request);
        List<Vma> gone = new ArrayList<>();
        long address;
        try {
            address = locked("mremap", () -> moves.remap(request, gone));
        } finally {
            letGo(gone);
        }
        Geometry g = mm.geometry();
        long before = g.roundUp(request.oldLength());
        long after = g.roundUp(request.newLength());
        if (after > before) {
            long from = address + before;
            locked("mremap", () -> residence.populateLocked(from, address + after));
        }
        return address;
    }

    /**
     * Gives advice about a range.
     *
     * @param address a multiple of the page size
     * @param length number of bytes
     * @param what the advice
     * @throws ErrnoException {@code EINVAL}, {@code EACCES}, {@code EFAULT}; {@code ENOMEM} if part
     *     of the range is not mapped, and then the rest was served; {@code ESRCH}
     */
    public void advise(long address, long length, Advice what) {
        long end = mappings.checkedEnd("madvise", address, length, Errno.EINVAL);
        if (what == Advice.REMOVE) {
            files.remove(address, end);
            return;
        }
        try {
            adviseNow(address, end, what);
        } catch (ErrnoException e) {
            if (what != Advice.COLLAPSE
                    || e.errno() != Errno.ENOMEM
                    || owner.pages().apply(Kind.COMPACT, space, new AddressRange(address, end))
                            == 0) {
                throw e;
            }
            adviseNow(address, end, what);
        }
    }

    private void adviseNow(long start, long end, Advice what) {
        if (what == Advice.COLLAPSE) {
            files.gather(start, end);
        }
        locked(
                "madvise",
                () -> {
                    advice.advise(start, end, what);
                    return end;
                });
    }

    /**
     * Keeps the pages of a range in memory.
     *
     * @param address an address in the first page
     * @param length number of bytes
     * @param onFault whether they come when they are used
     * @throws ErrnoException {@code EINVAL}; {@code ENOMEM} if part of the range is not mapped or
     *     cannot be used, and then the rest is locked; {@code EAGAIN} if there is no memory for it;
     *     {@code ESRCH}
     */
    public void lock(long address, long length, boolean onFault) {
        setLocked("mlock", address, length, Vma.LOCKED | (onFault ? Vma.ON_FAULT : 0));
        if (onFault) {
            return;
        }
        long start = mm.geometry().pageOf(address);
        long end = mm.geometry().roundUp(address + length);
        try {
            lock.exclusively(() -> {
                space.requireAlive("mlock");
                return residence.populate(start, end, true);
            });
        } catch (OutOfFramesException e) {
            throw new ErrnoException(Errno.EAGAIN, "mlock", String.valueOf(e.getMessage()));
        }
    }

    /**
     * Lets the pages of a range be reclaimed again.
     *
     * @param address an address in the first page
     * @param length number of bytes
     * @throws ErrnoException {@code EINVAL}; {@code ENOMEM} if part of the range is not mapped, and
     *     then the rest is unlocked; {@code ESRCH}
     */
    public void unlock(long address, long length) {
        setLocked("munlock", address, length, 0);
    }

    private void setLocked(String call, long address, long length, int flags) {
        Geometry g = mm.geometry();
        long start = g.pageOf(address);
        long end = g.roundUp(address + length);
        if (length < 0 || start < 0 || end < start) {
            throw new ErrnoException(Errno.EINVAL, call, "the range is not one of a process");
        }
        locked(
                call,
                () -> {
                    residence.setLocked(call, start, end, flags);
                    return end;
                });
    }

    /**
     * Writes what was written to the pages of a range back to the files that they belong to.
     *
     * @param address a multiple of the page size
     * @param length number of bytes
     * @throws ErrnoException {@code EINVAL}; {@code ENOMEM} if part of the range is not mapped, and
     *     then the rest was written; {@code ESRCH}
     */
    public void sync(long address, long length) {
        files.sync(address, mappings.checkedEnd("msync", address, length, Errno.ENOMEM));
    }

    private <T extends @Nullable Object> T locked(String call, Supplier<T> body) {
        try {
            return lock.exclusively(() -> {
                space.requireAlive(call);
                return body.get();
            });
        } catch (OutOfFramesException e) {
            throw outOfMemory(call, e);
        }
    }

    static ErrnoException outOfMemory(String call, OutOfFramesException e) {
        ErrnoException refusal =
                new ErrnoException(Errno.ENOMEM, call, String.valueOf(e.getMessage()));
        refusal.initCause(e);
        return refusal;
    }

    /** Gives the references of mappings back that were taken out; no lock is held. */
    void letGo(List<Vma> gone) {
        for (Vma vma : gone) {
            switch (vma.backing()) {
                case Backing.Anonymous a -> {}
                case Backing.OfObject o -> o.object().unmap(space);
                case Backing.OfDevice d -> d.area().release();
            }
        }
    }
}
