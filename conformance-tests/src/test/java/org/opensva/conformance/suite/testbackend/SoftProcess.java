package org.opensva.conformance.suite.testbackend;

import org.opensva.api.memory.Access;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.OpenFile;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.testbackend.SoftMachine.Frame;
import org.opensva.conformance.suite.testbackend.SoftMachine.Translation;
import org.opensva.conformance.suite.testbackend.SoftMm.Shared;
import org.opensva.conformance.suite.testbackend.SoftMm.Vma;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** A process. */
final class SoftProcess implements SvaProcess {

    /** A memory object as an open file. */
    private final class MemoryFile implements OpenFile {
        final Shared object = new Shared();

        @Override
        public String name() {
            return "memory";
        }

        @Override
        public void release() {
            mm.drop(object);
        }
    }

    private static final int PAGE = SoftMachine.PAGE;

    final SoftMachine machine;
    final SoftFiles files;
    private final long pid;
    SoftMm mm;
    private boolean alive = true;
    private boolean reaped;

    SoftProcess(SoftMachine machine) {
        this.machine = machine;
        this.files = new SoftFiles(machine);
        this.pid = machine.id();
        this.mm = new SoftMm(machine);
        locked(() -> machine.processes.add(this));
    }

    <T> T locked(Supplier<T> action) {
        machine.lock.writeLock().lock();
        try {
            return action.get();
        } finally {
            machine.lock.writeLock().unlock();
        }
    }

    /** A system call. */
    <T> T call(String name, Supplier<T> action) {
        return locked(() -> {
            if (!alive) {
                throw new ErrnoException(Errno.ESRCH, name, "");
            }
            return action.get();
        });
    }

    private void call(String name, Runnable action) {
        call(
                name,
                () -> {
                    action.run();
                    return true;
                });
    }

    private static long pages(long length) {
        return (length + PAGE - 1) / PAGE;
    }

    private static void aligned(long address, String name) {
        if (address % PAGE != 0) {
            throw new ErrnoException(Errno.EINVAL, name, "not a multiple of the page size");
        }
    }

    @Override
    public long mmap(MapRequest request) {
        return call(
                "mmap",
                () -> {
                    long pages = pages(request.length());
                    long start = request.fixed() ? request.address() / PAGE : mm.place(pages);
                    Shared object = null;
                    if (request.fd() != MapRequest.ANONYMOUS) {
                        object =
                                files.get(request.fd())
                                        .filter(MemoryFile.class::isInstance)
                                        .map(file -> ((MemoryFile) file).object)
                                        .orElseThrow(
                                                () -> new ErrnoException(Errno.EBADF, "mmap", ""));
                    } else if (request.shared()) {
                        object = new Shared();
                        object.users = 0;
                        object.pages = pages;
                    }
                    mm.unmap(start, start + pages);
                    mm.add(
                            new Vma(
                                    start,
                                    start + pages,
                                    request.protection(),
                                    request.shared(),
                                    object,
                                    request.offset() / PAGE,
                                    null));
                    return start * PAGE;
                });
    }

    @Override
    public void munmap(long address, long length) {
        aligned(address, "munmap");
        call("munmap", () -> mm.unmap(address / PAGE, address / PAGE + pages(length)));
    }

    @Override
    public void mprotect(long address, long length, Protection protection) {
        aligned(address, "mprotect");
        call(
                "mprotect",
                () -> {
                    long from = address / PAGE;
                    long to = from + pages(length);
                    for (Vma vma : mm.cut(from, to)) {
                        mm.add(vma.with(protection));
                    }
                    for (long page = from; page < to; page++) {
                        Translation entry = mm.table.get(page);
                        if (entry != null && entry.frame() != null) {
                            if (protection == Protection.NONE) {
                                // Kept, but out of reach, as an entry without access would be.
                                keep(page, entry.frame());
                            } else if (!protection.allows(Access.WRITE)) {
                                mm.table.put(page, new Translation(entry.frame(), false));
                            } else if (entry.frame().users == 1) {
                                mm.table.put(page, new Translation(entry.frame(), true));
                            }
                        }
                    }
                    boolean widens =
                            protection.allows(Access.WRITE)
                                    && machine.broken(Fault.STALE_READ_ONLY_IS_FINAL);
                    if (!widens && !machine.broken(Fault.MPROTECT_DOES_NOT_INVALIDATE)) {
                        machine.invalidate(mm, from, to);
                    }
                });
    }

    private void keep(long page, Frame frame) {
        mm.table.put(page, new Translation(frame, false));
    }

