package org.opensva.linux.process;

import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapFlag;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.RemapRequest;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.agent.AgentChannel;
import org.opensva.linux.mm.HostAddressSpace;
import org.opensva.linux.mm.SharedMemory;

import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The system calls of a process that concern its memory.
 *
 * <p>Unmapping, moving and discarding report themselves through userfaultfd, before they return in
 * the process. What does not (protection, the size of a file) is made known here, by the one who
 * has the process do it; so is everything where there is no userfaultfd.
 */
final class MemoryCalls {

    private static final int MAP_SHARED = 1;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_FIXED = 0x10;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_GROWSDOWN = 0x100;
    private static final int MAP_LOCKED = 0x2000;
    private static final int MAP_POPULATE = 0x8000;
    private static final int MAP_FIXED_NOREPLACE = 0x10_0000;
    private static final int MREMAP_MAYMOVE = 1;
    private static final int MREMAP_FIXED = 2;
    private static final int MREMAP_DONTUNMAP = 4;
    private static final int MLOCK_ONFAULT = 1;
    private static final int MS_SYNC = 4;
    private static final int FALLOC_FL_KEEP_SIZE = 1;
    private static final int FALLOC_FL_PUNCH_HOLE = 2;
    private static final int MADV_DONTNEED = 4;
    private static final int MADV_FREE = 8;
    private static final int MADV_REMOVE = 9;
    private static final int MADV_DONTFORK = 10;
    private static final int MADV_DOFORK = 11;
    private static final int MADV_MERGEABLE = 12;
    private static final int MADV_UNMERGEABLE = 13;
    private static final int MADV_HUGEPAGE = 14;
    private static final int MADV_NOHUGEPAGE = 15;
    private static final int MADV_WIPEONFORK = 18;
    private static final int MADV_KEEPONFORK = 19;
    private static final int MADV_COLD = 20;
    private static final int MADV_PAGEOUT = 21;
    private static final int MADV_POPULATE_READ = 22;
    private static final int MADV_POPULATE_WRITE = 23;
    private static final int MADV_COLLAPSE = 25;
    private static final int NAME = 768;

    /** Beyond the program and its heap; within the 39 bits that the smallest kernels have. */
    private static final long FIRST_PLACE = 1L << 36;

    private static final long LAST_PLACE = 1L << 38;

    private final HostProcess process;
    private final DescriptorTable files;
    private final DeviceMappings devices;

    /**
     * Where the next mapping goes if nobody says: a hint only. Addresses go up, so that one that
     * was unmapped is not at once that of something else, and mappings are apart, so that each has
     * its own name in the kernel.
     */
    private final AtomicLong place = new AtomicLong(FIRST_PLACE);

    MemoryCalls(HostProcess process, DescriptorTable files, DeviceMappings devices) {
        this.process = process;
        this.files = files;
        this.devices = devices;
    }

    /** Makes a call that takes memory away, and lets the accesses that run come to their end. */
    private long narrowing(String call, AddressRange range, SystemCall which, long... arguments) {
        HostAddressSpace space = process.memorySpace();
        long result = plain(call, which, arguments);
        space.changedUnheard(range);
        return result;
    }

    private long plain(String call, SystemCall which, long... arguments) {
        return process.agent(
                call, agent -> KernelErrors.check(agent.channel().call(which, arguments), call));
    }

    /** Whole pages; everything if the kernel will not have such a range anyway. */
    private AddressRange range(long address, long length) {
        long end = address + pages(length);
        return address < 0 || length < 0 || end < address
                ? AddressRange.WHOLE
                : new AddressRange(address, end);
    }

    private static int bits(Protection protection) {
        int access = protection.access();
        int bits = (access & Access.READ) != 0 ? 1 : 0;
        bits |= (access & Access.WRITE) != 0 ? 2 : 0;
        return bits | ((access & Access.EXECUTE) != 0 ? 4 : 0);
    }

    private long pages(long length) {
        long page = process.pageSize();
        return length + page - 1 & -page;
    }

    long map(MapRequest request, Set<MapFlag> more) {
        String call = "mmap(0x%x, %d)".formatted(request.address(), request.length());
        if (request.length() <= 0) {
            throw new ErrnoException(Errno.EINVAL, call, "a length of more than 0 is needed");
        }
        if (request.fd() != MapRequest.ANONYMOUS) {
            DescriptorTable.Meaning meaning = files.find(request.fd());
            if (meaning == null) {
                throw new ErrnoException(
                        Errno.EBADF, call, "descriptor %d is not open".formatted(request.fd()));
            }
            if (meaning instanceof DescriptorTable.DeviceFile device) {
                return mapDevice(call, request, device.token());
            }
        }
        int flags = request.shared() ? MAP_SHARED : MAP_PRIVATE;
        flags |= request.fd() == MapRequest.ANONYMOUS ? MAP_ANONYMOUS : 0;
        for (MapFlag flag : more) {
            flags |=
                    switch (flag) {
                        case FIXED_NOREPLACE -> MAP_FIXED_NOREPLACE;
                        case GROWSDOWN -> MAP_GROWSDOWN;
                        case LOCKED -> MAP_LOCKED;
                        case POPULATE -> MAP_POPULATE;
                    };
        }
        return mapNow(call, request, bits(request.protection()), flags, request.fd());
    }

