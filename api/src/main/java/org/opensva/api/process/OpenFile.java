package org.opensva.api.process;

import org.opensva.api.memory.Protection;

/** An open file as its driver implements it (Linux: {@code struct file_operations}). */
public interface OpenFile {

    /**
     * The name for messages.
     *
     * @return for example {@code zip-0}
     */
    String name();

    /**
     * A process maps part of the file.
     *
     * @param caller the process that maps
     * @param offset byte offset in the file
     * @param length number of bytes
     * @param protection what the mapping shall allow
     * @return what stands behind the mapping; the kernel reports its end through {@link
     *     DeviceMapping#unmapped}
     * @throws ErrnoException {@code EINVAL} for a wrong region or size, {@code EEXIST} if the
     *     region is mapped already, {@code ENODEV} if the file cannot be mapped
     */
    default DeviceMapping map(SvaProcess caller, long offset, long length, Protection protection) {
        throw new ErrnoException(
                Errno.ENODEV, "mmap(" + name() + ")", "this file cannot be mapped");
    }

    /**
     * The last descriptor is closed and no mapping is left. Called once, with no lock of the kernel
     * held, so that it may wait for a device to come to rest; must not fail, and must end.
     */
    void release();
}
