package org.opensva.conformance.programs;

import org.opensva.api.backend.Capability;
import org.opensva.api.process.Advice;
import org.opensva.conformance.programs.Step.Control;
import org.opensva.conformance.programs.Step.Ending;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Makes random programs that a backend's claims allow. The same seed, theme and claims make the
 * same program.
 */
public final class ProgramGenerator {

    private static final int SPAN = 4;
    private static final int ATTEMPTS = 20;

    private final Claims claims;
    private final Theme theme;
    private final RandomGenerator random;
    private final ReferenceModel model;
    private final List<Step> steps = new ArrayList<>();
    private int processes;
    private int queues;
    private long value;

    private ProgramGenerator(Claims claims, Theme theme, long seed) {
        this.claims = claims;
        this.theme = theme;
        this.random = new SplittableRandom(seed);
        this.model = new ReferenceModel(claims);
    }

    /**
     * Makes a program.
     *
     * @param claims what it may rest on
     * @param theme what it is mostly about
     * @param seed chooses the program
     * @param length how many steps, 1 or more
     * @return the program
     */
    public static Program generate(Claims claims, Theme theme, long seed, int length) {
        return new ProgramGenerator(claims, theme, seed).generate(length);
    }

    private Program generate(int length) {
        add(new Step.Spawn(processes++));
        if (theme == Theme.ENDINGS) {
            add(new Step.Spawn(processes++));
        }
        add(new Step.Map(0, new Span(0, Program.PAGES / 2)));
        add(new Step.Open(0, queues++, 0));
        while (steps.size() < length) {
            for (int attempt = 0; attempt < ATTEMPTS && !scene(choose()); attempt++) {
                // Another choice may make sense here.
            }
            if (model.processes().isEmpty()) {
                add(new Step.Spawn(processes++));
            }
            if (processes >= Program.PROCESSES - 2 || queues >= Program.QUEUES - 2) {
                break;
            }
        }
        return new Program(steps);
    }

    /**
     * A step with what makes it tell something: the devices have cached what it changes, and look
     * at it afterwards, as the processors do.
     */
    private boolean scene(Step step) {
        return switch (step) {
            case Step.Map s -> change(s, s.span());
            case Step.MapObject s -> change(s, s.span());
            case Step.Unmap s -> change(s, s.span());
            case Step.Protect s -> change(s, s.span());
            case Step.Advise s -> change(s, s.span());
            case Step.Move s -> change(s, new Span(s.page(), 2));
            case Step.Truncate s -> change(s, span());
            case Step.Fork s -> forkScene(s);
            case Step.End s -> change(s, span());
            default -> add(step);
        };
    }

    private boolean change(Step step, Span span) {
        if (model.next(step).isEmpty()) {
            return false;
        }
        probe(step.process(), span);
        add(step);
        if (random.nextInt(8) != 0) {
            probe(step.process(), span);
            look(step.process(), span);
        }
        return true;
    }

    private boolean forkScene(Step.Fork step) {
        if (model.next(step).isEmpty()) {
            return false;
        }
        Span span = span();
        probe(step.process(), span);
        add(step);
        switch (random.nextInt(4)) {
            case 0 -> {
                readOwn(step.process(), span.first());
                add(new Step.Store(step.process(), span.first(), fresh()));
                readOwn(step.process(), span.first());
            }
            case 1 -> add(new Step.Store(step.child(), span.first(), fresh()));
            default -> probe(step.process(), span);
        }
        probe(step.process(), span);
        look(step.child(), span);
        look(step.process(), span);
        return true;
    }

    /** The devices of a process read a page, and so cache it for reading only. */
    private void readOwn(int process, int page) {
        ModelProcess owner = model.processes().get(process);
        if (owner != null) {
            for (int queue : List.copyOf(owner.handles)) {
                add(new Step.Read(process, queue, page));
            }
        }
    }

    /** The devices of a process access both ends of a span. */
    private void probe(int process, Span span) {
        ModelProcess owner = model.processes().get(process);
        if (owner == null) {
            return;
        }
        int last = span.first() + span.count() - 1;
        for (int queue : List.copyOf(owner.handles)) {
            ModelQueue held = model.queues().get(queue);
            if (held == null || held.space != owner.space || !held.started) {
                continue;
            }
            switch (random.nextInt(4)) {
                case 0 -> add(new Step.Read(process, queue, span.first()));
                case 1 -> add(new Step.Write(process, queue, span, fresh()));
                default -> {
                    add(new Step.Read(process, queue, last));
                    add(new Step.Write(process, queue, Span.of(span.first()), fresh()));
                }
            }
            if (span.count() > 1 && random.nextBoolean()) {
                add(new Step.Write(process, queue, Span.of(last), fresh()));
            }
        }
    }

    /** The processor loads both ends of a span. */
    private void look(int process, Span span) {
        add(new Step.Load(process, span.first()));
        if (span.count() > 1) {
            add(new Step.Load(process, span.first() + span.count() - 1));
        }
    }

    /** Adds a step if it makes sense, and assumes that it shows what it must. */
    private boolean add(Step step) {
        Optional<Expectation> expected = model.next(step);
        if (expected.isEmpty()) {
            return false;
        }
        steps.add(step);
        assume(expected.get(), step);
        return true;
    }

