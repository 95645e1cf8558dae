package org.opensva.conformance.soak;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.Introspection;
import org.opensva.api.backend.MemoryPressure;
import org.opensva.api.process.ErrnoException;
import org.opensva.conformance.suite.bench.Concurrent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Runs a soak.
 *
 * <p><b>Threading.</b> One thread calls; a soak runs once.
 */
public final class Soak {

    private final SoakSettings settings;
    private final Supplier<Backend> machines;
    private final SoakListener listener;
    private final Stats total = new Stats();
    private final List<String> unseen = new ArrayList<>();
    private final SplittableRandom seeds;
    private final long end;
    private int opened;
    private int epochs;

    /**
     * Prepares a soak.
     *
     * @param settings how long and how hard
     * @param machines opens a backend; called for every machine
     * @param listener hears how it goes on
     */
    public Soak(SoakSettings settings, Supplier<Backend> machines, SoakListener listener) {
        this.settings = settings;
        this.machines = machines;
        this.listener = listener;
        this.seeds = new SplittableRandom(settings.seed());
        this.end = System.nanoTime() + settings.duration().toNanos();
    }

    /**
     * Runs until the time is over, the last epoch has ended, or something is found.
     *
     * @return how it ended
     * @throws IllegalArgumentException if the backend cannot be soaked; the message says why
     */
    public SoakResult run() {
        Optional<SoakFinding> finding;
        do {
            finding = apart();
        } while (finding.isEmpty() && goesOn());
        return new SoakResult(
                finding, opened, epochs, total.sum(), total.counts(), List.copyOf(unseen));
    }

    private boolean goesOn() {
        return epochs < settings.mostEpochs() && System.nanoTime() - end < 0;
    }

    /** Soaks one machine on a thread of a group of its own, so that its threads are known. */
    private Optional<SoakFinding> apart() {
        ThreadGroup program = Thread.currentThread().getThreadGroup();
        FutureTask<Optional<SoakFinding>> task = new FutureTask<>(() -> machine(program));
        Thread thread =
                Thread.ofPlatform()
                        .group(new ThreadGroup(program, "soaked machine"))
                        .name("soak")
                        .daemon()
                        .start(task);
        try {
            return task.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException known -> throw known;
                case Error known -> throw known;
                case null, default -> throw new IllegalStateException(e);
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the soak was interrupted", e);
        }
    }

    private Optional<SoakFinding> machine(ThreadGroup program) {
        ThreadWatch threads = new ThreadWatch(program);
        HostWatch host = new HostWatch();
        opened++;
        if (opened == 1 && !HostWatch.sees()) {
            unseen.add("descriptors of this program: there is no /proc/self/fd");
        }
        Optional<SoakFinding> finding;
        try (Backend backend = machines.get()) {
            finding = onMachine(Machine.of(backend, settings.limits()), threads);
        }
        if (finding.isPresent()) {
            return finding;
        }
        String left = threads.left(settle());
        return found(0, 0, left.isEmpty() ? host.left(settle()) : left, new Stats());
    }

    private Optional<SoakFinding> onMachine(Machine machine, ThreadWatch threads) {
        ResourceWatch resources = new ResourceWatch(machine.backend());
        if (opened == 1 && resources.seesNothing()) {
            unseen.add("what the backend has in use: it offers no introspection");
        }
        if (opened == 1
                && machine.backend()
                        .introspection()
                        .flatMap(Introspection::staleTranslations)
                        .isEmpty()) {
            unseen.add("stale translations: the backend does not let its caches be looked into");
        }
        if (opened == 1 && machine.backend().memoryPressure().isEmpty()) {
            unseen.add("pressure on memory in the background: the backend has none on demand");
        }
        int epoch = 0;
        do {
            epoch++;
            boolean last =
                    epoch == settings.epochsPerMachine() || epochs + 1 == settings.mostEpochs();
            long seed = seeds.nextLong();
            Stats stats = new Stats();
            String wrong = epoch(machine, seed, stats, last);
            if (wrong.isEmpty()) {
                wrong = resources.leaks(settle());
                wrong = wrong.isEmpty() ? "" : "left behind: " + wrong;
            }
            if (wrong.isEmpty()) {
                wrong = threads.epochEnded(epoch, settle());
            }
            stats.addTo(total);
            if (!wrong.isEmpty()) {
                return found(epoch, seed, wrong, stats);
            }
            epochs++;
            listener.epochEnded(opened, epoch, total.sum());
        } while (epoch < settings.epochsPerMachine() && goesOn());
        return Optional.empty();
    }

    private Optional<SoakFinding> found(int epoch, long seed, String wrong, Stats stats) {
        return wrong.isEmpty()
                ? Optional.empty()
                : Optional.of(new SoakFinding(opened, epoch, seed, wrong, stats.line()));
    }

    /** Runs the threads of an epoch; says what went wrong, if anything did. */
    private String epoch(Machine machine, long seed, Stats stats, boolean last) {
        boolean removes = last && machine.claims(Capability.REMOVAL);
        AtomicBoolean removing = new AtomicBoolean(removes);
        List<Concurrent<Boolean>> threads = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < settings.threads(); i++) {
            Worker worker = new Worker(machine, random.nextLong(), stats, removing);
            threads.add(
                    Concurrent.start(() -> {
                        worker.run(settings.steps());
                        return true;
                    }));
        }
        Optional<MemoryPressure.Torment> pressure =
                machine.backend().memoryPressure().map(all -> all.torment(random.nextLong()));
        String wrong = "";
        if (removes) {
            wrong = removeAll(machine, stats, threads);
        }
        for (Concurrent<Boolean> thread : threads) {
            String trouble = join(thread);
            wrong = wrong.isEmpty() ? trouble : wrong;
        }
        pressure.ifPresent(torment -> {
            torment.close();
            stats.pressed(torment.rounds());
        });
        return wrong;
    }

    /** Takes the devices out one by one while the threads use them. */
    private String removeAll(Machine machine, Stats stats, List<Concurrent<Boolean>> threads) {
        long step = (long) settings.threads() * settings.steps() / (machine.devices().size() + 1);
        long next = step;
        for (Accelerator device : machine.devices()) {
            while (stats.attempts() < next && !threads.stream().allMatch(Concurrent::isDone)) {
                Thread.yield();
            }
            next += step;
            try {
                device.remove();
            } catch (ErrnoException e) {
                return "%s cannot be removed: %s".formatted(device.name(), e.getMessage());
            }
        }
        return "";
    }

    private String join(Concurrent<Boolean> thread) {
        try {
            return thread.await(settings.limits().test()).isPresent()
                    ? ""
                    : "a thread hangs in " + thread.whereabouts();
        } catch (Trouble e) {
            return String.valueOf(e.getMessage());
        } catch (RuntimeException e) {
            return "unexpected %s".formatted(e).lines().findFirst().orElse("unexpected");
        }
    }

    private Duration settle() {
        return settings.limits().settle();
    }
}
