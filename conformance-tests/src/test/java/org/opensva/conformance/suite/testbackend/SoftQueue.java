package org.opensva.conformance.suite.testbackend;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.memory.Access;
import org.opensva.api.process.OpenFile;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/** A queue: its state, its bond, and the jobs that were done and not collected. */
final class SoftQueue implements OpenFile {

    final SoftDevice device;
    final SoftMm mm;
    final int pasid;
    final Map<QueueRegion, Long> regions = new EnumMap<>(QueueRegion.class);
    final Map<Long, JobResult> done = new HashMap<>();
    QueueState state;
    boolean returned;
    private boolean released;
    private long tickets;

    SoftQueue(SoftDevice device, SoftMm mm) {
        this.device = device;
        this.mm = mm;
        this.pasid = device.bind(mm);
        this.state = device.machine.startedAtOpen ? QueueState.STARTED : QueueState.INIT;
    }

    QueueState state() {
        return mm.users == 0 ? QueueState.ZOMBIE : state;
    }

    void kill() {
        if (!released) {
            released = true;
            state = QueueState.ZOMBIE;
            device.unbind(mm);
        }
    }

    void giveBack() {
        if (!returned) {
            returned = true;
            device.taken--;
        }
    }

    @Override
    public String name() {
        return device.name();
    }

    @Override
    public void release() {
        kill();
        giveBack();
        device.queues.remove(this);
    }

    synchronized long collectLater(JobResult result) {
        long ticket = ++tickets;
        done.put(ticket, result);
        return ticket;
    }

    JobResult execute(Job job, int as) {
        if (!device.info().operations().contains(job.operation())) {
            return new JobResult(JobStatus.UNSUPPORTED, 0, 0, 0, 0);
        }
        long length = job.sourceLength();
        byte[] buffer = new byte[SoftMachine.PAGE];
        CRC32C crc = new CRC32C();
        long at = 0;
        while (at < length) {
            long from = job.source() + at;
            long to = job.destination() + at;
            int part =
                    (int)
                            Math.min(
                                    length - at,
                                    Math.min(
                                            SoftMachine.PAGE
                                                    - Math.floorMod(from, SoftMachine.PAGE),
                                            SoftMachine.PAGE
                                                    - Math.floorMod(to, SoftMachine.PAGE)));
            boolean ok =
                    switch (job.operation()) {
                        case COPY -> read(as, from, part, buffer) && write(as, to, part, buffer);
                        case FILL -> {
                            for (int i = 0; i < part; i++) {
                                buffer[i] = (byte) (job.argument() >>> (8 * ((at + i) & 7)));
                            }
                            yield write(as, to, part, buffer);
                        }
                        case CRC32C -> {
                            boolean read = read(as, from, part, buffer);
                            crc.update(buffer, 0, part);
                            yield read;
                        }
                        default -> true;
                    };
            if (!ok) {
                return failure(job, as, at, part);
            }
            at += part;
        }
        boolean checksum = job.operation() == org.opensva.api.accelerator.Operation.CRC32C;
        return new JobResult(
                JobStatus.SUCCESS, length, checksum ? 0 : length, checksum ? crc.getValue() : 0, 0);
    }

    private JobResult failure(Job job, int as, long at, int part) {
        boolean dead;
        device.machine.lock.readLock().lock();
        try {
            dead = state() == QueueState.ZOMBIE;
        } finally {
            device.machine.lock.readLock().unlock();
        }
        if (dead) {
            return new JobResult(JobStatus.ABORTED, at, at, 0, 0);
        }
        boolean reads =
                job.operation() == org.opensva.api.accelerator.Operation.CRC32C
                        || (job.operation() == org.opensva.api.accelerator.Operation.COPY
                                && !read(as, job.source() + at, part, new byte[part]));
        long base = reads ? job.source() : job.destination();
        return new JobResult(JobStatus.PAGE_FAULT, at, at, 0, base + at);
    }

    private boolean read(int as, long address, int length, byte[] into) {
        return device.access(
                as,
                address,
                length,
                Access.READ,
                (frame, offset, part) -> frame.read(offset, into, 0, part));
    }

    private boolean write(int as, long address, int length, byte[] from) {
        return device.access(
                as,
                address,
                length,
                Access.WRITE,
                (frame, offset, part) -> frame.write(offset, from, 0, part));
    }
}
