package org.opensva.linux.node;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Memory or registers of a device, mapped by this side. Words are little-endian; each access is one
 * of the processor's.
 *
 * <p><b>Threading.</b> The caller sees to it that nothing is accessed once it is closed.
 */
public final class DeviceWindow implements AutoCloseable {

    private static final int READ_WRITE = 3;
    private static final int SHARED = 1;

    private static final VarHandle WORD =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle LONG_WORD =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private final SystemCalls kernel;
    private final MemorySegment memory;
    private boolean closed;

    private DeviceWindow(SystemCalls kernel, MemorySegment memory) {
        this.kernel = kernel;
        this.memory = memory;
    }

    /**
     * Maps part of a node.
     *
     * @param kernel where the node is open
     * @param node its descriptor
     * @param offset in the node, in bytes
     * @param size in bytes
     * @return the window
     * @throws org.opensva.api.process.ErrnoException what the kernel answers
     */
    @SuppressWarnings("restricted") // The kernel has just mapped as many bytes there.
    public static DeviceWindow map(SystemCalls kernel, Descriptor node, long offset, long size) {
        long address =
                KernelErrors.check(
                        kernel.call(
                                SystemCall.MMAP,
                                0,
                                size,
                                READ_WRITE,
                                SHARED,
                                node.number(),
                                offset),
                        "mmap of a device queue");
        return new DeviceWindow(kernel, MemorySegment.ofAddress(address).reinterpret(size));
    }

    /**
     * The size.
     *
     * @return bytes
     */
    public long size() {
        return memory.byteSize();
    }

    /**
     * Loads a word; what follows is not done before.
     *
     * @param offset a multiple of 4
     * @return its value
     */
    public int loadAcquire(long offset) {
        return (int) WORD.getAcquire(memory, offset);
    }

    /**
     * Stores 64 bits at once.
     *
     * @param offset a multiple of 8
     * @param value the value
     */
    public void store(long offset, long value) {
        LONG_WORD.setOpaque(memory, offset, value);
    }

    /**
     * Loads bytes.
     *
     * @param offset of the first one
     * @param target all of which is filled
     */
    public void load(long offset, byte[] target) {
        MemorySegment.copy(memory, JAVA_BYTE, offset, target, 0, target.length);
    }

    /**
     * Stores bytes.
     *
     * @param offset of the first one
     * @param source all of which is stored
     */
    public void store(long offset, byte[] source) {
        MemorySegment.copy(source, 0, memory, JAVA_BYTE, offset, source.length);
    }

    /**
     * Clears bytes.
     *
     * @param offset of the first one
     * @param length how many
     */
    public void clear(long offset, long length) {
        memory.asSlice(offset, length).fill((byte) 0);
    }

    /** Unmaps it; closing again does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            kernel.call(SystemCall.MUNMAP, memory.address(), memory.byteSize(), 0);
        }
    }
}
