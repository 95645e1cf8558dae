package org.opensva.conformance.suite.bench;

import org.opensva.api.process.SvaProcess;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The twin oracle: what memory held at one moment, to be compared later. A child's private memory
 * never changes by what its parent's device does; a page that was unmapped elsewhere never changes
 * again.
 */
public final class MemorySnapshot {

    private static final VarHandle WORDS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final TestBench bench;
    private final SvaProcess process;
    private final long address;
    private final byte[] bytes;

    private MemorySnapshot(TestBench bench, SvaProcess process, long address, byte[] bytes) {
        this.bench = bench;
        this.process = process;
        this.address = address;
        this.bytes = bytes;
    }

    /**
     * Remembers what memory holds now.
     *
     * @param bench the bench
     * @param process whose memory
     * @param address first byte
     * @param length number of bytes, a multiple of 8
     * @return the snapshot
     */
    public static MemorySnapshot of(
            TestBench bench, SvaProcess process, long address, long length) {
        return new MemorySnapshot(
                bench, process, address, process.load(address, Math.toIntExact(length)));
    }

    /**
     * Remembers what memory holds now.
     *
     * @param bench the bench
     * @param memory the memory
     * @return the snapshot
     */
    public static MemorySnapshot of(TestBench bench, Memory memory) {
        return of(bench, memory.process(), memory.address(), memory.length());
    }

    /**
     * Remembers what the last pages hold now. Taking it costs little, so that a job that runs
     * through the memory from its start is still on its way there.
     *
     * @param bench the bench
     * @param memory the memory
     * @param pages how many of its last pages
     * @return the snapshot
     */
    public static MemorySnapshot ofTail(TestBench bench, Memory memory, int pages) {
        return of(bench, memory.process(), memory.page(memory.count() - pages), bench.pages(pages));
    }

    /**
     * Reads a word of a page.
     *
     * @param bytes the page, little-endian
     * @param index which word of eight bytes
     * @return its value
     */
    public static long word(byte[] bytes, int index) {
        return (long) WORDS.get(bytes, index * Long.BYTES);
    }

    /**
     * Reads a word of the snapshot.
     *
     * @param index which word of eight bytes
     * @return its value
     */
    public long word(int index) {
        return word(bytes, index);
    }

    /**
     * Checks that the memory still holds the same.
     *
     * @param what whose memory, and what must not have changed it
     */
    public void mustBeUnchanged(String what) {
        byte[] now = process.load(address, bytes.length);
        int at = Arrays.mismatch(bytes, now);
        if (at >= 0) {
            int word = at / Long.BYTES;
            throw bench.violation(
                    what + " to be unchanged",
                    "at 0x%x it was %s and is %s"
                            .formatted(
                                    address + (long) word * Long.BYTES,
                                    bench.describe(word(bytes, word)),
                                    bench.describe(word(now, word))));
        }
    }
}