    private long mapNow(String call, MapRequest request, int protection, int flags, int fd) {
        long offset = fd == MapRequest.ANONYMOUS ? 0 : request.offset();
        long hint = request.address();
        if (hint == 0 && !request.fixed() && (flags & MAP_FIXED_NOREPLACE) == 0) {
            hint = nextPlace(request.length());
        }
        long[] arguments = {
            hint,
            request.length(),
            protection,
            flags | (request.fixed() ? MAP_FIXED : 0),
            fd,
            offset
        };
        if (!request.fixed()) {
            return plain(call, SystemCall.MMAP, arguments);
        }
        long address = narrowing(call, range(hint, request.length()), SystemCall.MMAP, arguments);
        devices.remove(address, pages(request.length()));
        return address;
    }

    /** Registers: memory without permission, which a child does not get. */
    private long mapDevice(String call, MapRequest request, FileToken file) {
        DeviceMapping mapping =
                file.file().map(process, request.offset(), request.length(), request.protection());
        boolean done = false;
        try {
            long length = pages(request.length());
            long address =
                    mapNow(call, request, 0, MAP_PRIVATE | MAP_ANONYMOUS, MapRequest.ANONYMOUS);
            plain(call, SystemCall.MADVISE, address, length, MADV_DONTFORK);
            devices.add(address, length, mapping, file, request.protection());
            done = true;
            return address;
        } finally {
            if (!done) {
                mapping.unmapped();
            }
        }
    }

    void unmap(long address, long length) {
        String call = "munmap(0x%x, %d)".formatted(address, length);
        checkRange(call, address, length);
        narrowing(call, range(address, length), SystemCall.MUNMAP, address, length);
        devices.remove(address, pages(length));
    }

    private long nextPlace(long length) {
        if (length > LAST_PLACE - FIRST_PLACE) {
            return 0;
        }
        long gap = process.pageSize();
        return place.getAndUpdate(now -> {
            long next = now + pages(length) + gap;
            return next < LAST_PLACE ? next : FIRST_PLACE;
        });
    }

    /** A child goes on where its parent is. */
    void placeLike(MemoryCalls parent) {
        place.set(parent.place.get());
    }

    /** A new program begins anew. */
    void placeAnew() {
        place.set(FIRST_PLACE);
    }

    private void checkRange(String call, long address, long length) {
        if (length < 0 || address + length < address) {
            throw new ErrnoException(Errno.EINVAL, call, "the range is not one of a process");
        }
    }

    void protect(long address, long length, Protection protection) {
        String call = "mprotect(0x%x, %d, %s)".formatted(address, length, protection);
        checkRange(call, address, length);
        if (devices.overlaps(address, pages(length))) {
            devices.protect(address, pages(length), protection);
            return;
        }
        process.memorySpace()
                .change(() -> plain(call, SystemCall.MPROTECT, address, length, bits(protection)));
    }

    long remap(long address, long oldLength, long newLength, boolean mayMove) {
        String call = "mremap(0x%x, %d, %d)".formatted(address, oldLength, newLength);
        checkRange(call, address, oldLength);
        if (devices.overlaps(address, Math.max(pages(oldLength), process.pageSize()))) {
            throw new ErrnoException(
                    Errno.EPERM, call, "a mapping of a device queue stays as it is");
        }
        return narrowing(
                call,
                range(address, oldLength),
                SystemCall.MREMAP,
                address,
                oldLength,
                newLength,
                mayMove ? MREMAP_MAYMOVE : 0);
    }

    long remap(RemapRequest request) {
        String call = "mremap(" + request + ")";
        checkRange(call, request.address(), request.oldLength());
        long old = Math.max(pages(request.oldLength()), process.pageSize());
        if (devices.overlaps(request.address(), old)
                || request.fixed()
                        && request.newLength() > 0
                        && devices.overlaps(request.newAddress(), pages(request.newLength()))) {
            throw new ErrnoException(
                    Errno.EPERM, call, "a mapping of a device queue stays as it is");
        }
        int flags = request.mayMove() ? MREMAP_MAYMOVE : 0;
        flags |= request.fixed() ? MREMAP_FIXED : 0;
        flags |= request.keepOld() ? MREMAP_DONTUNMAP : 0;
        return narrowing(
                call,
                request.fixed()
                        ? AddressRange.WHOLE
                        : range(request.address(), request.oldLength()),
                SystemCall.MREMAP,
                request.address(),
                request.oldLength(),
                request.newLength(),
                flags,
                request.newAddress());
    }

