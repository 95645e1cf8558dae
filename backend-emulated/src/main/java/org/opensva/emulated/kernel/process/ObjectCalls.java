package org.opensva.emulated.kernel.process;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.emulated.kernel.mm.AddressSpaces;
import org.opensva.emulated.kernel.mm.MemoryObject;

import java.util.function.Consumer;

/**
 * The system calls of a process about memory objects and files, by descriptor.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
final class ObjectCalls {

    private final DescriptorTable files;
    private final AddressSpaces addressSpaces;

    ObjectCalls(DescriptorTable files, AddressSpaces addressSpaces) {
        this.files = files;
        this.addressSpaces = addressSpaces;
    }

    int createSharedMemory(long size) {
        requireSize(size);
        return install("memfd", addressSpaces.createObject(size));
    }

    int createFile(long size) {
        requireSize(size);
        return install("file", addressSpaces.createFile(size));
    }

    private static void requireSize(long size) {
        if (size < 0) {
            throw new ErrnoException(
                    Errno.EINVAL, "ftruncate", "a size of %d is negative".formatted(size));
        }
    }

    private int install(String kind, MemoryObject object) {
        boolean installed = false;
        try {
            int fd = files.install(new MemoryObjectFile(kind, object), false);
            installed = true;
            return fd;
        } finally {
            if (!installed) {
                object.release();
            }
        }
    }

    void truncate(int fd, long size) {
        String call = "ftruncate(%d, %d)".formatted(fd, size);
        withObject(
                call,
                fd,
                object -> {
                    if (size < 0) {
                        throw new ErrnoException(Errno.EINVAL, call, "the size is negative");
                    }
                    object.truncate(size);
                });
    }

    void punchHole(int fd, long offset, long length) {
        String call = "fallocate(%d, %d, %d)".formatted(fd, offset, length);
        withObject(
                call,
                fd,
                object -> {
                    if (offset < 0 || length <= 0) {
                        throw new ErrnoException(Errno.EINVAL, call, "that is not a hole");
                    }
                    if (offset + length < 0) {
                        throw new ErrnoException(Errno.EFBIG, call, "no file is so large");
                    }
                    object.punch(offset, length);
                });
    }

    private void withObject(String call, int fd, Consumer<MemoryObject> action) {
        OpenFileDescription description = files.acquire(call, fd);
        try {
            if (!(description.file() instanceof MemoryObjectFile memory)) {
                throw new ErrnoException(Errno.EINVAL, call, "it is not a memory object");
            }
            action.accept(memory.object());
        } finally {
            description.release();
        }
    }
}
