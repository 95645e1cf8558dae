package org.opensva.uacce.lab;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.OpenFile;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A table of open files; open files are shared and counted. */
public final class LabFiles implements FileTable {

    /** An open file and how many descriptors and mappings refer to it. */
    static final class Open {
        final OpenFile file;
        private int references = 1;

        Open(OpenFile file) {
            this.file = file;
        }

        synchronized Open take() {
            references++;
            return this;
        }

        void drop() {
            boolean last;
            synchronized (this) {
                last = --references == 0;
            }
            if (last) {
                file.release();
            }
        }
    }

    record Slot(Open open, boolean closeOnExec) {}

    final Map<Integer, Slot> slots = new TreeMap<>();
    int capacity = 1024;

    @Override
    public synchronized int install(OpenFile file, boolean closeOnExec) {
        return put(new Open(file), closeOnExec);
    }

    private int put(Open open, boolean closeOnExec) {
        int fd = 0;
        while (slots.containsKey(fd)) {
            fd++;
        }
        if (fd >= capacity) {
            throw new ErrnoException(Errno.EMFILE, "install", "");
        }
        slots.put(fd, new Slot(open, closeOnExec));
        return fd;
    }

    Open open(int fd) {
        Slot slot;
        synchronized (this) {
            slot = slots.get(fd);
        }
        if (slot == null) {
            throw new ErrnoException(Errno.EBADF, "fd " + fd, "");
        }
        return slot.open;
    }

    @Override
    public int receive(FileTable from, int fd) {
        Open open = ((LabFiles) from).open(fd).take();
        synchronized (this) {
            return put(open, false);
        }
    }

    @Override
    public synchronized Optional<OpenFile> get(int fd) {
        return Optional.ofNullable(slots.get(fd)).map(slot -> slot.open.file);
    }

    @Override
    public void close(int fd) {
        Slot slot;
        synchronized (this) {
            slot = slots.remove(fd);
        }
        if (slot == null) {
            throw new ErrnoException(Errno.EBADF, "close(" + fd + ")", "");
        }
        slot.open.drop();
    }

    public synchronized boolean isCloseOnExec(int fd) {
        return slots.get(fd).closeOnExec;
    }

    public synchronized int count() {
        return slots.size();
    }

    public synchronized void limit(int descriptors) {
        capacity = descriptors;
    }

    synchronized LabFiles copy() {
        LabFiles copy = new LabFiles();
        slots.forEach((fd, s) -> copy.slots.put(fd, new Slot(s.open.take(), s.closeOnExec)));
        return copy;
    }

    void closeAll(boolean onlyOnExec) {
        Map<Integer, Slot> all;
        synchronized (this) {
            all = new TreeMap<>(slots);
        }
        all.forEach((fd, slot) -> {
            if (!onlyOnExec || slot.closeOnExec) {
                close(fd);
            }
        });
    }
}