    private void assume(Expectation expected, Step step) {
        if (step instanceof Step.Open) {
            // Which PASID it will be is not known yet; any that is allowed will do.
            for (int pasid = 1; ; pasid++) {
                Observation guess = Observation.done(pasid);
                if (expected.allowed().test(guess)) {
                    model.settle(expected, guess);
                    return;
                }
            }
        }
        Observation done = Observation.done();
        if (expected.allowed().test(done) || step instanceof Step.Move) {
            model.settle(expected, done);
        }
    }

    private Step choose() {
        int total = theme.mappings + theme.forks + theme.endings + theme.handles + theme.accesses;
        int choice = random.nextInt(total);
        if ((choice -= theme.mappings) < 0) {
            return mapping();
        }
        if ((choice -= theme.forks) < 0) {
            return birth();
        }
        if ((choice -= theme.endings) < 0) {
            return ending();
        }
        if ((choice -= theme.handles) < 0) {
            return handle();
        }
        return access();
    }

    private int process() {
        List<Integer> alive = List.copyOf(model.processes().keySet());
        return alive.isEmpty() ? 0 : alive.get(random.nextInt(alive.size()));
    }

    private Span span() {
        int first = random.nextInt(Program.PAGES);
        return new Span(first, 1 + random.nextInt(Math.min(SPAN, Program.PAGES - first)));
    }

    private Step mapping() {
        int process = process();
        Span span = span();
        return switch (random.nextInt(10)) {
            case 0, 1 -> new Step.Map(process, span);
            case 2, 3 -> {
                if (!claims.has(Capability.SHARED_MEMORY)) {
                    yield new Step.Map(process, span);
                }
                int page = random.nextInt(Program.OBJECT_PAGES - span.count() + 1);
                yield new Step.MapObject(process, span, page, random.nextBoolean());
            }
            case 4 ->
                    claims.has(Capability.MPROTECT)
                            ? new Step.Protect(
                                    process,
                                    span,
                                    MappingRules.protections().get(random.nextInt(3)))
                            : new Step.Unmap(process, span);
            case 5 ->
                    claims.has(Capability.DISCARD)
                            ? new Step.Advise(process, span, Advice.DONTNEED)
                            : new Step.Unmap(process, span);
            case 6 ->
                    claims.has(Capability.PAGEOUT)
                            ? new Step.Advise(process, span, Advice.PAGEOUT)
                            : new Step.Unmap(process, span);
            case 7 ->
                    claims.has(Capability.FILE_TRUNCATE)
                            ? new Step.Truncate(process, random.nextInt(Program.OBJECT_PAGES + 1))
                            : new Step.Unmap(process, span);
            case 8 ->
                    claims.has(Capability.MREMAP)
                            ? new Step.Move(process, random.nextInt(Program.PAGES - 1))
                            : new Step.Unmap(process, span);
            default -> new Step.Unmap(process, span);
        };
    }

    private Step birth() {
        if (!claims.has(Capability.FORK) || random.nextInt(8) == 0) {
            return new Step.Spawn(processes++);
        }
        if (random.nextInt(6) == 0) {
            return new Step.Advise(
                    process(), span(), random.nextBoolean() ? Advice.WIPEONFORK : Advice.DONTFORK);
        }
        return new Step.Fork(process(), processes++);
    }

    private Step ending() {
        return switch (random.nextInt(3)) {
            case 0 ->
                    new Step.End(
                            process(), claims.has(Capability.EXEC) ? Ending.EXEC : Ending.EXIT);
            case 1 ->
                    new Step.End(
                            process(), claims.has(Capability.KILL) ? Ending.KILL : Ending.EXIT);
            default -> new Step.End(process(), Ending.EXIT);
        };
    }

    private Step handle() {
        int queue = queue();
        return switch (random.nextInt(8)) {
            case 0 -> new Step.Manage(process(), queue, Control.CLOSE);
            case 1, 2 ->
                    claims.has(Capability.QUEUE_STATES)
                            ? new Step.Manage(
                                    process(),
                                    queue,
                                    random.nextBoolean() ? Control.PUT : Control.START)
                            : new Step.Open(process(), queues++, random.nextInt(claims.devices()));
            case 3, 4 ->
                    claims.has(Capability.PASS_HANDLE)
                            ? new Step.Pass(process(), queue, process())
                            : new Step.Open(process(), queues++, random.nextInt(claims.devices()));
            default -> new Step.Open(process(), queues++, random.nextInt(claims.devices()));
        };
    }

    private int queue() {
        List<Integer> open = List.copyOf(model.queues().keySet());
        return open.isEmpty() ? 0 : open.get(random.nextInt(open.size()));
    }

    private Step access() {
        int process = process();
        int page = random.nextInt(Program.PAGES);
        return switch (random.nextInt(9)) {
            case 0, 1 -> new Step.Load(process, page);
            case 2, 3 -> new Step.Store(process, page, fresh());
            case 4, 5, 6 -> new Step.Read(process, queue(), page);
            case 7 -> new Step.Write(process, queue(), span(), fresh());
            default -> new Step.Write(process, queue(), Span.of(page), fresh());
        };
    }

    /** A value that occurs nowhere else in the program, and tells where it comes from. */
    private long fresh() {
        value++;
        return 0xda7a_0000_0000_0000L | value << 16 | steps.size();
    }
}
