package org.opensva.uacce.lab;

import org.opensva.api.memory.EnqueuePortal;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** A process of the laboratory. Accesses are atomic: the space is a monitor. */
public class LabProcess implements SvaProcess {

    private static final AtomicLong IDS = new AtomicLong(1);

    private final long pid = IDS.getAndIncrement();
    private final LabFiles files;
    private final List<Advice> advised = new CopyOnWriteArrayList<>();
    private volatile LabSpace space;
    private volatile boolean alive = true;

    public LabProcess() {
        this(new LabSpace(IDS.getAndIncrement()), new LabFiles());
    }

    private LabProcess(LabSpace space, LabFiles files) {
        this.space = space;
        this.files = files;
    }

    private LabSpace space() {
        if (!alive) {
            throw new ErrnoException(Errno.ESRCH, "process " + pid, "");
        }
        return space;
    }

    /** The address space, also after the end. */
    public LabSpace lastSpace() {
        return space;
    }

    /** Another process that shares the address space, as vfork makes one. */
    public LabProcess vfork() {
        return new LabProcess(space(), files.copy());
    }

    @Override
    public long pid() {
        return pid;
    }

    @Override
    public boolean isAlive() {
        return alive;
    }

    @Override
    public int pageSize() {
        return LabSpace.PAGE;
    }

    @Override
    public AddressSpace addressSpace() {
        return space();
    }

    @Override
    public FileTable files() {
        space();
        return files;
    }

    public LabFiles labFiles() {
        return files;
    }

    @Override
    public long mmap(MapRequest request) {
        LabSpace s = space();
        long length = (request.length() + LabSpace.PAGE - 1) / LabSpace.PAGE * LabSpace.PAGE;
        long address = s.reserve(length);
        if (request.fd() == MapRequest.ANONYMOUS) {
            synchronized (s) {
                for (long at = address; at < address + length; at += LabSpace.PAGE) {
                    s.pages.put(at / LabSpace.PAGE, new byte[LabSpace.PAGE]);
                }
            }
            return address;
        }
        LabFiles.Open open = files.open(request.fd());
        DeviceMapping mapping = open.file.map(this, request.offset(), length, request.protection());
        synchronized (s) {
            s.devices.put(address, new LabSpace.Mapped(address, length, mapping, open.take()));
        }
        return address;
    }

    @Override
    public void munmap(long address, long length) {
        LabSpace s = space();
        LabSpace.Mapped device;
        synchronized (s) {
            device = s.devices.remove(address);
            for (long at = address; at < address + length; at += LabSpace.PAGE) {
                s.pages.remove(at / LabSpace.PAGE);
            }
        }
        if (device != null) {
            device.mapping().unmapped();
            device.open().drop();
        }
    }

    @Override
    public void load(long address, byte[] target, int offset, int length) {
        access(address, target, offset, length, true);
    }

    @Override
    public void store(long address, byte[] source, int offset, int length) {
        access(address, source, offset, length, false);
    }

    private void access(long address, byte[] array, int offset, int length, boolean load) {
        LabSpace s = space();
        LabSpace.Mapped device = s.deviceAt(address);
        if (device != null) {
            for (int i = 0; i < length; i++) {
                check(device, address);
                long at = address - device.address() + i;
                if (load) {
                    array[offset + i] = (byte) device.mapping().region().read(at, 1);
                } else {
                    device.mapping().region().write(at, 1, array[offset + i]);
                }
            }
            return;
        }
        int moved = s.move(address, array, offset, length, load);
        if (moved != length) {
            throw new CpuFaultException(Signal.SIGSEGV, address + moved);
        }
    }

    private static void check(LabSpace.Mapped device, long address) {
        if (!device.mapping().present()) {
            throw new CpuFaultException(Signal.SIGBUS, address);
        }
    }

    @Override
    public long loadLong(long address) {
        LabSpace.Mapped device = space().deviceAt(address);
        if (device != null) {
            check(device, address);
            return device.mapping().region().read(address - device.address(), 8);
        }
        byte[] bytes = new byte[8];
        load(address, bytes, 0, 8);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    @Override
    public void storeLong(long address, long value) {
        LabSpace.Mapped device = space().deviceAt(address);
        if (device != null) {
            check(device, address);
            device.mapping().region().write(address - device.address(), 8, value);
            return;
        }
        byte[] bytes = new byte[8];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
        store(address, bytes, 0, 8);
    }

    @Override
    public boolean enqueue(long portal, byte[] command) {
        LabSpace s = space();
        LabSpace.Mapped device = s.deviceAt(portal);
        if (device == null || s.pasid < 0 || portal % EnqueuePortal.COMMAND_SIZE != 0) {
            throw new CpuFaultException(Signal.SIGSEGV, portal);
        }
        check(device, portal);
        ByteBuffer.wrap(command).order(ByteOrder.LITTLE_ENDIAN).putInt(0, s.pasid);
        return device.mapping().region() instanceof EnqueuePortal region
                && region.enqueue(portal - device.address(), command);
    }

    @Override
    public LabProcess fork() {
        return new LabProcess(space().copy(IDS.getAndIncrement()), files.copy());
    }

    @Override
    public void exec() {
        LabSpace old = space();
        space = new LabSpace(IDS.getAndIncrement());
        old.die();
        files.closeAll(true);
    }

    /** Like exec of a program that forgot to mark its descriptors. */
    public void execKeepingFiles() {
        LabSpace old = space();
        space = new LabSpace(IDS.getAndIncrement());
        old.die();
    }

    @Override
    public void exit(int status) {
        if (alive) {
            alive = false;
            space.die();
            files.closeAll(false);
        }
    }

    @Override
    public void kill(Signal signal) {
        exit(0);
    }

    @Override
    public boolean awaitTermination(Duration timeout) {
        return !alive;
    }

    @Override
    public void close() {
        exit(0);
    }

    @Override
    public void closeFile(int fd) {
        files().close(fd);
    }

    @Override
    public void mprotect(long address, long length, Protection protection) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long mremap(long address, long oldLength, long newLength, boolean mayMove) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void madvise(long address, long length, Advice advice) {
        advised.add(advice);
    }

    @Override
    public int createSharedMemory(long size) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void truncate(int fd, long size) {
        throw new UnsupportedOperationException();
    }

    /** The advice given so far. */
    public List<Advice> advised() {
        return advised;
    }

    /** Memory with contents. */
    public long memory(byte[] contents) {
        long address = mmap(MapRequest.anonymous(Math.max(1, contents.length)));
        store(address, contents, 0, contents.length);
        return address;
    }
}
