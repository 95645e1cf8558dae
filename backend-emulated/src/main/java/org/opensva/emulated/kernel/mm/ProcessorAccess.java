package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.Access;
import org.opensva.api.memory.EnqueuePortal;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Signal;
import org.opensva.emulated.machine.Processors;

import java.util.Objects;
import java.util.concurrent.locks.StampedLock;

/**
 * Loads and stores of a process: each looks into the TLB of its processor, walks the page tables if
 * nothing is there, and moves its bytes with the lock held for reading, so that a change of the
 * tables waits for it as for a shootdown.
 */
final class ProcessorAccess {

    /** Resolves a fault of the processor. */
    interface FaultHandler {
        /**
         * Makes a page present, unless registers are mapped there.
         *
         * @return the mapping at the address
         * @throws CpuFaultException if the access is not allowed
         */
        Vma fault(long address, int access);
    }

    private final Mm mm;
    private final Processors.View tlbs;
    private final StampedLock lock;
    private final FaultHandler faults;

    /** The tables are gone; written with the lock held for writing. */
    private boolean ended;

    ProcessorAccess(Mm mm, Processors.View tlbs, StampedLock lock, FaultHandler faults) {
        this.mm = mm;
        this.tlbs = tlbs;
        this.lock = lock;
        this.faults = faults;
    }

    /** No access walks the tables any more. Needs the lock for writing. */
    void end() {
        ended = true;
    }

    void load(long address, byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        move(address, target, offset, length, false);
    }

    void store(long address, byte[] source, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        move(address, source, offset, length, true);
    }

    long loadLong(long address) {
        requireAligned(address);
        while (true) {
            long stamp = lock.readLock();
            try {
                long entry = entry(address, Access.READ);
                if (isThere(entry, Access.READ)) {
                    return mm.frames().memory().readLong(physical(entry, address));
                }
            } finally {
                lock.unlockRead(stamp);
            }
            Vma device = faults.fault(address, Access.READ);
            if (device.backing() instanceof Backing.OfDevice registers) {
                long use = registers.area().enter(address);
                if (use != 0) {
                    try {
                        return registers.area().registers().read(register(device, address), 8);
                    } finally {
                        registers.area().leave(use);
                    }
                }
            }
        }
    }

    void storeLong(long address, long value) {
        requireAligned(address);
        while (true) {
            long stamp = lock.readLock();
            try {
                long entry = entry(address, Access.WRITE);
                if (isThere(entry, Access.WRITE)) {
                    mm.frames().memory().writeLong(physical(entry, address), value);
                    return;
                }
            } finally {
                lock.unlockRead(stamp);
            }
            Vma device = faults.fault(address, Access.WRITE);
            if (device.backing() instanceof Backing.OfDevice registers) {
                long use = registers.area().enter(address);
                if (use != 0) {
                    try {
                        registers.area().registers().write(register(device, address), 8, value);
                        return;
                    } finally {
                        registers.area().leave(use);
                    }
                }
            }
        }
    }

    /** Submits a command; false if what is mapped there takes none. */
    boolean enqueue(long address, byte[] command) {
        while (true) {
            long stamp = lock.readLock();
            try {
                if (isThere(entry(address, Access.WRITE), Access.WRITE)) {
                    // Memory: nobody is there to take it.
                    return false;
                }
            } finally {
                lock.unlockRead(stamp);
            }
            Vma device = faults.fault(address, Access.WRITE);
            if (device.backing() instanceof Backing.OfDevice registers) {
                long use = registers.area().enter(address);
                if (use != 0) {
                    try {
                        return registers.area().registers() instanceof EnqueuePortal portal
                                && portal.enqueue(register(device, address), command);
                    } finally {
                        registers.area().leave(use);
                    }
                }
            }
        }
    }

    private static long register(Vma vma, long address) {
        return vma.backing() instanceof Backing.OfDevice device
                ? device.offset() + (address - vma.start())
                : 0;
    }

    private void move(long address, byte[] bytes, int offset, int length, boolean store) {
        long at = address;
        int index = offset;
        int left = length;
        while (left > 0) {
            int n = (int) Math.min(left, mm.geometry().pageBytes() - pageOffset(at));
            movePage(at, bytes, index, n, store);
            at += n;
            index += n;
            left -= n;
        }
    }

    private void movePage(long address, byte[] bytes, int offset, int length, boolean store) {
        int access = store ? Access.WRITE : Access.READ;
        while (true) {
            long stamp = lock.readLock();
            try {
                long entry = entry(address, access);
                if (isThere(entry, access)) {
                    long physical = physical(entry, address);
                    if (store) {
                        mm.frames().memory().write(physical, bytes, offset, length);
                    } else {
                        mm.frames().memory().read(physical, bytes, offset, length);
                    }
                    return;
                }
            } finally {
                lock.unlockRead(stamp);
            }
            Vma device = faults.fault(address, access);
            if (device.isDevice() && deviceAccess(device, address, bytes, offset, length, store)) {
                return;
            }
        }
    }

    /** False if the mapping ended meanwhile: then look again. */
    private static boolean deviceAccess(
            Vma vma, long address, byte[] bytes, int offset, int length, boolean store) {
        if (!(vma.backing() instanceof Backing.OfDevice device)) {
            return false;
        }
        long register = register(vma, address);
        int outcome =
                store
                        ? device.area().store(register, bytes, offset, length)
                        : device.area().load(register, bytes, offset, length);
        if (outcome == DeviceArea.GONE) {
            throw new CpuFaultException(Signal.SIGBUS, address);
        }
        return outcome == DeviceArea.DONE;
    }

    /** Without the accessed flag there is a fault, which sets it: processors do not manage it. */
    private boolean isThere(long entry, int access) {
        return mm.entries().allows(entry, access) && mm.entries().isAccessed(entry);
    }

    /**
     * What the TLB of this processor has for an address, or else the tables. What the TLB has does
     * not always allow the access: then the tables may, as they may have been widened since.
     * Addresses outside of the lower half have no entry: the kernel's half does not exist.
     */
    private long entry(long address, int access) {
        if (ended || Long.compareUnsigned(address, mm.geometry().limit()) >= 0) {
            return 0;
        }
        long page = address >>> mm.geometry().pageShift();
        long cached = tlbs.lookUp(page);
        if (cached != 0 && isThere(cached, access)) {
            return cached;
        }
        long entry = mm.table().entry(address);
        if (isThere(entry, access)) {
            tlbs.fill(page, entry);
        }
        return entry;
    }

    private long physical(long entry, long address) {
        return mm.entries().frame(entry) | pageOffset(address);
    }

    private long pageOffset(long address) {
        return address & mm.geometry().pageMask();
    }

    private static void requireAligned(long address) {
        if ((address & 7) != 0) {
            throw new CpuFaultException(Signal.SIGBUS, address);
        }
    }
}
