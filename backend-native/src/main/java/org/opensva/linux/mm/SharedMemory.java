package org.opensva.linux.mm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A memory object ({@code memfd_create(2)}) that processes map and this Java machine maps too: a
 * window on its pages that needs no walk of anybody's page tables.
 *
 * <p>Whoever keeps an offset in the window instead of an address in a process must be told when the
 * process maps something else there: this is what a translation cache holds, and what an
 * invalidation is for. The bytes are copied by the kernel, because a page beyond the end of an
 * object that was shortened is an error number there and a signal in a load of our own.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class SharedMemory implements TranslatedMemory {

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 1;
    private static final int MAP_NORESERVE = 0x4000;

    /** Offsets in {@code struct statx}, {@code include/uapi/linux/stat.h}. */
    private static final int STATX_INO = 32;

    private static final int STATX_SIZE = 40;
    private static final int STATX_DEV_MAJOR = 136;

    private final SystemCalls kernel;
    private final Transfers transfers;
    private final Descriptor descriptor;
    private final long self = ProcessHandle.current().pid();
    private final long inode;
    private final long device;
    private final Runnable ended;
    private long base;
    private volatile long length;
    private int references = 1;

    /**
     * Maps an object.
     *
     * @param kernel the kernel
     * @param transfers how bytes are copied
     * @param descriptor a descriptor of the object, owned from now on also if this fails
     * @param ended run when the last reference is given back, with the window still mapped
     * @throws org.opensva.api.process.ErrnoException {@code ENOMEM}
     */
    public SharedMemory(
            SystemCalls kernel, Transfers transfers, Descriptor descriptor, Runnable ended) {
        this.kernel = kernel;
        this.transfers = transfers;
        this.descriptor = descriptor;
        this.ended = ended;
        boolean done = false;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment stat = stat(arena);
            inode = stat.get(JAVA_LONG, STATX_INO);
            device =
                    Mappings.device(
                            stat.get(JAVA_INT, STATX_DEV_MAJOR),
                            stat.get(JAVA_INT, STATX_DEV_MAJOR + 4));
            open(stat.get(JAVA_LONG, STATX_SIZE));
            done = true;
        } finally {
            if (!done) {
                descriptor.close();
            }
        }
    }

    private MemorySegment stat(Arena arena) {
        MemorySegment stat = arena.allocate(256, 8);
        MemorySegment empty = arena.allocate(JAVA_BYTE);
        // AT_EMPTY_PATH; STATX_BASIC_STATS.
        KernelErrors.check(
                kernel.call(
                        SystemCall.STATX,
                        descriptor.number(),
                        empty.address(),
                        0x1000,
                        0x7ff,
                        stat.address(),
                        0),
                "statx");
        return stat;
    }

    private void open(long size) {
        if (size > 0) {
            base =
                    KernelErrors.check(
                            kernel.call(
                                    SystemCall.MMAP,
                                    0,
                                    size,
                                    PROT_READ_WRITE,
                                    MAP_SHARED | MAP_NORESERVE,
                                    descriptor.number(),
                                    0),
                            "mmap of a window");
        }
        length = size;
    }

    private void shut() {
        if (length > 0) {
            kernel.call(SystemCall.MUNMAP, base, length, 0);
            length = 0;
        }
    }

    /**
     * Follows a change of the object's size. No translation that leads here may be cached, and none
     * may be given out meanwhile.
     *
     * @param size the new number of bytes
     */
    public void resized(long size) {
        shut();
        open(size);
    }

    /**
     * Tells whether a mapping shows this object.
     *
     * @param mapping a mapping of some process
     * @return true if it does
     */
    public boolean isBehind(Mapping mapping) {
        return mapping.inode() == inode && mapping.device() == device;
    }

    /**
     * The number of the object's file.
     *
     * @return the inode number
     */
    public long inode() {
        return inode;
    }

    /**
     * How much of the object the window shows.
     *
     * @return bytes
     */
    public long length() {
        return length;
    }

    @Override
    public long read(long offset, byte[] target, int from, int count) {
        if (offset + count > length) {
            return DmaResult.of(DmaStatus.NOT_PERMITTED, 0);
        }
        return result(transfers.readOwn(self, base + offset, target, from, count), count);
    }

    @Override
    public long write(long offset, byte[] source, int from, int count) {
        if (offset + count > length) {
            return DmaResult.of(DmaStatus.NOT_PERMITTED, 0);
        }
        return result(transfers.writeOwn(self, base + offset, source, from, count), count);
    }

    private static long result(long moved, int wanted) {
        return moved == wanted
                ? DmaResult.complete(moved)
                : DmaResult.of(DmaStatus.NOT_PERMITTED, moved);
    }

    /** Takes a reference: one for each process that may have the object open or mapped. */
    public synchronized void acquire() {
        references++;
    }

    /** Gives a reference back; with the last one the window is closed. */
    public void release() {
        synchronized (this) {
            if (--references != 0) {
                return;
            }
        }
        ended.run();
        shut();
        descriptor.close();
    }
}
