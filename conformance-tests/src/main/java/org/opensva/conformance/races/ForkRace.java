package org.opensva.conformance.races;

import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.races.Operation.Kind;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.DeviceRead;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A process forks while its devices write its private memory. A child has what its parent had at
 * some moment of the fork: nothing that a device began to write after fork had returned, and
 * nothing that changes. What the child stores no device of the parent ever sees.
 */
public final class ForkRace {

    private static final int PAGES = 4;
    private static final int DEVICES = 3;
    private static final int LOOKS = 3;

    private final TestBench bench;
    private final SplittableRandom random;
    private final int rounds;
    private final History history = new History();

    /** How often a device tried to write each page. */
    private final AtomicLongArray tried = new AtomicLongArray(PAGES);

    /**
     * Prepares a race.
     *
     * @param bench the bench
     * @param seed what its choices are made of
     * @param rounds how many forks there are
     */
    public ForkRace(TestBench bench, long seed, int rounds) {
        this.bench = bench;
        this.random = new SplittableRandom(seed);
        this.rounds = rounds;
    }

    /**
     * Runs the race and judges it.
     *
     * @return what cannot be explained, in words; empty if all is well
     */
    public Optional<String> run() {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, PAGES, "the parent's memory");
        AtomicBoolean stop = new AtomicBoolean();
        List<Concurrent<Boolean>> devices = new ArrayList<>();
        for (int i = 0; i < DEVICES; i++) {
            BoundDevice device = bench.device(parent);
            SplittableRandom choices = random.split();
            devices.add(bench.beside(() -> use(device, memory, choices, stop)));
        }
        Optional<String> found = Optional.empty();
        try {
            for (int round = 0; round < rounds && found.isEmpty(); round++) {
                found = fork(parent, memory);
            }
        } finally {
            stop.set(true);
        }
        devices.forEach(device -> bench.join("the parent's devices", device));
        return found.isPresent() ? found : seenByDevices();
    }

    private boolean use(
            BoundDevice device, Memory memory, SplittableRandom choices, AtomicBoolean stop) {
        while (!stop.get()) {
            int page = choices.nextInt(PAGES);
            long begun = history.now();
            if (choices.nextInt(4) == 0) {
                DeviceRead read = device.read(memory.page(page));
                if (read.succeeded()) {
                    history.note(Kind.READ, page, -1, read.value(), begun);
                }
            } else {
                long token = bench.token("written by the parent's device");
                begun = history.now();
                if (device.write(memory.page(page), token).succeeded()) {
                    history.note(Kind.WRITE, page, -1, token, begun);
                }
                tried.incrementAndGet(page);
            }
        }
        return true;
    }

    private Optional<String> fork(SvaProcess parent, Memory memory) {
        for (int page = 0; page < PAGES; page++) {
            // The parent has the pages to itself again, and its devices may write them.
            parent.storeLong(memory.page(page), bench.token("stored by the parent"));
        }
        awaitWrites();
        SvaProcess child = parent.fork();
        long returned = history.now();
        try {
            long[] first = new long[PAGES];
            for (int look = 0; look < LOOKS; look++) {
                for (int page = 0; page < PAGES; page++) {
                    long begun = history.now();
                    long value = child.loadLong(memory.page(page));
                    Operation seen = new Operation(Kind.LOAD, page, 0, value, begun, history.now());
                    if (look > 0 && value != first[page]) {
                        return Optional.of(
                                "the child's memory changed: it held %s, then %s"
                                        .formatted(
                                                bench.describe(first[page]),
                                                seen.text(bench.describe(value))));
                    }
                    first[page] = value;
                }
                if (look == 0) {
                    awaitWrites();
                }
            }
            Optional<String> late = late(first, returned);
            if (late.isPresent()) {
                return late;
            }
            for (int page = 0; page < PAGES; page++) {
                long token = bench.token("stored by the child");
                long begun = history.now();
                child.storeLong(memory.page(page), token);
                history.note(Kind.STORE, page, 0, token, begun);
            }
            return Optional.empty();
        } finally {
            child.close();
        }
    }

    /**
     * Before fork, so that each page's translation is cached for writing; after it, so that what
     * was cached is used.
     */
    private void awaitWrites() {
        long[] before = new long[PAGES];
        for (int page = 0; page < PAGES; page++) {
            // Those under way may have been begun before.
            before[page] = tried.get(page) + DEVICES;
        }
        bench.until(
                "the devices' writes to the parent's memory",
                bench.limits().job(),
                () -> {
                    for (int page = 0; page < PAGES; page++) {
                        if (tried.get(page) <= before[page]) {
                            return false;
                        }
                    }
                    return true;
                });
    }

    private Optional<String> late(long[] seen, long returned) {
        for (int page = 0; page < PAGES; page++) {
            for (Operation write : history.of(page)) {
                if (write.kind() == Kind.WRITE
                        && write.value() == seen[page]
                        && write.begun() > returned) {
                    return Optional.of(
                            "fork had returned at %d, and the child holds what came later: %s"
                                    .formatted(
                                            returned, write.text(bench.describe(write.value()))));
                }
            }
        }
        return Optional.empty();
    }

    private Optional<String> seenByDevices() {
        for (int page = 0; page < PAGES; page++) {
            List<Operation> operations = history.of(page);
            Map<Long, Operation> stores = new HashMap<>();
            for (Operation store : operations) {
                if (store.kind() == Kind.STORE) {
                    stores.put(store.value(), store);
                }
            }
            for (Operation read : operations) {
                Operation store = read.kind() == Kind.READ ? stores.get(read.value()) : null;
                if (store != null) {
                    return Optional.of(
                            "the parent's device read what only the child has: %s; %s"
                                    .formatted(
                                            store.text(bench.describe(store.value())),
                                            read.text(bench.describe(read.value()))));
                }
            }
        }
        return Optional.empty();
    }
}