    void lock(long address, long length, boolean onFault) {
        String call = "mlock(0x%x, %d)".formatted(address, length);
        plain(call, SystemCall.MLOCK2, address, length, onFault ? MLOCK_ONFAULT : 0);
    }

    void unlock(long address, long length) {
        String call = "munlock(0x%x, %d)".formatted(address, length);
        plain(call, SystemCall.MUNLOCK, address, length);
    }

    void sync(long address, long length) {
        String call = "msync(0x%x, %d)".formatted(address, length);
        narrowing(call, range(address, length), SystemCall.MSYNC, address, length, MS_SYNC);
    }

    void punch(int fd, long offset, long length) {
        String call = "fallocate(%d, %d, %d)".formatted(fd, offset, length);
        memoryFile(call, fd);
        process.host()
                .memory()
                .punch(() ->
                        plain(
                                call,
                                SystemCall.FALLOCATE,
                                fd,
                                FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
                                offset,
                                length));
    }

    void advise(long address, long length, Advice advice) {
        String call = "madvise(0x%x, %d, %s)".formatted(address, length, advice);
        checkRange(call, address, length);
        int number =
                switch (advice) {
                    case DONTNEED -> MADV_DONTNEED;
                    case PAGEOUT -> MADV_PAGEOUT;
                    case POPULATE_WRITE -> MADV_POPULATE_WRITE;
                    case POPULATE_READ -> MADV_POPULATE_READ;
                    case FREE -> MADV_FREE;
                    case COLD -> MADV_COLD;
                    case REMOVE -> MADV_REMOVE;
                    case DONTFORK -> MADV_DONTFORK;
                    case DOFORK -> MADV_DOFORK;
                    case WIPEONFORK -> MADV_WIPEONFORK;
                    case KEEPONFORK -> MADV_KEEPONFORK;
                    case MERGEABLE -> MADV_MERGEABLE;
                    case UNMERGEABLE -> MADV_UNMERGEABLE;
                    case HUGEPAGE -> MADV_HUGEPAGE;
                    case NOHUGEPAGE -> MADV_NOHUGEPAGE;
                    case COLLAPSE -> MADV_COLLAPSE;
                };
        if (advice != Advice.DONTFORK && devices.overlaps(address, pages(length))) {
            throw new ErrnoException(Errno.EINVAL, call, "registers of a device are no memory");
        }
        try {
            narrowing(call, range(address, length), SystemCall.MADVISE, address, length, number);
        } catch (ErrnoException e) {
            boolean wish = advice == Advice.HUGEPAGE || advice == Advice.NOHUGEPAGE;
            if (!wish || e.errno() != Errno.EINVAL || process.host().hasHugePages()) {
                throw e;
            }
        }
    }

    int createShared(long size) {
        String call = "memfd_create";
        if (size < 0) {
            throw new ErrnoException(
                    Errno.EINVAL, "ftruncate", "a size of %d is negative".formatted(size));
        }
        return process.agent(
                call,
                agent -> {
                    AgentChannel channel = agent.channel();
                    long name = channel.scratch(NAME, "opensva");
                    int fd =
                            (int)
                                    KernelErrors.check(
                                            channel.call(SystemCall.MEMFD_CREATE, name, 0), call);
                    boolean done = false;
                    try {
                        KernelErrors.check(
                                channel.call(SystemCall.FTRUNCATE, fd, size), "ftruncate");
                        SharedMemory object = process.host().memory().share(channel.take(fd));
                        files.own(object);
                        files.put(fd, new DescriptorTable.MemoryFile(object), false);
                        done = true;
                        return fd;
                    } finally {
                        if (!done) {
                            channel.call(SystemCall.CLOSE, fd);
                        }
                    }
                });
    }

    void truncate(int fd, long size) {
        String call = "ftruncate(%d, %d)".formatted(fd, size);
        SharedMemory object = memoryFile(call, fd);
        if (size < 0) {
            throw new ErrnoException(Errno.EINVAL, call, "a size from 0 is needed");
        }
        process.host()
                .memory()
                .resize(object, size, () -> plain(call, SystemCall.FTRUNCATE, fd, size));
    }

    private SharedMemory memoryFile(String call, int fd) {
        process.requireAlive(call);
        DescriptorTable.Meaning meaning = files.find(fd);
        if (meaning == null) {
            throw new ErrnoException(Errno.EBADF, call, "it is not open");
        }
        if (!(meaning instanceof DescriptorTable.MemoryFile memory)) {
            throw new ErrnoException(Errno.EINVAL, call, "a memory object is needed");
        }
        return memory.object();
    }
}
