package org.opensva.api.process;

import org.opensva.api.memory.Protection;

import java.time.Duration;
import java.util.Set;

/**
 * A process that a test or an application drives: emulated, or real and remote-controlled.
 *
 * <p>Each method is one system call, or one load or store, made <em>by</em> the process. What the
 * kernel refuses is an {@link ErrnoException}; what the page tables refuse is a {@link
 * CpuFaultException}. After the process has ended every call but {@link #isAlive}, {@link #pid},
 * {@link #awaitTermination} and {@link #close} is refused with {@link Errno#ESRCH}.
 *
 * <p>All addresses are virtual addresses of this process. An operation that narrows a mapping
 * (unmap, protect, discard, truncate, fork, exit) returns only after no device can use the old
 * translation: that is the promise this project exists to check.
 *
 * <p><b>Threading.</b> Any thread may call; calls made at the same time behave as calls of
 * different threads of the process.
 */
public interface SvaProcess extends AutoCloseable {

    /**
     * The process id.
     *
     * @return a positive number, possibly reused after the process has been reaped
     */
    long pid();

    /**
     * Tells whether the process has not ended yet.
     *
     * @return false once it has exited or was killed
     */
    boolean isAlive();

    /**
     * The page size of the process.
     *
     * @return bytes, a power of two
     */
    int pageSize();

    /**
     * The current address space. {@link #exec} replaces it by another one.
     *
     * @return the address space as the kernel sees it
     */
    AddressSpace addressSpace();

    /**
     * The open files of the process.
     *
     * @return the table, in which drivers install their files
     */
    FileTable files();

    /**
     * Maps memory.
     *
     * @param request what to map, and where
     * @return the address of the mapping
     * @throws ErrnoException {@code EINVAL}, {@code ENOMEM}, {@code EBADF}, {@code EACCES}, {@code
     *     ENODEV}, {@code EPERM} for a fixed place below the lowest that processes may map, or what
     *     the file's driver answers
     */
    long mmap(MapRequest request);

    /**
     * Maps memory in a way that not every system offers.
     *
     * @param request what to map, and where
     * @param flags what else is asked for
     * @return the address of the mapping
     * @throws ErrnoException as {@link #mmap(MapRequest)}; {@code EEXIST} for {@link
     *     MapFlag#FIXED_NOREPLACE} where something is mapped; {@code ENOSYS} where there are no
     *     flags
     */
    default long mmap(MapRequest request, Set<MapFlag> flags) {
        if (flags.isEmpty()) {
            return mmap(request);
        }
        throw new ErrnoException(Errno.ENOSYS, "mmap" + flags, "there are no flags here");
    }

    /**
     * Unmaps a range. When the call returns, no processor and no device reaches the old pages
     * through it.
     *
     * @param address a multiple of the page size
     * @param length number of bytes, more than 0; rounded up to pages
     * @throws ErrnoException {@code EINVAL}
     */
    void munmap(long address, long length);

    /**
     * Changes what a range allows. When the call returns, a narrowed right is gone for devices too.
     *
     * @param address a multiple of the page size
     * @param length number of bytes; rounded up to pages
     * @param protection the new protection
     * @throws ErrnoException {@code EINVAL}, {@code ENOMEM} if part of the range is not mapped,
     *     {@code EACCES}
     */
    void mprotect(long address, long length, Protection protection);

    /**
     * Resizes or moves a mapping, contents included.
     *
     * @param address the old place, a multiple of the page size
     * @param oldLength the old size in bytes
     * @param newLength the new size in bytes
     * @param mayMove true for {@code MREMAP_MAYMOVE}
     * @return the new address
     * @throws ErrnoException {@code EINVAL}, {@code EFAULT}, {@code ENOMEM}, {@code EPERM} for a
     *     mapping of a device queue
     */
    long mremap(long address, long oldLength, long newLength, boolean mayMove);

    /**
     * Moves a mapping in a way that not every system offers.
     *
     * @param request what to move, and where
     * @return the new address
     * @throws ErrnoException as {@link #mremap(long, long, long, boolean)}; {@code ENOSYS} where a
     *     mapping can only be moved away from where it is
     */
    default long mremap(RemapRequest request) {
        if (!request.fixed() && !request.keepOld()) {
            return mremap(
                    request.address(), request.oldLength(), request.newLength(), request.mayMove());
        }
        throw new ErrnoException(Errno.ENOSYS, "mremap", "mappings are not moved like that here");
    }

