package org.opensva.conformance.soak;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One thread of an epoch: it has a few processes of its own, chooses a step, does it, and checks
 * what it can. What a busy machine may refuse is no trouble; everything else is.
 */
final class Worker {

    private static final int MOST_ACTORS = 5;

    /** So many steps pass between two looks into the caches of the machine. */
    private static final int LOOK_EVERY = 10;

    /** How often another step is chosen if one cannot be done. */
    private static final int CHOICES = 6;

    /** A machine may be full, whoever asks. */
    private static final Set<Errno> FULL =
            EnumSet.of(Errno.EBUSY, Errno.ENOMEM, Errno.ENOSPC, Errno.EAGAIN, Errno.EOVERFLOW);

    /** What a device answers that is being removed. */
    private static final Set<Errno> REMOVED =
            EnumSet.of(
                    Errno.ENODEV, Errno.ENXIO, Errno.EIO, Errno.EBADF, Errno.EINVAL, Errno.EFAULT);

    private final Machine machine;
    private final Stats stats;
    private final AtomicBoolean removing;
    private final SplittableRandom random;
    private final MemorySteps memory;
    private final AdviceSteps advice;
    private final DeviceSteps device;
    private final ProcessSteps process;
    private final List<Actor> actors = new ArrayList<>();
    private final List<QueueHandle> strays = new ArrayList<>();

    Worker(Machine machine, long seed, Stats stats, AtomicBoolean removing) {
        this.machine = machine;
        this.stats = stats;
        this.removing = removing;
        this.random = new SplittableRandom(seed);
        this.memory = new MemorySteps(machine, random);
        this.advice = new AdviceSteps(machine, random);
        this.device = new DeviceSteps(machine, random, removing);
        this.process = new ProcessSteps(machine, random, device, strays);
    }

    /** Does the steps, then closes everything. */
    void run(int steps) {
        try {
            for (int i = 0; i < steps; i++) {
                step();
                if (i % LOOK_EVERY == LOOK_EVERY - 1 || i == steps - 1) {
                    machine.requireNothingStale();
                }
            }
        } finally {
            end();
        }
    }

    private void step() {
        stats.begins();
        boolean done = false;
        for (int i = 0; i < CHOICES && !done; i++) {
            done = tryOne(choose());
        }
    }

    /** True unless there was not what the step needs. */
    private boolean tryOne(Act act) {
        Actor actor = actors.isEmpty() ? null : actors.get(random.nextInt(actors.size()));
        try {
            if (act == Act.SPAWN || actor == null) {
                spawn();
                return true;
            }
            boolean done = act(act, actor);
            if (done) {
                stats.did(act);
            }
            return done;
        } catch (ErrnoException e) {
            tolerate(act, actor, e);
            return true;
        } catch (CpuFaultException e) {
            if (actor != null && !actor.process().isAlive()) {
                drop(actor);
                return true;
            }
            throw new Trouble("%s: the process got %s".formatted(act.title(), e.getMessage()));
        }
    }

    private void tolerate(Act act, @Nullable Actor actor, ErrnoException e) {
        boolean known =
                FULL.contains(e.errno())
                        || removing.get() && REMOVED.contains(e.errno())
                        || actor != null && !actor.process().isAlive();
        if (!known) {
            throw new Trouble("%s: %s".formatted(act.title(), e.getMessage()));
        }
        if (actor != null) {
            // What the step left undone is not known.
            drop(actor);
        }
    }

    private Act choose() {
        int sum = 0;
        for (Act act : Act.values()) {
            sum += act.weight();
        }
        int choice = random.nextInt(sum);
        for (Act act : Act.values()) {
            choice -= act.weight();
            if (choice < 0) {
                return act;
            }
        }
        return Act.SPAWN;
    }

    private void spawn() {
        SvaProcess fresh = machine.backend().processes().spawn("soak");
        stats.did(Act.SPAWN);
        adopt(new Actor(fresh));
    }

    private void adopt(Actor actor) {
        actors.add(actor);
        if (actors.size() > MOST_ACTORS) {
            drop(actors.getFirst());
        }
    }

    private void drop(Actor actor) {
        actors.remove(actor);
        actor.close();
    }

    /** Does one step of an actor; false if it has not what the step needs. */
    private boolean act(Act act, Actor actor) {
        return switch (act) {
            case SPAWN -> false;
            case MAP -> memory.map(actor);
            case UNMAP -> memory.unmap(actor);
            case PROTECT -> memory.protect(actor);
            case REMAP -> memory.remap(actor);
            case DISCARD -> memory.discard(actor);
            case PAGE_OUT -> memory.pageOut(actor);
            case HUGE -> memory.huge(actor);
            case TRUNCATE -> memory.truncate(actor);
            case HOLE -> advice.hole(actor);
            case LOCK -> advice.lock(actor);
            case SYNC -> advice.sync(actor);
            case FREE -> advice.free(actor);
            case HINT -> advice.hint(actor);
            case LEAVE -> advice.leave(actor);
            case STORE -> memory.store(actor);
            case UNMAP_UNDER_JOB -> device.unmapUnderJob(actor);
            case OPEN -> device.open(actor);
            case CLOSE -> device.close(actor);
            case RESTART -> device.restart(actor);
            case FILL -> device.fill(actor);
            case COPY -> device.copy(actor);
            case FORK -> forked(process.fork(actor));
            case VFORK -> process.vfork(actor);
            case EXEC -> process.exec(actor);
            case FOREIGN -> process.foreign(actor, actors);
            case EXIT -> ended(actor, process.exit(actor));
            case KILL -> ended(actor, process.kill(actor));
        };
    }

    private boolean forked(@Nullable Actor child) {
        if (child == null) {
            return false;
        }
        adopt(child);
        return true;
    }

    private boolean ended(Actor actor, boolean done) {
        if (done) {
            drop(actor);
        }
        return done;
    }

    /** Half of the processes end with their queues open, the others after them. */
    private void end() {
        boolean first = machine.claims(Capability.FORK) && random.nextBoolean();
        if (first) {
            strays.forEach(QueueHandle::close);
        }
        for (Actor actor : actors) {
            if (random.nextBoolean()) {
                actor.queues().forEach(QueueHandle::close);
            }
            actor.close();
        }
        strays.forEach(QueueHandle::close);
        actors.clear();
        strays.clear();
    }
}
