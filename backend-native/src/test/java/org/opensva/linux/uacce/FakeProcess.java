package org.opensva.linux.uacce;

import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.Arrays;

/** A process of which there is nothing but 64 KiB of memory from address 0x4000 on. */
final class FakeProcess implements SvaProcess {

    private static final int FIRST = 0x4000;

    private final byte[] memory = new byte[1 << 16];
    private long mapped = FIRST + 0x8000;

    private int index(long address, int length) {
        if (address < FIRST || address - FIRST + length > memory.length) {
            throw new CpuFaultException(Signal.SIGSEGV, address);
        }
        return (int) address - FIRST;
    }

    @Override
    public void load(long address, byte[] target, int offset, int length) {
        System.arraycopy(memory, index(address, length), target, offset, length);
    }

    @Override
    public void store(long address, byte[] source, int offset, int length) {
        System.arraycopy(source, offset, memory, index(address, length), length);
    }

    @Override
    public long mmap(MapRequest request) {
        long place = mapped;
        mapped += 0x1000;
        Arrays.fill(memory, index(place, 0), index(place, 0) + 0x1000, (byte) 0);
        return place;
    }

    private static UnsupportedOperationException none() {
        return new UnsupportedOperationException("not needed by a descriptor");
    }

    @Override
    public long pid() {
        throw none();
    }

    @Override
    public boolean isAlive() {
        return true;
    }

    @Override
    public int pageSize() {
        return 4096;
    }

    @Override
    public AddressSpace addressSpace() {
        throw none();
    }

    @Override
    public FileTable files() {
        throw none();
    }

    @Override
    public void munmap(long address, long length) {
        throw none();
    }

    @Override
    public void mprotect(long address, long length, Protection protection) {
        throw none();
    }

    @Override
    public long mremap(long address, long oldLength, long newLength, boolean mayMove) {
        throw none();
    }

    @Override
    public void madvise(long address, long length, Advice advice) {
        throw none();
    }

    @Override
    public int createSharedMemory(long size) {
        throw none();
    }

    @Override
    public void truncate(int fd, long size) {
        throw none();
    }

    @Override
    public void closeFile(int fd) {
        throw none();
    }

    @Override
    public long loadLong(long address) {
        throw none();
    }

    @Override
    public void storeLong(long address, long value) {
        throw none();
    }

    @Override
    public SvaProcess fork() {
        throw none();
    }

    @Override
    public void exec() {
        throw none();
    }

    @Override
    public void exit(int status) {
        throw none();
    }

    @Override
    public void kill(Signal signal) {
        throw none();
    }

    @Override
    public boolean awaitTermination(Duration timeout) {
        throw none();
    }

    @Override
    public void close() {}
}
