package org.opensva.uacce.library;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.cdev.JobSpans;
import org.opensva.uacce.cdev.QueueFile;
import org.opensva.uacce.cdev.UacceCommands;
import org.opensva.uacce.queue.CompletionEvent;

import java.time.Duration;
import java.util.Iterator;
import java.util.List;

/**
 * A queue as one process holds it.
 *
 * <p>What {@link QueueHandle} leaves open is decided like this:
 *
 * <ul>
 *   <li>Refusals are looked for in this order: {@code EBADF} (closed, or the holder has ended),
 *       {@code EPERM} (foreign, refused), {@code ENXIO} (dead, or the holder has called exec since
 *       it got the handle), then state and arguments.
 *   <li>{@link #poll} of a handle that may not be used is false at once.
 *   <li>A queue that has stopped by itself after an error answers {@link #submit} with {@code EIO}
 *       until it is put and started again.
 *   <li>A job occupies its place in the queue until its result is collected; so {@code EAGAIN}
 *       comes exactly at the depth of the queue.
 *   <li>{@link #close} unmaps the regions and gives the rings back, after waiting for its own jobs
 *       as long as a stop would.
 * </ul>
 */
public final class UacceQueueHandle implements QueueHandle {

    /** Longer than anybody waits, and far from overflow. */
    private static final long FOREVER = Long.MAX_VALUE / 4;

    private final Accelerator accelerator;
    private final QueueFile file;
    private final SvaProcess holder;
    private final int fd;
    private final long addressSpace;
    private final Object control = new Object();
    private final @Nullable Region[] regions = new @Nullable Region[QueueRegion.values().length];
    private final Completions completions;
    private volatile boolean closed;

    /** Where a region is mapped in the holder. */
    private record Region(long address, @Nullable DeviceMapping mapping) {}

    /**
     * Makes the library's state for a descriptor. It has nothing from the process that the holder
     * was forked from.
     *
     * @param accelerator the device
     * @param file the open queue
     * @param holder who holds the descriptor
     * @param fd the descriptor
     */
    public UacceQueueHandle(Accelerator accelerator, QueueFile file, SvaProcess holder, int fd) {
        this.accelerator = accelerator;
        this.file = file;
        this.holder = holder;
        this.fd = fd;
        addressSpace = holder.addressSpace().id();
        completions = new Completions(file, this, () -> closed);
    }

    @Override
    public Accelerator accelerator() {
        return accelerator;
    }

