package org.opensva.conformance.cli.fake;

import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** A process whose mappings are arrays. */
final class FakeProcess implements SvaProcess {

    static final int PAGE = 4096;

    private final TreeMap<Long, byte[]> mappings = new TreeMap<>();
    private final AddressSpace space = new FakeSpace();
    private final long limit;
    private long used;
    private long next = 1L << 32;

    FakeProcess(long limit) {
        this.limit = limit;
    }

    @Override
    public synchronized long mmap(MapRequest request) {
        if (request.length() > limit - used) {
            throw new ErrnoException(Errno.ENOMEM, "mmap(" + request.length() + ")", "");
        }
        long address = next;
        mappings.put(address, new byte[(int) request.length()]);
        used += request.length();
        next += request.length() + PAGE + PAGE - 1 & -PAGE;
        return address;
    }

    @Override
    public synchronized void munmap(long address, long length) {
        byte[] bytes = mappings.remove(address);
        if (bytes == null || bytes.length != length) {
            throw new ErrnoException(Errno.EINVAL, "munmap", "this process unmaps wholes only");
        }
        used -= length;
    }

    @Override
    public synchronized void load(long address, byte[] target, int offset, int length) {
        Map.Entry<Long, byte[]> mapping = mapping(address, length);
        int at = (int) (address - mapping.getKey());
        System.arraycopy(mapping.getValue(), at, target, offset, length);
    }

    @Override
    public synchronized void store(long address, byte[] source, int offset, int length) {
        Map.Entry<Long, byte[]> mapping = mapping(address, length);
        int at = (int) (address - mapping.getKey());
        System.arraycopy(source, offset, mapping.getValue(), at, length);
    }

    private Map.Entry<Long, byte[]> mapping(long address, int length) {
        Map.Entry<Long, byte[]> mapping = mappings.floorEntry(address);
        if (mapping == null || address + length > mapping.getKey() + mapping.getValue().length) {
            throw new CpuFaultException(Signal.SIGSEGV, address);
        }
        return mapping;
    }

    @Override
    public long pid() {
        return 1;
    }

    @Override
    public boolean isAlive() {
        return true;
    }

    @Override
    public int pageSize() {
        return PAGE;
    }

    @Override
    public AddressSpace addressSpace() {
        return space;
    }

    @Override
    public FileTable files() {
        throw refused("files");
    }

    @Override
    public void mprotect(long address, long length, Protection protection) {
        throw refused("mprotect");
    }

    @Override
    public long mremap(long address, long oldLength, long newLength, boolean mayMove) {
        throw refused("mremap");
    }

    @Override
    public void madvise(long address, long length, Advice advice) {
        throw refused("madvise");
    }

    @Override
    public int createSharedMemory(long size) {
        throw refused("memfd_create");
    }

    @Override
    public void truncate(int fd, long size) {
        throw refused("ftruncate");
    }

    @Override
    public void closeFile(int fd) {
        throw refused("close");
    }

    @Override
    public long loadLong(long address) {
        throw refused("load");
    }

    @Override
    public void storeLong(long address, long value) {
        throw refused("store");
    }

    @Override
    public SvaProcess fork() {
        throw refused("fork");
    }

    @Override
    public void exec() {
        throw refused("exec");
    }

    @Override
    public void exit(int status) {}

    @Override
    public void kill(Signal signal) {
        throw refused("kill");
    }

    @Override
    public boolean awaitTermination(Duration timeout) {
        return false;
    }

    @Override
    public void close() {}

    private static ErrnoException refused(String call) {
        return new ErrnoException(Errno.ENOSYS, call, "");
    }
}
