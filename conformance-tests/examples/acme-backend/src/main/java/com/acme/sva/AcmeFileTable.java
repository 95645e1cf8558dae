package com.acme.sva;

import org.jspecify.annotations.Nullable;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.OpenFile;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The open files of a process. A child gets the same open files, not copies: a file is released
 * with the last descriptor of all processes, and that is why a queue outlives a parent that closes
 * it while its child still holds it.
 */
final class AcmeFileTable implements FileTable {

    private static final int CAPACITY = 1024;

    /** An open file and how many descriptors of all processes name it. */
    private record OpenedFile(OpenFile file, AtomicInteger descriptors) {

        OpenedFile share() {
            descriptors.incrementAndGet();
            return this;
        }

        void drop() {
            if (descriptors.decrementAndGet() == 0) {
                file.release();
            }
        }
    }

    private record Slot(OpenedFile opened, boolean closeOnExec) {}

    private final Map<Integer, Slot> slots = new TreeMap<>();
    private boolean ended;

    @Override
    public int install(OpenFile file, boolean closeOnExec) {
        return add(new Slot(new OpenedFile(file, new AtomicInteger(1)), closeOnExec));
    }

    @Override
    public int receive(FileTable from, int fd) {
        Slot slot = from instanceof AcmeFileTable table ? table.share(fd) : null;
        if (slot == null) {
            throw badDescriptor("receive", fd);
        }
        try {
            return add(slot);
        } catch (ErrnoException e) {
            slot.opened().drop();
            throw e;
        }
    }

    private synchronized int add(Slot slot) {
        if (ended) {
            throw new ErrnoException(Errno.ESRCH, "install", "the process has ended");
        }
        int fd = 0;
        while (slots.containsKey(fd)) {
            fd++;
        }
        if (fd >= CAPACITY) {
            throw new ErrnoException(Errno.EMFILE, "install", "all descriptors are in use");
        }
        slots.put(fd, slot);
        return fd;
    }

    private synchronized @Nullable Slot share(int fd) {
        Slot slot = slots.get(fd);
        if (slot != null) {
            slot.opened().share();
        }
        return slot;
    }

    @Override
    public synchronized Optional<OpenFile> get(int fd) {
        return Optional.ofNullable(slots.get(fd)).map(slot -> slot.opened().file());
    }

    @Override
    public void close(int fd) {
        Slot slot;
        synchronized (this) {
            slot = slots.remove(fd);
        }
        if (slot == null) {
            throw badDescriptor("close", fd);
        }
        // Outside the lock: releasing a queue waits for the job that the device is working on.
        slot.opened().drop();
    }

    /** Closes a descriptor if it still names a file. */
    void closeIf(int fd, OpenFile file) {
        Slot slot;
        synchronized (this) {
            slot = slots.get(fd);
            if (slot == null || !slot.opened().file().equals(file)) {
                return;
            }
            slots.remove(fd);
        }
        slot.opened().drop();
    }

    /** The table of a child: the same numbers, the same open files. */
    synchronized AcmeFileTable fork() {
        AcmeFileTable child = new AcmeFileTable();
        slots.forEach((fd, slot) -> {
            slot.opened().share();
            child.slots.put(fd, slot);
        });
        return child;
    }

    void closeOnExec() {
        List<Slot> closing;
        synchronized (this) {
            closing = slots.values().stream().filter(Slot::closeOnExec).toList();
            slots.values().removeIf(Slot::closeOnExec);
        }
        closing.forEach(slot -> slot.opened().drop());
    }

    /** The process has ended: everything is closed, and nothing can be installed any more. */
    void closeAll() {
        List<Slot> closing;
        synchronized (this) {
            ended = true;
            closing = List.copyOf(slots.values());
            slots.clear();
        }
        closing.forEach(slot -> slot.opened().drop());
    }

    private static ErrnoException badDescriptor(String call, int fd) {
        return new ErrnoException(Errno.EBADF, call + "(" + fd + ")", "it is not open");
    }
}
