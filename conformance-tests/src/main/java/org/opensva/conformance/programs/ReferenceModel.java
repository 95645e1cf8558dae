package org.opensva.conformance.programs;

import static org.opensva.conformance.rules.RuleId.EXIT_14;
import static org.opensva.conformance.rules.RuleId.FORK_20;
import static org.opensva.conformance.rules.RuleId.UACCE_20;

import org.opensva.conformance.programs.Step.Ending;
import org.opensva.conformance.rules.RuleId;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The contract, executable: what each step of a program must show. It knows address spaces as rows
 * of values; it has no page tables, no caches and no devices.
 *
 * <p>Used in turns: {@link #next} says what must be seen, {@link #settle} tells the model what was.
 * Not thread-safe.
 */
final class ReferenceModel {

    /** Alive at the same time at most; more proves nothing more. */
    static final int MAX_PROCESSES = 5;

    private static final int MAX_QUEUES = 6;

    private final Claims claims;
    private final Map<Integer, ModelProcess> processes = new TreeMap<>();
    private final Map<Integer, ModelQueue> queues = new TreeMap<>();
    private final List<ModelSpace> spaces = new ArrayList<>();
    private final QueueRules queueRules;
    private final MappingRules mappingRules;
    private int number;

    ReferenceModel(Claims claims) {
        this.claims = claims;
        this.queueRules = new QueueRules(claims, spaces);
        this.mappingRules = new MappingRules(processes.values(), this::at);
    }

    /** The processes that are alive, by number. */
    Map<Integer, ModelProcess> processes() {
        return processes;
    }

    /** The queues that somebody holds, by number. */
    Map<Integer, ModelQueue> queues() {
        return queues;
    }

    /**
     * What a step must show.
     *
     * @param step the step
     * @return empty if the step makes no sense here and is skipped
     */
    Optional<Expectation> next(Step step) {
        number++;
        if (step instanceof Step.Spawn spawn) {
            return spawn(spawn);
        }
        ModelProcess process = processes.get(step.process());
        return process == null ? Optional.empty() : next(step, process);
    }

    /** Takes note of what a step showed. */
    void settle(Expectation expectation, Observation seen) {
        expectation.effect().accept(seen);
    }

    private Optional<Expectation> next(Step step, ModelProcess process) {
        return switch (step) {
            case Step.Spawn s -> Optional.empty();
            case Step.Fork s -> fork(s, process);
            case Step.End s -> Optional.of(end(s, process));
            case Step.Map s -> Optional.of(mappingRules.map(process, s.span()));
            case Step.MapObject s -> Optional.of(mappingRules.mapObject(s, process));
            case Step.Unmap s -> Optional.of(mappingRules.unmap(s, process));
            case Step.Protect s -> mappingRules.protect(s, process);
            case Step.Advise s -> mappingRules.advise(s, process);
            case Step.Truncate s -> Optional.of(mappingRules.truncate(s, process));
            case Step.Move s -> mappingRules.move(s, process);
            case Step.Load s -> Optional.of(MappingRules.load(process.space, s.page()));
            case Step.Store s -> Optional.of(mappingRules.store(s, process));
            case Step.Open s -> open(s, process);
            case Step.Manage s -> held(s.queue(), process).map(queue -> manage(s, process, queue));
            case Step.Pass s -> pass(s, process);
            case Step.Read s ->
                    held(s.queue(), process)
                            .map(queue -> queueRules.read(process, queue, s.page()));
            case Step.Write s ->
                    held(s.queue(), process)
                            .flatMap(
                                    queue -> queueRules.write(process, queue, s.span(), s.value()));
        };
    }

    private String at(String what) {
        return what + " by step " + number;
    }

    private Optional<ModelQueue> held(int queue, ModelProcess process) {
        return process.handles.contains(queue)
                ? Optional.ofNullable(queues.get(queue))
                : Optional.empty();
    }

    private Optional<Expectation> spawn(Step.Spawn step) {
        if (processes.containsKey(step.process()) || processes.size() >= MAX_PROCESSES) {
            return Optional.empty();
        }
        return Optional.of(
                Expectation.done("a process can always start", RuleId.BIND_01)
                        .then(() -> add(step.process(), new ModelProcess(new ModelObject()))));
    }

    private void add(int name, ModelProcess process) {
        processes.put(name, process);
        spaces.add(process.space);
    }

    private Optional<Expectation> fork(Step.Fork step, ModelProcess parent) {
        if (processes.containsKey(step.child()) || processes.size() >= MAX_PROCESSES) {
            return Optional.empty();
        }
        String how = at("copied");
        return Optional.of(
                Expectation.done("nothing is short", RuleId.FORK_04)
                        .then(() -> add(step.child(), copy(parent, how))));
    }

    private ModelProcess copy(ModelProcess parent, String how) {
        ModelProcess child = new ModelProcess(parent.object);
        for (int page = 0; page < Program.PAGES; page++) {
            PageCell cell = parent.space.cell(page);
            if (cell != null && !cell.dontFork) {
                child.space.cells[page] = cell.inherited(how);
                cell.copied = PageCell.Copied.BY_PARENT;
                cell.writtenByDevice = false;
                cell.writtenSinceFork = false;
                cell.why = how;
            }
        }
        for (int queue : parent.handles) {
            ModelQueue held = queues.get(queue);
            if (held != null) {
                held.holders++;
                child.handles.add(queue);
            }
        }
        return child;
    }

    private Expectation end(Step.End step, ModelProcess process) {
        RuleId rule = step.ending() == Ending.EXEC ? FORK_20 : EXIT_14;
        return Expectation.done("an address space can always end", rule)
                .then(() -> {
                    process.space.alive = false;
                    // Handles are close-on-exec.
                    for (int queue : List.copyOf(process.handles)) {
                        letGo(process, queue);
                    }
                    if (step.ending() == Ending.EXEC) {
                        process.space = new ModelSpace();
                        spaces.add(process.space);
                    } else {
                        processes.remove(step.process());
                    }
                });
    }

    private void letGo(ModelProcess process, int queue) {
        ModelQueue held = queues.get(queue);
        if (process.handles.remove(queue) && held != null) {
            held.letGo();
            if (held.holders == 0) {
                queues.remove(queue);
            }
        }
    }

    private Optional<Expectation> open(Step.Open step, ModelProcess process) {
        if (queues.containsKey(step.queue())
                || queues.size() >= MAX_QUEUES
                || step.device() >= claims.devices()) {
            return Optional.empty();
        }
        return Optional.of(
                queueRules.open(
                        process,
                        () -> {
                            queues.put(step.queue(), new ModelQueue(process.space));
                            process.handles.add(step.queue());
                        }));
    }

    private Expectation manage(Step.Manage step, ModelProcess process, ModelQueue queue) {
        return switch (step.control()) {
            case CLOSE ->
                    Expectation.done("a handle can always be closed", RuleId.FORK_15)
                            .then(() -> letGo(process, step.queue()));
            case PUT -> queueRules.put(process, queue);
            case START -> queueRules.start(process, queue);
        };
    }

    private Optional<Expectation> pass(Step.Pass step, ModelProcess process) {
        ModelProcess receiver = processes.get(step.receiver());
        ModelQueue queue = held(step.queue(), process).orElse(null);
        if (receiver == null
                || queue == null
                || receiver == process
                || receiver.handles.contains(step.queue())) {
            return Optional.empty();
        }
        return Optional.of(
                Expectation.done("a descriptor can be passed", UACCE_20)
                        .then(() -> {
                            queue.holders++;
                            receiver.handles.add(step.queue());
                        }));
    }
}