    @Override
    public long mremap(long address, long oldLength, long newLength, boolean mayMove) {
        return call(
                "mremap",
                () -> {
                    long from = address / PAGE;
                    long old = pages(oldLength);
                    long count = pages(newLength);
                    Vma vma = mm.find(from);
                    if (vma == null) {
                        throw new ErrnoException(Errno.EFAULT, "mremap", "");
                    }
                    if (vma.unmapped() != null) {
                        throw new ErrnoException(Errno.EPERM, "mremap", "a queue's region");
                    }
                    if (count <= old) {
                        if (count < old) {
                            mm.unmap(from + count, from + old);
                        }
                        return address;
                    }
                    if (!mayMove) {
                        throw new ErrnoException(Errno.ENOMEM, "mremap", "no room");
                    }
                    long to = mm.place(count);
                    for (Vma part : mm.cut(from, from + old)) {
                        long start = part.start() - from + to;
                        mm.add(
                                new Vma(
                                        start,
                                        start + part.end() - part.start() + count - old,
                                        part.protection(),
                                        part.shared(),
                                        part.object(),
                                        part.offset(),
                                        null));
                    }
                    for (long page = 0; page < old; page++) {
                        Translation entry = mm.table.remove(from + page);
                        if (entry != null) {
                            mm.table.put(to + page, entry);
                        }
                    }
                    machine.invalidate(mm, from, from + old);
                    return to * PAGE;
                });
    }

    @Override
    public void madvise(long address, long length, Advice advice) {
        call(
                "madvise",
                () -> {
                    long from = address / PAGE;
                    long to = from + pages(length);
                    switch (advice) {
                        case DONTNEED -> {
                            List<Frame> frames = mm.clear(from, to);
                            if (!machine.broken(Fault.DISCARD_DOES_NOT_INVALIDATE)) {
                                machine.invalidate(mm, from, to);
                            }
                            frames.forEach(machine::release);
                        }
                        case PAGEOUT -> {
                            // To another frame and back: what a swap out and in amounts to.
                            for (long page = from; page < to; page++) {
                                Translation entry = mm.table.get(page);
                                if (entry != null
                                        && entry.frame() != null
                                        && entry.frame().users == 1) {
                                    machine.invalidate(mm, page, page + 1);
                                    Frame copy = machine.allocate();
                                    copy.copyOf(entry.frame());
                                    mm.table.put(page, new Translation(copy, entry.writable()));
                                    machine.release(entry.frame());
                                }
                            }
                        }
                        case POPULATE_WRITE -> {
                            for (long page = from; page < to; page++) {
                                mm.fault(page, Access.WRITE);
                            }
                        }
                        default ->
                                throw new ErrnoException(Errno.EINVAL, "madvise", "not supported");
                    }
                });
    }

    @Override
    public int createSharedMemory(long size) {
        return call(
                "memfd_create",
                () -> {
                    MemoryFile file = new MemoryFile();
                    file.object.pages = pages(size);
                    return files.install(file, false);
                });
    }

    @Override
    public void truncate(int fd, long size) {
        call(
                "ftruncate",
                () -> {
                    Shared object =
                            files.get(fd)
                                    .map(file -> ((MemoryFile) file).object)
                                    .orElseThrow(
                                            () -> new ErrnoException(Errno.EBADF, "ftruncate", ""));
                    long pages = pages(size);
                    for (SoftProcess process : machine.processes) {
                        for (Vma vma : new ArrayList<>(process.mm.vmas.values())) {
                            if (vma.object() == object) {
                                long from = vma.start() + Math.max(0, pages - vma.offset());
                                if (from < vma.end()) {
                                    List<Frame> frames = process.mm.clear(from, vma.end());
                                    machine.invalidate(process.mm, from, vma.end());
                                    frames.forEach(machine::release);
                                }
                            }
                        }
                    }
                    object.pages = pages;
                    object.frames
                            .entrySet()
                            .removeIf(entry -> {
                                if (entry.getKey() >= pages) {
                                    machine.release(entry.getValue());
                                    return true;
                                }
                                return false;
                            });
                });
    }

    @Override
    public void closeFile(int fd) {
        call("close", () -> files.close(fd));
    }

    private interface Piece {
        void access(Frame frame, int offset, int at, int length);
    }

