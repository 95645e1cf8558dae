package org.opensva.conformance.programs;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.DeviceRead;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** The processes and queues of a running program, on a real backend. */
final class Stage {

    /** So far from where the kernel maps what it chooses itself that nothing else comes there. */
    private static final long FAR = 32L << 30;

    /** An actor of the program. */
    private static final class Actor {
        final SvaProcess process;
        final long window;
        final int object;
        final Map<Integer, QueueHandle> handles = new HashMap<>();

        Actor(SvaProcess process, long window, int object) {
            this.process = process;
            this.window = window;
            this.object = object;
        }
    }

    private final TestBench bench;
    private final long page;
    private final Map<Integer, Actor> actors = new HashMap<>();

    /** Who opened a queue: the device works in this process's memory. */
    private final Map<Integer, Actor> openers = new HashMap<>();

    Stage(TestBench bench) {
        this.bench = bench;
        this.page = bench.pageSize();
    }

    /** Does a step that the model expects to make sense. */
    Observation act(Step step) {
        try {
            return switch (step) {
                case Step.Spawn s -> spawn(s);
                case Step.Fork s -> fork(s);
                case Step.End s -> end(s);
                case Step.Map s ->
                        map(s.process(), s.span(), MapRequest.anonymous(bytes(s.span())));
                case Step.MapObject s -> mapObject(s);
                case Step.Unmap s -> {
                    Actor actor = actor(s);
                    actor.process.munmap(address(actor, s.span().first()), bytes(s.span()));
                    yield Observation.done();
                }
                case Step.Protect s -> {
                    Actor actor = actor(s);
                    actor.process.mprotect(
                            address(actor, s.span().first()), bytes(s.span()), s.protection());
                    yield Observation.done();
                }
                case Step.Advise s -> {
                    Actor actor = actor(s);
                    actor.process.madvise(
                            address(actor, s.span().first()), bytes(s.span()), s.advice());
                    yield Observation.done();
                }
                case Step.Truncate s -> {
                    Actor actor = actor(s);
                    actor.process.truncate(actor.object, s.pages() * page);
                    yield Observation.done();
                }
                case Step.Move s -> move(s);
                case Step.Load s -> {
                    Actor actor = actor(s);
                    yield Observation.read(actor.process.loadLong(address(actor, s.page())));
                }
                case Step.Store s -> {
                    Actor actor = actor(s);
                    actor.process.storeLong(address(actor, s.page()), s.value());
                    yield Observation.done();
                }
                case Step.Open s -> open(s);
                case Step.Manage s -> manage(s);
                case Step.Pass s -> pass(s);
                case Step.Read s -> read(s);
                case Step.Write s -> write(s);
            };
        } catch (ErrnoException refused) {
            mustExist(refused);
            return Observation.refused(refused.errno());
        } catch (CpuFaultException fault) {
            return Observation.fault();
        }
    }

    /** A call that does not exist is no answer that a program is about: it says what is missing. */
    private static void mustExist(ErrnoException refused) {
        if (refused.errno() == Errno.ENOSYS) {
            throw refused;
        }
    }

    private Actor actor(Step step) {
        return actor(step.process());
    }

    private Actor actor(int name) {
        return Objects.requireNonNull(actors.get(name), "no such process in the program");
    }

    private long address(Actor actor, int index) {
        return actor.window + index * page;
    }

    private long bytes(Span span) {
        return span.count() * page;
    }

    private Observation spawn(Step.Spawn step) {
        SvaProcess process = bench.process("p" + step.process());
        long probe = process.mmap(MapRequest.anonymous(page));
        process.munmap(probe, page);
        long window = Long.compareUnsigned(probe, 2 * FAR) > 0 ? probe - FAR : probe + FAR;
        long length = Program.PAGES * page;
        try {
            process.mmap(MapRequest.anonymous(length).at(window));
        } catch (ErrnoException e) {
            mustExist(e);
            throw new NotObservable(
                    "no window for programs could be mapped at 0x%x: %s"
                            .formatted(window, e.errno()));
        }
        process.munmap(window, length);
        int object =
                bench.claims(Capability.SHARED_MEMORY)
                        ? process.createSharedMemory(Program.OBJECT_PAGES * page)
                        : MapRequest.ANONYMOUS;
        actors.put(step.process(), new Actor(process, window, object));
        return Observation.done();
    }

