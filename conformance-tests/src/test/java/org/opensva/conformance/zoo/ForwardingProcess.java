package org.opensva.conformance.zoo;

import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Advice;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.MapFlag;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.RemapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.Set;

/** A process that leaves everything to another one. */
abstract class ForwardingProcess implements SvaProcess {

    private final SvaProcess to;

    ForwardingProcess(SvaProcess to) {
        this.to = to;
    }

    @Override
    public long pid() {
        return to.pid();
    }

    @Override
    public boolean isAlive() {
        return to.isAlive();
    }

    @Override
    public int pageSize() {
        return to.pageSize();
    }

    @Override
    public AddressSpace addressSpace() {
        return to.addressSpace();
    }

    @Override
    public FileTable files() {
        return to.files();
    }

    @Override
    public long mmap(MapRequest request) {
        return to.mmap(request);
    }

    @Override
    public long mmap(MapRequest request, Set<MapFlag> flags) {
        return to.mmap(request, flags);
    }

    @Override
    public void munmap(long address, long length) {
        to.munmap(address, length);
    }

    @Override
    public void mprotect(long address, long length, Protection protection) {
        to.mprotect(address, length, protection);
    }

    @Override
    public long mremap(long address, long oldLength, long newLength, boolean mayMove) {
        return to.mremap(address, oldLength, newLength, mayMove);
    }

    @Override
    public long mremap(RemapRequest request) {
        return to.mremap(request);
    }

    @Override
    public void mlock(long address, long length, boolean onFault) {
        to.mlock(address, length, onFault);
    }

    @Override
    public void munlock(long address, long length) {
        to.munlock(address, length);
    }

    @Override
    public void msync(long address, long length) {
        to.msync(address, length);
    }

    @Override
    public void madvise(long address, long length, Advice advice) {
        to.madvise(address, length, advice);
    }

    @Override
    public int createSharedMemory(long size) {
        return to.createSharedMemory(size);
    }

    @Override
    public void truncate(int fd, long size) {
        to.truncate(fd, size);
    }

    @Override
    public int createFile(long size) {
        return to.createFile(size);
    }

    @Override
    public void punchHole(int fd, long offset, long length) {
        to.punchHole(fd, offset, length);
    }

    @Override
    public void closeFile(int fd) {
        to.closeFile(fd);
    }

    @Override
    public void load(long address, byte[] target, int offset, int length) {
        to.load(address, target, offset, length);
    }

    @Override
    public void store(long address, byte[] source, int offset, int length) {
        to.store(address, source, offset, length);
    }

    @Override
    public long loadLong(long address) {
        return to.loadLong(address);
    }

    @Override
    public void storeLong(long address, long value) {
        to.storeLong(address, value);
    }

    @Override
    public boolean enqueue(long portal, byte[] command) {
        return to.enqueue(portal, command);
    }

    @Override
    public SvaProcess fork() {
        return to.fork();
    }

    @Override
    public SvaProcess vfork() {
        return to.vfork();
    }

    @Override
    public void exec() {
        to.exec();
    }

    @Override
    public void exit(int status) {
        to.exit(status);
    }

    @Override
    public void kill(Signal signal) {
        to.kill(signal);
    }

    @Override
    public boolean awaitTermination(Duration timeout) {
        return to.awaitTermination(timeout);
    }

    @Override
    public void close() {
        to.close();
    }
}
