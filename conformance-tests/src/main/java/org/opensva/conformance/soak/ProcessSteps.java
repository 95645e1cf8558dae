package org.opensva.conformance.soak;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;

import java.util.List;
import java.util.SplittableRandom;

/** What happens to processes as a whole. */
final class ProcessSteps {

    private static final int MOST_STRAYS = 8;

    private final Machine machine;
    private final SplittableRandom random;
    private final DeviceSteps device;

    /** Handles in foreign hands, which may outlive the process that opened them. */
    private final List<QueueHandle> strays;

    ProcessSteps(
            Machine machine,
            SplittableRandom random,
            DeviceSteps device,
            List<QueueHandle> strays) {
        this.machine = machine;
        this.random = random;
        this.device = device;
        this.strays = strays;
    }

    /** The child finds what the parent had; neither sees what the other changes. */
    @Nullable Actor fork(Actor parent) {
        if (!machine.claims(Capability.FORK)) {
            return null;
        }
        SvaProcess process = parent.process().fork();
        Actor child = new Actor(process);
        boolean done = false;
        try {
            for (Area area : parent.areas()) {
                // A shared one would change under both of them.
                if (!area.isShared()) {
                    child.areas().add(area.forked());
                }
            }
            Area theirs = child.anyArea(random.nextInt());
            if (theirs != null) {
                MemorySteps.check(
                        process, theirs, random.nextInt(theirs.pages()), "memory of a child");
                QueueHandle queue = device.open(process);
                child.queues().add(queue);
                device.fill(queue, process, theirs);
            }
            for (QueueHandle queue : parent.queues()) {
                if (strays.size() < MOST_STRAYS && random.nextInt(4) == 0) {
                    strays.add(queue.inheritedBy(process));
                }
            }
            done = true;
            return child;
        } finally {
            if (!done) {
                child.close();
            }
        }
    }

    /** A child shares the memory until it execs or ends. */
    boolean vfork(Actor parent) {
        if (!machine.claims(Capability.THREADS) || !machine.claims(Capability.EXEC)) {
            return false;
        }
        SvaProcess child;
        try {
            child = parent.process().vfork();
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENOSYS) {
                return false;
            }
            throw e;
        }
        try (child) {
            Area area = parent.anyArea(random.nextInt());
            if (area != null) {
                try (QueueHandle queue = device.open(child)) {
                    device.fill(queue, parent.process(), area);
                }
            }
            if (random.nextBoolean()) {
                child.exec();
            }
            return true;
        }
    }

    boolean exec(Actor actor) {
        if (!machine.claims(Capability.EXEC)) {
            return false;
        }
        device.submit(actor.anyQueue(random.nextInt()), actor.anyArea(random.nextInt()));
        actor.process().exec();
        actor.areas().clear();
        actor.queues().forEach(QueueHandle::close);
        actor.queues().clear();
        return true;
    }

    /** A handle that another process holds is refused, or acts on its opener's memory. */
    boolean foreign(Actor owner, List<Actor> actors) {
        QueueHandle queue = owner.anyQueue(random.nextInt());
        Area area = owner.anyArea(random.nextInt());
        if (queue == null || area == null || !machine.claims(Capability.PASS_HANDLE)) {
            return false;
        }
        Actor stranger = actors.get(random.nextInt(actors.size()));
        if (stranger == owner) {
            return false;
        }
        QueueHandle passed = queue.passTo(stranger.process());
        try {
            long value = random.nextLong() >>> 1;
            JobResult result =
                    device.run(passed, Job.fill(area.page(0), machine.pageBytes(), value));
            if (machine.refusesForeigners()) {
                throw new Trouble("a foreign handle was not refused");
            }
            area.set(0, result.succeeded() ? value : Area.UNKNOWN);
            MemorySteps.check(owner.process(), area, 0, "a page filled by a foreign handle");
        } catch (ErrnoException e) {
            if (!machine.refusesForeigners() || e.errno() != Errno.EPERM) {
                throw e;
            }
        } finally {
            if (strays.size() < MOST_STRAYS && random.nextBoolean()) {
                strays.add(passed);
            } else {
                passed.close();
            }
        }
        return true;
    }

    boolean exit(Actor actor) {
        device.submit(actor.anyQueue(random.nextInt()), actor.anyArea(random.nextInt()));
        actor.process().exit(0);
        return true;
    }

    boolean kill(Actor actor) {
        if (!machine.claims(Capability.KILL)) {
            return false;
        }
        device.submit(actor.anyQueue(random.nextInt()), actor.anyArea(random.nextInt()));
        actor.process().kill(Signal.SIGKILL);
        if (!actor.process().awaitTermination(machine.limits().bounded())) {
            throw new Trouble("a killed process has not ended");
        }
        return true;
    }
}