    @Override
    public SvaProcess holder() {
        return holder;
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public QueueState state() {
        return closed ? QueueState.ZOMBIE : file.state();
    }

    @Override
    public Pasid pasid() {
        return file.bond().pasid();
    }

    @Override
    public void start() {
        synchronized (control) {
            boolean own = enter("start");
            JobLane prepared = null;
            if (own && file.state() == QueueState.INIT) {
                prepared = prepare();
            }
            file.start(holder);
            if (prepared != null) {
                prepared.started(file.hardware().starts());
            }
        }
    }

    @Override
    public void putQueue() {
        enter("put");
        file.put(holder);
    }

    @Override
    public void control(int command) {
        ioctl(command, 0);
    }

    @Override
    public long ioctl(int command, long argument) {
        if (command == UacceCommands.START_Q) {
            start();
        } else {
            enter("ioctl");
            file.ioctl(holder, command, argument);
        }
        return 0;
    }

    @Override
    public long mapRegion(QueueRegion region) {
        synchronized (control) {
            enter("mmap");
            return map(region);
        }
    }

    private long map(QueueRegion type) {
        Long size = accelerator.info().regionSizes().get(type);
        if (size == null) {
            throw file.error(Errno.EINVAL, "mmap", "there is no region " + type);
        }
        long offset = (long) type.ordinal() * holder.pageSize();
        long address = holder.mmap(MapRequest.sharedFile(fd, offset, size));
        regions[type.ordinal()] = new Region(address, file.mapping(type));
        return address;
    }

    /**
     * Maps a region unless this library has it; null if somebody else has, or if the process cannot
     * be made to map anything: then jobs go through the descriptor.
     */
    private @Nullable Region mapOnce(QueueRegion type) {
        Region mine = regions[type.ordinal()];
        if (mine == null || !file.isMapped(type, mine.mapping())) {
            try {
                map(type);
            } catch (ErrnoException e) {
                if (e.errno() == Errno.EEXIST || e.errno() == Errno.EOPNOTSUPP) {
                    return null;
                }
                throw e;
            }
        }
        return regions[type.ordinal()];
    }

    /** Maps what jobs need; what was mapped for nothing would keep the queue after its close. */
    private @Nullable JobLane prepare() {
        @Nullable Region[] before = regions.clone();
        JobLane prepared = null;
        try {
            prepared = file.isShared() ? prepareRecords() : prepareRings();
            return prepared;
        } finally {
            if (prepared == null) {
                unmapSince(before);
            }
        }
    }

    private void unmapSince(@Nullable Region[] before) {
        for (QueueRegion type : QueueRegion.values()) {
            Region region = regions[type.ordinal()];
            Region old = before[type.ordinal()];
            Long size = accelerator.info().regionSizes().get(type);
            if (region != null && !region.equals(old) && size != null) {
                unmap(region.address(), size);
                regions[type.ordinal()] = old;
            }
        }
    }

    private @Nullable Rings prepareRings() {
        Region doorbell = mapOnce(QueueRegion.MMIO);
        Region shared = mapOnce(QueueRegion.SHARED);
        if (doorbell == null || shared == null) {
            return null;
        }
        Rings current;
        if (completions.lane() instanceof Rings mine) {
            current = mine;
        } else {
            current = new Rings(file, holder);
            completions.use(current);
        }
        current.prepare(doorbell.address(), doorbell.mapping(), shared.address(), shared.mapping());
        return current;
    }

    private Records prepareRecords() {
        Region portal = mapOnce(QueueRegion.MMIO);
        mapOnce(QueueRegion.SHARED);
        Records current;
        if (completions.lane() instanceof Records mine) {
            current = mine;
        } else {
            current = new Records(file, holder);
            completions.use(current);
        }
        current.prepare(
                portal == null ? 0 : portal.address(), portal == null ? null : portal.mapping());
        return current;
    }

    /** What goes through memory, or null: then jobs go through the descriptor. */
    private @Nullable JobLane lane(boolean own) {
        JobLane current = completions.lane();
        if (!own || current != null && current.usable()) {
            return own ? current : null;
        }
        return file.isShared() ? joinShared() : null;
    }

    /** Another handle has started the part. */
    private JobLane joinShared() {
        synchronized (control) {
            Records current = prepareRecords();
            int starts = file.hardware().starts();
            if (!current.usable()) {
                current.started(starts);
            }
            return current;
        }
    }

    @Override
    public long submit(Job job) {
        boolean own = enter("submit");
        file.started("submit");
        JobLane current = lane(own);
        if (current != null) {
            return current.submit(job);
        }
        return submitThroughDescriptor(List.of(job))[0];
    }

    @Override
    public long[] submitAll(List<Job> jobs) {
        boolean own = enter("submit");
        file.started("submit");
        int limit = file.hardware().limit();
        if (jobs.size() > limit) {
            throw file.error(
                    Errno.EINVAL,
                    "submit",
                    "%d jobs, and the queue holds %d".formatted(jobs.size(), limit));
        }
        JobLane current = lane(own);
        if (current != null) {
            return current.submitAll(jobs);
        }
        return submitThroughDescriptor(jobs);
    }

    private long[] submitThroughDescriptor(List<Job> jobs) {
        JobSpans spans = file.spans();
        if (spans == null) {
            return file.submit(holder, this, jobs, null);
        }
        List<JobSpans.Open> begun =
                jobs.stream().map(job -> spans.begin(holder.pid(), job)).toList();
        Iterator<JobSpans.Open> next = begun.iterator();
        boolean accepted = false;
        try {
            long[] tickets =
                    file.submit(holder, this, jobs, tag -> spans.submitted(tag, next.next()));
            accepted = true;
            return tickets;
        } finally {
            if (!accepted) {
                begun.forEach(spans::refused);
            }
        }
    }

    @Override
    public boolean poll(Duration timeout) {
        return completions.poll(deadline(timeout), this::mayUse);
    }

    @Override
    public JobResult await(long ticket, Duration timeout) {
        long[] result = new long[4];
        JobStatus status = completions.await(ticket, deadline(timeout), result);
        return new JobResult(status, result[0], result[1], result[2], result[3]);
    }

    @Override
    public JobStatus await(long ticket, long nanoseconds, long[] result) {
        long most = Math.clamp(nanoseconds, 0, FOREVER);
        return completions.await(ticket, System.nanoTime() + most, result);
    }

    private static long deadline(Duration timeout) {
        long nanos;
        try {
            nanos = timeout.isNegative() ? 0 : timeout.toNanos();
        } catch (ArithmeticException e) {
            nanos = FOREVER;
        }
        return System.nanoTime() + Math.min(nanos, FOREVER);
    }

    @Override
    public QueueHandle inheritedBy(SvaProcess child) {
        boolean same = child.files().get(fd).filter(file::equals).isPresent();
        if (!same) {
            throw file.error(
                    Errno.EBADF, "inherit", "descriptor %d is not this queue".formatted(fd));
        }
        return new UacceQueueHandle(accelerator, file, child, fd);
    }

    @Override
    public QueueHandle passTo(SvaProcess receiver) {
        checkOpen("pass");
        int received = receiver.files().receive(holder.files(), fd);
        return new UacceQueueHandle(accelerator, file, receiver, received);
    }

    @Override
    public void close() {
        synchronized (control) {
            if (closed) {
                return;
            }
            closed = true;
            JobLane current = completions.lane();
            boolean here = isSameProgram();
            if (current != null && here) {
                finish(current);
                unmapRegions();
            }
            file.hardware().forget(this);
            if (here || holder.isAlive()) {
                closeDescriptor();
            }
            if (current != null) {
                current.abort();
                current.free();
            }
        }
    }

    /** Waits for the jobs that would otherwise lose their rings. */
    private void finish(JobLane current) {
        long deadline = System.nanoTime() + file.grace();
        CompletionEvent event = file.hardware().event();
        long seen = event.count();
        while (current.busy()
                && file.state() != QueueState.ZOMBIE
                && event.awaitUninterruptibly(seen, deadline)) {
            seen = event.count();
        }
    }

    private void unmapRegions() {
        for (QueueRegion type : QueueRegion.values()) {
            Region region = regions[type.ordinal()];
            Long size = accelerator.info().regionSizes().get(type);
            if (region != null && size != null && file.isMapped(type, region.mapping())) {
                unmap(region.address(), size);
            }
        }
    }

    private void unmap(long address, long size) {
        try {
            holder.munmap(address, size);
        } catch (ErrnoException e) {
            // The process has ended meanwhile, and the mapping with it.
            return;
        }
    }

    private void closeDescriptor() {
        try {
            // The number may belong to another file by now: never close somebody else's.
            if (holder.files().get(fd).filter(file::equals).isPresent()) {
                holder.closeFile(fd);
            }
        } catch (ErrnoException e) {
            // The process has ended meanwhile, or closed it itself.
            return;
        }
    }

    /**
     * The checks that every operation begins with.
     *
     * @return true if the holder is in the address space of the queue
     */
    private boolean enter(String operation) {
        checkOpen(operation);
        boolean foreign;
        try {
            file.admit(holder, operation);
            foreign = file.isForeign(holder);
            if (holder.addressSpace().id() != addressSpace) {
                throw file.error(
                        Errno.ENXIO, operation, "the holder has called exec since it got it");
            }
        } catch (ErrnoException e) {
            throw e.errno() == Errno.ESRCH ? ended(operation) : e;
        }
        return !foreign;
    }

    private void checkOpen(String operation) {
        if (closed) {
            throw file.error(Errno.EBADF, operation, "the handle is closed");
        }
        if (!holder.isAlive()) {
            throw ended(operation);
        }
    }

    private ErrnoException ended(String operation) {
        return file.error(Errno.EBADF, operation, "its holder has ended");
    }

    private boolean mayUse() {
        try {
            enter("poll");
            return true;
        } catch (ErrnoException e) {
            return false;
        }
    }

    /** Tells whether the memory of the holder is that in which this handle was made. */
    private boolean isSameProgram() {
        try {
            return holder.isAlive() && holder.addressSpace().id() == addressSpace;
        } catch (ErrnoException e) {
            return false;
        }
    }
}
