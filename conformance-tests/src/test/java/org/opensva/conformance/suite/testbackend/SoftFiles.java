package org.opensva.conformance.suite.testbackend;

import org.jspecify.annotations.Nullable;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.OpenFile;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** The open files of a process. */
final class SoftFiles implements FileTable {

    /** An open file and the number of descriptors that name it. */
    static final class File {
        final OpenFile file;
        final boolean closeOnExec;
        int users;

        File(OpenFile file, boolean closeOnExec) {
            this.file = file;
            this.closeOnExec = closeOnExec;
        }
    }

    private final SoftMachine machine;
    private final TreeMap<Integer, File> open = new TreeMap<>();

    SoftFiles(SoftMachine machine) {
        this.machine = machine;
    }

    @Override
    public int install(OpenFile file, boolean closeOnExec) {
        return add(new File(file, closeOnExec));
    }

    private int add(File file) {
        machine.lock.writeLock().lock();
        try {
            int fd = 3;
            while (open.containsKey(fd)) {
                fd++;
            }
            file.users++;
            open.put(fd, file);
            return fd;
        } finally {
            machine.lock.writeLock().unlock();
        }
    }

    @Override
    public int receive(FileTable from, int fd) {
        return add(((SoftFiles) from).file(fd));
    }

    private File file(int fd) {
        File file = open.get(fd);
        if (file == null) {
            throw new ErrnoException(Errno.EBADF, "fd " + fd, "");
        }
        return file;
    }

    @Override
    public Optional<OpenFile> get(int fd) {
        @Nullable File file = open.get(fd);
        return Optional.ofNullable(file).map(found -> found.file);
    }

    @Override
    public void close(int fd) {
        machine.lock.writeLock().lock();
        try {
            File file = file(fd);
            open.remove(fd);
            if (--file.users == 0 || closesForAll(file)) {
                file.users = 0;
                file.file.release();
            }
        } finally {
            machine.lock.writeLock().unlock();
        }
    }

    private boolean closesForAll(File file) {
        return file.file instanceof SoftQueue && machine.broken(Fault.ANY_CLOSE_ENDS_THE_QUEUE);
    }

    void copyTo(SoftFiles child) {
        open.forEach((fd, file) -> {
            file.users++;
            child.open.put(fd, file);
        });
    }

    void closeAll(boolean onlyOnExec) {
        List<Integer> all = new ArrayList<>();
        open.forEach((fd, file) -> {
            if (!onlyOnExec || file.closeOnExec) {
                all.add(fd);
            }
        });
        all.forEach(this::close);
    }
}
