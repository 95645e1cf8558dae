package org.opensva.linux.adopt;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.OpenFile;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The device files that are open on behalf of an adopted process. The process itself does not know
 * of them: numbers are those of this table, and they go with the address space.
 *
 * <p><b>Threading.</b> Any thread may call. No lock is held while a file is released.
 */
final class AdoptedFiles implements FileTable {

    private final TreeMap<Integer, OpenFile> files = new TreeMap<>();
    private boolean ended;

    @Override
    public synchronized int install(OpenFile file, boolean closeOnExec) {
        if (ended) {
            throw new ErrnoException(
                    Errno.ESRCH,
                    "open " + file.name(),
                    "the process has ended, or has called exec");
        }
        int fd = 0;
        while (files.containsKey(fd)) {
            fd++;
        }
        files.put(fd, file);
        return fd;
    }

    @Override
    public int receive(FileTable from, int fd) {
        throw new ErrnoException(
                Errno.EOPNOTSUPP,
                "receive descriptor " + fd,
                "an adopted process cannot be passed descriptors");
    }

    @Override
    public synchronized Optional<OpenFile> get(int fd) {
        return Optional.ofNullable(files.get(fd));
    }

    @Override
    public void close(int fd) {
        OpenFile file;
        synchronized (this) {
            file = files.remove(fd);
        }
        if (file == null) {
            throw new ErrnoException(Errno.EBADF, "close(" + fd + ")", "it is not open");
        }
        file.release();
    }

    /** Releases all; none can be opened any more. */
    void end() {
        List<OpenFile> last;
        synchronized (this) {
            ended = true;
            last = List.copyOf(files.values());
            files.clear();
        }
        last.forEach(OpenFile::release);
    }
}
