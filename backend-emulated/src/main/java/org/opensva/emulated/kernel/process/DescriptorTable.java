package org.opensva.emulated.kernel.process;

import org.jspecify.annotations.Nullable;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.OpenFile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The descriptors of one process.
 *
 * <p>The monitor guards the array only; files are released with it free.
 */
final class DescriptorTable implements FileTable {

    /** How many descriptors a process can have (Linux: {@code INR_OPEN_CUR}). */
    static final int LIMIT = 1024;

    private record Descriptor(OpenFileDescription description, boolean closeOnExec) {}

    private @Nullable Descriptor[] descriptors = new Descriptor[8];
    private boolean ended;

    @Override
    public int install(OpenFile file, boolean closeOnExec) {
        return install("open " + file.name(), new OpenFileDescription(file), closeOnExec);
    }

    private synchronized int install(
            String call, OpenFileDescription description, boolean closeOnExec) {
        if (ended) {
            throw new ErrnoException(Errno.ESRCH, call, "the process has ended");
        }
        int fd = 0;
        while (fd < descriptors.length && descriptors[fd] != null) {
            fd++;
        }
        if (fd == LIMIT) {
            throw new ErrnoException(
                    Errno.EMFILE, call, "all %d descriptors are in use".formatted(LIMIT));
        }
        if (fd == descriptors.length) {
            descriptors = Arrays.copyOf(descriptors, fd * 2);
        }
        descriptors[fd] = new Descriptor(description, closeOnExec);
        return fd;
    }

    @Override
    public int receive(FileTable from, int fd) {
        String call = "receive descriptor " + fd;
        if (!(from instanceof DescriptorTable sender)) {
            throw new ErrnoException(Errno.EBADF, call, "it belongs to another kernel");
        }
        OpenFileDescription description = sender.acquire(call, fd);
        boolean installed = false;
        try {
            int here = install(call, description, false);
            installed = true;
            return here;
        } finally {
            if (!installed) {
                description.release();
            }
        }
    }

    @Override
    public synchronized Optional<OpenFile> get(int fd) {
        Descriptor descriptor = at(fd);
        return descriptor == null ? Optional.empty() : Optional.of(descriptor.description().file());
    }

    /** Looks a descriptor up and takes a reference to its file. */
    synchronized OpenFileDescription acquire(String call, int fd) {
        Descriptor descriptor = at(fd);
        if (descriptor == null || !descriptor.description().acquire()) {
            throw badDescriptor(call, fd);
        }
        return descriptor.description();
    }

    @Override
    public void close(int fd) {
        OpenFileDescription description;
        synchronized (this) {
            Descriptor descriptor = at(fd);
            if (descriptor == null) {
                throw badDescriptor("close", fd);
            }
            descriptors[fd] = null;
            description = descriptor.description();
        }
        description.release();
    }

    /** The table of a child: the same open files under the same numbers. */
    synchronized DescriptorTable fork() {
        if (ended) {
            throw new ErrnoException(Errno.ESRCH, "fork", "the process has ended");
        }
        DescriptorTable child = new DescriptorTable();
        child.descriptors = descriptors.clone();
        for (Descriptor descriptor : descriptors) {
            if (descriptor != null) {
                // The parent's own reference keeps it from having gone.
                descriptor.description().acquire();
            }
        }
        return child;
    }

    /** Closes what is marked close-on-exec. */
    void exec() {
        closeAll(true);
    }

    /** Closes everything, and refuses new descriptors. */
    void end() {
        synchronized (this) {
            ended = true;
        }
        closeAll(false);
    }

    private void closeAll(boolean onlyOnExec) {
        List<OpenFileDescription> closed = new ArrayList<>();
        synchronized (this) {
            for (int fd = 0; fd < descriptors.length; fd++) {
                Descriptor descriptor = descriptors[fd];
                if (descriptor != null && (descriptor.closeOnExec() || !onlyOnExec)) {
                    descriptors[fd] = null;
                    closed.add(descriptor.description());
                }
            }
        }
        RuntimeException first = null;
        for (OpenFileDescription description : closed) {
            try {
                description.release();
            } catch (RuntimeException e) {
                // One broken driver must not keep the files of the others open.
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    synchronized int openCount() {
        int count = 0;
        for (Descriptor descriptor : descriptors) {
            count += descriptor != null ? 1 : 0;
        }
        return count;
    }

    private @Nullable Descriptor at(int fd) {
        return fd >= 0 && fd < descriptors.length ? descriptors[fd] : null;
    }

    private static ErrnoException badDescriptor(String call, int fd) {
        return new ErrnoException(Errno.EBADF, call + "(" + fd + ")", "it is not open");
    }
}
