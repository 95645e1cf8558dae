package org.opensva.linux.mm;

import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.linux.mm.MemoryWay.Open;

import java.util.function.BooleanSupplier;

/**
 * What devices do in one address space: by virtual address, through what is mapped there now, or by
 * a translation that they have been told.
 *
 * <p><b>Threading.</b> Any thread may call. Nothing is allocated on the way of a translation.
 */
final class DeviceAccess implements TranslatedMemory {

    /**
     * From here on {@code process_vm_readv} is faster than {@code /proc/PID/mem}, which copies each
     * page twice.
     */
    static final int LARGE = 1 << 14;

    private final MemoryWay way;
    private final MemoryOwner owner;
    private final Transfers transfers;
    private final long pid;

    DeviceAccess(MemoryWay way, MemoryOwner owner, Transfers transfers) {
        this.way = way;
        this.owner = owner;
        this.transfers = transfers;
        pid = owner.pid();
    }

    /** An access by virtual address; see {@link HostAddressSpace#read}. */
    long access(
            BooleanSupplier allowed,
            int access,
            long address,
            byte[] buffer,
            int offset,
            int length,
            boolean write) {
        long done = 0;
        while (done < length) {
            int from = offset + (int) done;
            int left = length - (int) done;
            long result;
            way.enter();
            try {
                Open now = way.now();
                result =
                        now != null && allowed.getAsBoolean()
                                ? walk(now, access, address + done, buffer, from, left, write)
                                : DmaResult.of(DmaStatus.ABORTED, 0);
            } finally {
                way.leave();
            }
            done += DmaResult.bytes(result);
            if (!DmaResult.isComplete(result)) {
                return DmaResult.of(DmaResult.status(result), done);
            }
        }
        return DmaResult.complete(done);
    }

    /**
     * Moves the bytes that are in one mapping. The mapping is looked at although the kernel will
     * look too: an access of a device does not grow a stack, and what is touched has to report its
     * changes first.
     */
    private long walk(
            Open now,
            int access,
            long address,
            byte[] buffer,
            int offset,
            int left,
            boolean write) {
        Mapping mapping = now.mappings().find(address);
        if (mapping == null || !mapping.allows(access)) {
            return DmaResult.of(way.isHere(now) ? DmaStatus.NOT_PERMITTED : DmaStatus.ABORTED, 0);
        }
        way.register(now, mapping);
        int piece = (int) Math.min(Math.min(left, mapping.end() - address), TransferBuffer.SIZE);
        return move(now, address, buffer, offset, piece, write);
    }

    /** The old memory is alive before and after, or nothing counts. Needs the way. */
    private long move(
            Open now, long address, byte[] buffer, int offset, int length, boolean write) {
        if (!way.isHere(now)) {
            return DmaResult.of(DmaStatus.ABORTED, 0);
        }
        long moved =
                owner.keepsPid()
                        ? byProcess(now, address, buffer, offset, length, write)
                        : byName(now, address, buffer, offset, length, write);
        if (moved != Transfers.GONE && !way.isHere(now)) {
            return DmaResult.of(DmaStatus.ABORTED, 0);
        }
        return result(moved, length);
    }

    private long byProcess(
            Open now, long address, byte[] buffer, int offset, int length, boolean write) {
        return write
                ? transfers.write(pid, now.handles().mem(), address, buffer, offset, length)
                : transfers.read(pid, now.handles().mem(), address, buffer, offset, length);
    }

    private long byName(
            Open now, long address, byte[] buffer, int offset, int length, boolean write) {
        return write
                ? transfers.writeNamed(now.handles().mem(), address, buffer, offset, length)
                : transfers.readNamed(now.handles().mem(), address, buffer, offset, length);
    }

    private long result(long moved, int wanted) {
        if (moved == Transfers.GONE) {
            owner.gone();
            return DmaResult.of(DmaStatus.ABORTED, 0);
        }
        return moved == wanted
                ? DmaResult.complete(moved)
                : DmaResult.of(DmaStatus.NOT_PERMITTED, moved);
    }

    @Override
    public long read(long address, byte[] target, int from, int count) {
        return direct(address, target, from, count, false);
    }

    @Override
    public long write(long address, byte[] source, int from, int count) {
        return direct(address, source, from, count, true);
    }

    /**
     * The rights were told with the translation, and whoever changes them waits for this access:
     * the descriptor that names the memory is enough, and finds nothing once it has no users. The
     * process id is as good as that where this side knows of every exec, which keeps accesses out,
     * and where the id stays taken until this side gives it up.
     */
    private long direct(long address, byte[] buffer, int from, int count, boolean write) {
        way.enter();
        try {
            Open now = way.now();
            if (now == null || !way.isAlive()) {
                return DmaResult.of(DmaStatus.ABORTED, 0);
            }
            if (way.isNamedByProcess()) {
                return move(now, address, buffer, from, count, write);
            }
            return result(
                    count >= LARGE && owner.keepsPid()
                            ? byProcess(now, address, buffer, from, count, write)
                            : byName(now, address, buffer, from, count, write),
                    count);
        } finally {
            way.leave();
        }
    }
}