    /**
     * Keeps the pages of a range in memory, and brings them there now ({@code mlock2(2)}).
     *
     * @param address an address in the first page
     * @param length number of bytes
     * @param onFault true to bring nothing now, and to keep what comes ({@code MLOCK_ONFAULT})
     * @throws ErrnoException {@code EINVAL}, {@code ENOMEM} if part of the range is not mapped,
     *     {@code EAGAIN}, {@code EPERM}; {@code ENOSYS} where memory cannot be locked
     */
    default void mlock(long address, long length, boolean onFault) {
        throw new ErrnoException(Errno.ENOSYS, "mlock", "memory cannot be locked here");
    }

    /**
     * Lets the pages of a range be reclaimed again ({@code munlock(2)}).
     *
     * @param address an address in the first page
     * @param length number of bytes
     * @throws ErrnoException {@code EINVAL}, {@code ENOMEM} if part of the range is not mapped;
     *     {@code ENOSYS} where memory cannot be locked
     */
    default void munlock(long address, long length) {
        throw new ErrnoException(Errno.ENOSYS, "munlock", "memory cannot be locked here");
    }

    /**
     * Writes the pages of a range that were written to back to the files that they belong to
     * ({@code msync(2)} with {@code MS_SYNC}), what devices have written included.
     *
     * @param address a multiple of the page size
     * @param length number of bytes; rounded up to pages
     * @throws ErrnoException {@code EINVAL}, {@code ENOMEM} if part of the range is not mapped;
     *     {@code EIO}; {@code ENOSYS} where there are no files but memory objects
     */
    default void msync(long address, long length) {
        throw new ErrnoException(Errno.ENOSYS, "msync", "there are no files to write to here");
    }

    /**
     * Gives advice about a range; see {@link Advice} for what each kind does.
     *
     * @param address a multiple of the page size
     * @param length number of bytes; rounded up to pages
     * @param advice what to do
     * @throws ErrnoException {@code EINVAL}, {@code ENOMEM} if part of the range is not mapped
     */
    void madvise(long address, long length, Advice advice);

    /**
     * Creates a memory object that can be mapped shared, as {@code memfd_create(2)} followed by
     * {@code ftruncate(2)}.
     *
     * @param size number of bytes
     * @return a file descriptor of this process
     * @throws ErrnoException {@code ENOMEM}, {@code EMFILE}
     */
    int createSharedMemory(long size);

    /**
     * Changes the size of a memory object. When the call returns, no device reaches a page beyond
     * the new end.
     *
     * @param fd a descriptor that {@link #createSharedMemory} returned
     * @param size the new number of bytes
     * @throws ErrnoException {@code EBADF}, {@code EINVAL}
     */
    void truncate(int fd, long size);

    /**
     * Creates a file without a name on a disk, and gives it a size ({@code open(2)} with {@code
     * O_TMPFILE}, then {@code ftruncate(2)}). It can be mapped like a memory object; its pages are
     * written back to the disk, and dropped when memory is short.
     *
     * @param size number of bytes
     * @return a file descriptor of this process
     * @throws ErrnoException {@code ENOSPC}, {@code EMFILE}; {@code ENOSYS} where there are no
     *     files but memory objects
     */
    default int createFile(long size) {
        throw new ErrnoException(Errno.ENOSYS, "open", "there are only memory objects here");
    }

    /**
     * Makes a hole in a memory object or file, whose size stays ({@code fallocate(2)} with {@code
     * FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE}). When the call returns, no device reaches a page
     * that was in the hole; whoever looks finds zeroes, except in private copies.
     *
     * @param fd a descriptor that {@link #createSharedMemory} or {@link #createFile} returned
     * @param offset the first byte of the hole, at least 0
     * @param length number of bytes, more than 0; parts of pages are filled with zeroes
     * @throws ErrnoException {@code EBADF}, {@code EINVAL}; {@code EFBIG} beyond what a file can
     *     hold; {@code ENOSYS} where there are no holes
     */
    default void punchHole(int fd, long offset, long length) {
        throw new ErrnoException(Errno.ENOSYS, "fallocate", "there are no holes here");
    }

    /**
     * Closes a file descriptor.
     *
     * @param fd the descriptor
     * @throws ErrnoException {@code EBADF}
     */
    void closeFile(int fd);

    /**
     * The processor loads bytes.
     *
     * @param address first byte
     * @param target where the bytes go
     * @param offset first index of the array
     * @param length number of bytes
     * @throws CpuFaultException at the first byte that may not be read
     */
    void load(long address, byte[] target, int offset, int length);

