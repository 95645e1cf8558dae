package org.opensva.linux.mm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native memory of one thread: what the kernel copies to and from, and the vectors that say so. */
final class TransferBuffer {

    /** More is moved piece by piece. */
    static final int SIZE = 1 << 16;

    private static final int LOCAL = SIZE;
    private static final int REMOTE = SIZE + 16;
    private static final int PROBE = SIZE + 32;

    private final MemorySegment memory = Arena.ofAuto().allocate(SIZE + 64, 64);

    /** Describes a transfer of {@code process_vm_readv} or {@code process_vm_writev}. */
    void vectors(long remote, long length) {
        memory.set(JAVA_LONG, LOCAL, memory.address());
        memory.set(JAVA_LONG, LOCAL + 8, length);
        memory.set(JAVA_LONG, REMOTE, remote);
        memory.set(JAVA_LONG, REMOTE + 8, length);
    }

    long address() {
        return memory.address();
    }

    long local() {
        return memory.address() + LOCAL;
    }

    long remote() {
        return memory.address() + REMOTE;
    }

    long probe() {
        return memory.address() + PROBE;
    }

    void fill(byte[] source, int offset, int length) {
        MemorySegment.copy(source, offset, memory, JAVA_BYTE, 0, length);
    }

    void drain(byte[] target, int offset, int length) {
        MemorySegment.copy(memory, JAVA_BYTE, 0, target, offset, length);
    }
}
