package org.opensva.emulated.kernel.mm;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Locks for the page-table pages of the last level (Linux: {@code pte_lockptr}): faults that share
 * the lock of their address space do not change entries of the same table at once. There are so few
 * of them, for all address spaces, that one may be taken for another's.
 */
final class FaultLocks {

    private static final int COUNT = 256;

    private final ReentrantLock[] locks = new ReentrantLock[COUNT];

    FaultLocks() {
        for (int i = 0; i < COUNT; i++) {
            locks[i] = new ReentrantLock();
        }
    }

    /** The lock of a table. */
    ReentrantLock of(long table) {
        long mixed = table * 0x9E37_79B9_7F4A_7C15L;
        return locks[(int) (mixed >>> 56) & COUNT - 1];
    }
}
