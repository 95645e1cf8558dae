package org.opensva.conformance.soak;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;

/** What processes have their devices do. */
final class DeviceSteps {

    private static final int MOST_QUEUES = 4;

    private final Machine machine;
    private final SplittableRandom random;
    private final AtomicBoolean removing;

    DeviceSteps(Machine machine, SplittableRandom random, AtomicBoolean removing) {
        this.machine = machine;
        this.random = random;
        this.removing = removing;
    }

    boolean open(Actor actor) {
        if (actor.queues().size() >= MOST_QUEUES) {
            return false;
        }
        actor.queues().add(open(actor.process()));
        return true;
    }

    /** Opens a queue of any device and starts it. */
    QueueHandle open(SvaProcess process) {
        QueueHandle queue =
                machine.devices().get(random.nextInt(machine.devices().size())).open(process);
        boolean started = false;
        try {
            if (machine.claims(Capability.QUEUE_STATES)) {
                queue.start();
            }
            started = true;
            return queue;
        } finally {
            if (!started) {
                queue.close();
            }
        }
    }

    boolean close(Actor actor) {
        QueueHandle queue = actor.anyQueue(random.nextInt());
        if (queue == null) {
            return false;
        }
        actor.queues().remove(queue);
        queue.close();
        return true;
    }

    boolean restart(Actor actor) {
        QueueHandle queue = actor.anyQueue(random.nextInt());
        if (queue == null || !machine.claims(Capability.QUEUE_STATES)) {
            return false;
        }
        queue.putQueue();
        queue.start();
        return true;
    }

    boolean fill(Actor actor) {
        QueueHandle queue = actor.anyQueue(random.nextInt());
        Area area = actor.anyArea(random.nextInt());
        return queue != null && area != null && fill(queue, actor.process(), area);
    }

    /** A device fills a page, and the process finds what it wrote. */
    boolean fill(QueueHandle queue, SvaProcess process, Area area) {
        int index = random.nextInt(area.pages());
        long value = random.nextLong() >>> 1;
        prepare(process, area, index);
        JobResult result = run(queue, Job.fill(area.page(index), machine.pageBytes(), value));
        if (succeeded(queue, result, "a fill")) {
            area.set(index, value);
            MemorySteps.check(process, area, index, "a page that a device has filled");
        } else {
            area.set(index, Area.UNKNOWN);
        }
        return true;
    }

    boolean copy(Actor actor) {
        QueueHandle queue = actor.anyQueue(random.nextInt());
        Area from = actor.anyArea(random.nextInt());
        Area to = actor.anyArea(random.nextInt());
        if (queue == null || from == null || to == null) {
            return false;
        }
        int source = random.nextInt(from.pages());
        int target = random.nextInt(to.pages());
        if (from.page(source) == to.page(target)) {
            return false;
        }
        SvaProcess process = actor.process();
        prepare(process, from, source);
        prepare(process, to, target);
        MemorySteps.check(process, from, source, "the source of a copy");
        JobResult result =
                run(queue, Job.copy(from.page(source), to.page(target), machine.pageBytes()));
        if (succeeded(queue, result, "a copy")) {
            to.set(target, from.value(source));
            MemorySteps.check(process, to, target, "a page that a device has copied");
        } else {
            to.set(target, Area.UNKNOWN);
        }
        return true;
    }

    /** Where faults of devices are not served the page has to be there. */
    private void prepare(SvaProcess process, Area area, int index) {
        if (!machine.claims(Capability.DEMAND_PAGING)) {
            long held = process.loadLong(area.page(index));
            process.storeLong(area.page(index), held);
        }
    }

    private boolean succeeded(QueueHandle queue, JobResult result, String what) {
        if (result.succeeded()) {
            return true;
        }
        boolean gone =
                removing.get()
                        || result.status() == JobStatus.PAGE_FAULT
                                && !machine.claims(Capability.DEMAND_PAGING);
        if (!gone) {
            throw new Trouble(
                    "%s by %s failed: %s at 0x%x"
                            .formatted(
                                    what,
                                    queue.accelerator().name(),
                                    result.status(),
                                    result.faultAddress()));
        }
        // A queue that has stopped after an error is of no use to the steps that follow.
        throw new ErrnoException(Errno.EAGAIN, what, "the device did not get through");
    }

    /** Runs a job; that one never ends is trouble. */
    JobResult run(QueueHandle queue, Job job) {
        long ticket = queue.submit(job);
        try {
            return queue.await(ticket, machine.limits().job());
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ETIMEDOUT) {
                throw new Trouble(
                        "a %s job of %s never ended"
                                .formatted(job.operation().id(), queue.accelerator().name()));
            }
            throw e;
        }
    }

    /** Memory goes while a device writes all of it; the job ends some way or other. */
    boolean unmapUnderJob(Actor actor) {
        QueueHandle queue = actor.anyQueue(random.nextInt());
        Area area = actor.anyArea(random.nextInt());
        if (queue == null || area == null) {
            return false;
        }
        submit(queue, area);
        actor.areas().remove(area);
        actor.process().munmap(area.address(), area.length());
        if (area.isShared()) {
            actor.process().closeFile(area.fd());
        }
        // It may have stopped after the error.
        actor.queues().remove(queue);
        queue.close();
        return true;
    }

    /** Has a device begin to write an area, and does not wait for it. */
    void submit(@Nullable QueueHandle queue, @Nullable Area area) {
        if (queue != null && area != null) {
            queue.submit(Job.fill(area.address(), area.length(), random.nextLong()));
            area.setAll(Area.UNKNOWN);
        }
    }
}