    private void cpu(long address, int length, int access, Piece piece) {
        int done = 0;
        while (done < length) {
            long at = address + done;
            long page = Math.floorDiv(at, (long) PAGE);
            int offset = (int) Math.floorMod(at, (long) PAGE);
            int part = Math.min(length - done, PAGE - offset);
            if (!present(page, access, offset, done, part, piece)) {
                boolean resolved =
                        call(
                                "load or store",
                                () -> mm.find(page) != null && mm.fault(page, access));
                if (!resolved) {
                    Vma vma = locked(() -> mm.find(page));
                    if (vma != null && vma.unmapped() != null) {
                        piece.access(new Frame(), offset, done, part);
                    } else {
                        boolean beyond =
                                vma != null
                                        && vma.object() != null
                                        && vma.protection().allows(access);
                        throw new CpuFaultException(beyond ? Signal.SIGBUS : Signal.SIGSEGV, at);
                    }
                } else {
                    continue;
                }
            }
            done += part;
        }
    }

    private boolean present(long page, int access, int offset, int done, int part, Piece piece) {
        machine.lock.readLock().lock();
        try {
            if (!alive) {
                throw new ErrnoException(Errno.ESRCH, "load or store", "");
            }
            Translation entry = mm.table.get(page);
            Vma vma = mm.find(page);
            if (entry == null
                    || entry.frame() == null
                    || vma == null
                    || !vma.protection().allows(access)
                    || (Access.writes(access) && !entry.writable())) {
                return false;
            }
            piece.access(entry.frame(), offset, done, part);
            return true;
        } finally {
            machine.lock.readLock().unlock();
        }
    }

    @Override
    public void load(long address, byte[] target, int offset, int length) {
        cpu(
                address,
                length,
                Access.READ,
                (frame, from, at, part) -> frame.read(from, target, offset + at, part));
    }

    @Override
    public void store(long address, byte[] source, int offset, int length) {
        cpu(
                address,
                length,
                Access.WRITE,
                (frame, to, at, part) -> frame.write(to, source, offset + at, part));
    }

    @Override
    public long loadLong(long address) {
        long[] value = new long[1];
        cpu(
                address,
                Long.BYTES,
                Access.READ,
                (frame, offset, at, part) -> value[0] = frame.word(offset));
        return value[0];
    }

    @Override
    public void storeLong(long address, long value) {
        cpu(
                address,
                Long.BYTES,
                Access.WRITE,
                (frame, offset, at, part) -> frame.word(offset, value));
    }

    @Override
    public SvaProcess fork() {
        return call(
                "fork",
                () -> {
                    SoftProcess child = new SoftProcess(machine);
                    for (Vma vma : mm.vmas.values()) {
                        if (vma.unmapped() == null) {
                            child.mm.add(vma);
                        }
                    }
                    child.mm.place(mm.place(0));
                    for (Map.Entry<Long, Translation> entry : mm.table.entrySet()) {
                        Vma vma = mm.find(entry.getKey());
                        Frame frame = entry.getValue().frame();
                        if (vma != null && frame != null) {
                            machine.share(frame);
                            boolean writable = vma.shared() && entry.getValue().writable();
                            entry.setValue(new Translation(frame, writable));
                            child.mm.table.put(entry.getKey(), new Translation(frame, writable));
                        }
                    }
                    files.copyTo(child.files);
                    if (machine.broken(Fault.CHILD_INHERITS_PASID)) {
                        child.mm.pasid = mm.pasid;
                    }
                    if (!machine.broken(Fault.FORK_DOES_NOT_INVALIDATE)) {
                        machine.invalidate(mm, 0, -1);
                    }
                    return child;
                });
    }

    @Override
    public void exec() {
        call(
                "exec",
                () -> {
                    SoftMm old = mm;
                    mm = new SoftMm(machine);
                    old.users--;
                    old.release();
                    files.closeAll(true);
                });
    }

    @Override
    public void exit(int status) {
        call("exit", this::end);
    }

    private void end() {
        alive = false;
        mm.users--;
        mm.release();
        files.closeAll(false);
    }

    @Override
    public void kill(Signal signal) {
        call("kill", this::end);
    }

    @Override
    public boolean awaitTermination(Duration timeout) {
        return !isAlive();
    }

    @Override
    public void close() {
        locked(() -> {
            if (alive) {
                end();
            }
            if (!reaped) {
                reaped = true;
                machine.processes.remove(this);
            }
            return true;
        });
    }

    @Override
    public long pid() {
        return pid;
    }

    @Override
    public boolean isAlive() {
        return locked(() -> alive);
    }

    @Override
    public int pageSize() {
        return PAGE;
    }

    @Override
    public SoftMm addressSpace() {
        return mm;
    }

    @Override
    public FileTable files() {
        return files;
    }
}