    /**
     * The processor stores bytes. Bytes before a faulting page may have been stored.
     *
     * @param address first byte
     * @param source where the bytes come from
     * @param offset first index of the array
     * @param length number of bytes
     * @throws CpuFaultException at the first byte that may not be written
     */
    void store(long address, byte[] source, int offset, int length);

    /**
     * The processor loads eight bytes at once, with acquire semantics.
     *
     * @param address a multiple of 8
     * @return the value, little-endian
     * @throws CpuFaultException if the address may not be read
     */
    long loadLong(long address);

    /**
     * The processor stores eight bytes at once, with release semantics.
     *
     * @param address a multiple of 8
     * @param value the value, little-endian
     * @throws CpuFaultException if the address may not be written
     */
    void storeLong(long address, long value);

    /**
     * The processor submits a command to the portal of a shared queue and learns whether it was
     * taken ({@code ENQCMD}). The processor writes the PASID of this process's address space over
     * the first four bytes of the command.
     *
     * @param portal where a region that is an {@link org.opensva.api.memory.EnqueuePortal} is
     *     mapped, a multiple of {@value org.opensva.api.memory.EnqueuePortal#COMMAND_SIZE}
     * @param command {@value org.opensva.api.memory.EnqueuePortal#COMMAND_SIZE} bytes
     * @return false if the command was not taken, also by whatever else is mapped there
     * @throws CpuFaultException {@link Signal#SIGSEGV} if the address is not mapped for writing or
     *     not a multiple, and if the address space has no PASID, as after fork and exec; {@link
     *     Signal#SIGBUS} if the device is gone
     * @throws ErrnoException {@code ENOSYS} where processors have no such instruction
     */
    default boolean enqueue(long portal, byte[] command) {
        throw new ErrnoException(Errno.ENOSYS, "enqueue", "these processors cannot");
    }

    /**
     * Loads an array of bytes.
     *
     * @param address first byte
     * @param length number of bytes
     * @return a new array
     * @throws CpuFaultException at the first byte that may not be read
     */
    default byte[] load(long address, int length) {
        byte[] bytes = new byte[length];
        load(address, bytes, 0, length);
        return bytes;
    }

    /**
     * Stores an array of bytes.
     *
     * @param address first byte
     * @param bytes what to store
     * @throws CpuFaultException at the first byte that may not be written
     */
    default void store(long address, byte[] bytes) {
        store(address, bytes, 0, bytes.length);
    }

    /**
     * Forks. The child has a copy-on-write copy of the memory and the same open files; no device is
     * bound to it.
     *
     * @return the child
     * @throws ErrnoException {@code ENOMEM}, {@code EAGAIN}
     */
    SvaProcess fork();

    /**
     * Starts a child that shares the address space, with every bond of it, until the child execs or
     * ends; open files are copied as by {@link #fork} ({@code vfork(2)}, {@code clone(2)} with
     * {@code CLONE_VM}). Unlike {@code vfork(2)} it does not suspend the caller. The address space
     * lives as long as one of those that share it.
     *
     * @return the child
     * @throws ErrnoException {@code EAGAIN}; {@code ENOSYS} where processes cannot share memory
     */
    default SvaProcess vfork() {
        throw new ErrnoException(Errno.ENOSYS, "vfork", "address spaces are not shared here");
    }

    /**
     * Replaces the program: a new, unbound, empty address space; files marked close-on-exec are
     * closed.
     *
     * @throws ErrnoException {@code ENOMEM}
     */
    void exec();

    /**
     * Ends the process from within. When the call returns, the address space is gone, for devices
     * too.
     *
     * @param status the exit status, 0 to 255
     */
    void exit(int status);

    /**
     * Sends a signal. {@link Signal#SIGKILL}, {@link Signal#SIGABRT} and {@link Signal#SIGTERM} end
     * the process; wait for it with {@link #awaitTermination}.
     *
     * @param signal the signal
     * @throws ErrnoException {@code ESRCH}
     */
    void kill(Signal signal);

    /**
     * Waits until the process has ended and its memory and files have been torn down.
     *
     * @param timeout how long to wait at most
     * @return true if it has ended
     */
    boolean awaitTermination(Duration timeout);

    /**
     * Ends the process if it is alive, and reaps it. Never fails, and does nothing the second time.
     */
    @Override
    void close();
}