    private Observation fork(Step.Fork step) {
        Actor parent = actor(step);
        Actor child = new Actor(bench.fork(parent.process), parent.window, parent.object);
        parent.handles.forEach((queue, handle) ->
                child.handles.put(queue, bench.adopt(handle.inheritedBy(child.process))));
        actors.put(step.child(), child);
        return Observation.done();
    }

    private Observation end(Step.End step) {
        Actor actor = actor(step);
        switch (step.ending()) {
            case EXEC -> actor.process.exec();
            case EXIT -> actor.process.exit(0);
            case KILL -> {
                actor.process.kill(Signal.SIGKILL);
                bench.check(
                        actor.process.awaitTermination(bench.limits().bounded()),
                        "the killed process to end",
                        "it lives");
            }
        }
        actor.handles.clear();
        if (step.ending() != Step.Ending.EXEC) {
            actors.remove(step.process());
        }
        return Observation.done();
    }

    private Observation map(int name, Span span, MapRequest request) {
        Actor actor = actor(name);
        actor.process.mmap(request.at(address(actor, span.first())));
        return Observation.done();
    }

    private Observation mapObject(Step.MapObject step) {
        MapRequest request =
                MapRequest.sharedFile(
                        actor(step).object, step.objectPage() * page, bytes(step.span()));
        return map(step.process(), step.span(), step.shared() ? request : request.asPrivate());
    }

    private Observation move(Step.Move step) {
        SvaProcess process = actor(step).process;
        long moved = process.mremap(address(actor(step), step.page()), page, 2 * page, true);
        try {
            return Observation.read(process.loadLong(moved));
        } finally {
            process.munmap(moved, 2 * page);
        }
    }

    private Observation open(Step.Open step) {
        Actor actor = actor(step);
        QueueHandle handle = bench.open(actor.process, step.device());
        actor.handles.put(step.queue(), handle);
        openers.put(step.queue(), actor);
        if (bench.claims(Capability.QUEUE_STATES)) {
            handle.start();
        }
        return bench.claims(Capability.PASID_VISIBLE)
                ? Observation.done(handle.pasid().value())
                : Observation.done();
    }

    private QueueHandle handle(Step step, int queue) {
        return Objects.requireNonNull(
                actor(step).handles.get(queue), "the process does not hold the queue");
    }

    private Observation manage(Step.Manage step) {
        QueueHandle handle = handle(step, step.queue());
        switch (step.control()) {
            case CLOSE -> {
                handle.close();
                actor(step).handles.remove(step.queue());
            }
            case PUT -> handle.putQueue();
            case START -> handle.start();
        }
        return Observation.done();
    }

    private Observation pass(Step.Pass step) {
        Actor receiver = actor(step.receiver());
        QueueHandle passed = handle(step, step.queue()).passTo(receiver.process);
        receiver.handles.put(step.queue(), bench.adopt(passed));
        return Observation.done();
    }

    private BoundDevice device(Step step, int queue) {
        Actor opener = Objects.requireNonNull(openers.get(queue), "nobody opened the queue");
        return bench.use(handle(step, queue), opener.process);
    }

    /** The window of the address space that the device works in. */
    private long place(int queue, int index) {
        return address(Objects.requireNonNull(openers.get(queue)), index);
    }

    private Observation read(Step.Read step) {
        DeviceRead seen = device(step, step.queue()).read(place(step.queue(), step.page()));
        if (seen.succeeded()) {
            return Observation.read(seen.value());
        }
        return Observation.failed(seen.status());
    }

    private Observation write(Step.Write step) {
        Span span = step.span();
        long length = span.count() == 1 ? Long.BYTES : bytes(span);
        Job job = Job.fill(place(step.queue(), span.first()), length, step.value());
        JobResult result = device(step, step.queue()).run(job);
        return result.succeeded() ? Observation.done() : Observation.failed(result.status());
    }
}
