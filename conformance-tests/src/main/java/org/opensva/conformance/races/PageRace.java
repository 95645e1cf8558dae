package org.opensva.conformance.races;

import org.opensva.api.accelerator.JobResult;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.races.Operation.Kind;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.DeviceRead;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Devices read and write a few pages of a process while it unmaps them and maps new memory in their
 * place. Where memory objects can be mapped twice, each life's memory is watched through a second
 * mapping also after its end.
 */
public final class PageRace {

    private static final int PAGES = 6;
    private static final int DEVICES = 4;

    /** How long the memory of a life is watched after its end. */
    private static final int WATCHED = 3;

    /** The other mapping of a life. */
    private record Other(int page, int life, long address) {}

    private final TestBench bench;
    private final SplittableRandom random;
    private final int rounds;
    private final History history = new History();
    private final SvaProcess process;
    private final long base;
    private final int[] life = new int[PAGES];
    private final List<Other> watched = new ArrayList<>();
    private final boolean aliases;

    /**
     * Prepares a race.
     *
     * @param bench the bench
     * @param seed what its choices are made of
     * @param rounds how many lives of pages there are
     */
    public PageRace(TestBench bench, long seed, int rounds) {
        this.bench = bench;
        this.random = new SplittableRandom(seed);
        this.rounds = rounds;
        this.process = bench.process("owner");
        this.aliases = bench.claims(Capability.SHARED_MEMORY);
        this.base = process.mmap(MapRequest.anonymous(bench.pages(PAGES)));
        for (int page = 0; page < PAGES; page++) {
            begin(page, false);
        }
    }

    /**
     * Runs the race and judges it.
     *
     * @return what cannot be explained, in words; empty if all is well
     */
    public Optional<String> run() {
        int count = bench.claims(Capability.TWO_DEVICES) ? 2 : 1;
        AtomicBoolean stop = new AtomicBoolean();
        List<Concurrent<Boolean>> devices = new ArrayList<>();
        for (int i = 0; i < DEVICES; i++) {
            BoundDevice device = bench.device(process, i % count);
            SplittableRandom choices = random.split();
            devices.add(bench.beside(() -> use(device, choices, stop)));
        }
        try {
            for (int round = 0; round < rounds; round++) {
                change(random.nextInt(PAGES));
            }
        } finally {
            stop.set(true);
        }
        devices.forEach(device -> bench.join("the devices' accesses", device));
        watched.forEach(this::look);
        for (int page = 0; page < PAGES; page++) {
            load(page);
            Optional<Contradiction> found = PageChecker.check(history.of(page));
            if (found.isPresent()) {
                return Optional.of(found.get().text(bench::describe));
            }
        }
        return Optional.empty();
    }

    private long address(int page) {
        return base + bench.pages(page);
    }

    private boolean use(BoundDevice device, SplittableRandom choices, AtomicBoolean stop) {
        while (!stop.get()) {
            int page = choices.nextInt(PAGES);
            if (choices.nextBoolean()) {
                long begun = history.now();
                DeviceRead read = device.read(address(page));
                if (read.succeeded()) {
                    history.note(Kind.READ, page, -1, read.value(), begun);
                }
            } else {
                long token = bench.token("written by a device");
                long begun = history.now();
                JobResult written = device.write(address(page), token);
                if (written.succeeded()) {
                    history.note(Kind.WRITE, page, -1, token, begun);
                }
            }
        }
        return true;
    }

    private void change(int page) {
        load(page);
        begin(page, true);
        watched.forEach(this::look);
    }

    /** Ends the life of a page and begins the next one, in one call or in two. */
    private void begin(int page, boolean ends) {
        int before = life[page]++;
        long length = bench.pageSize();
        MapRequest request = MapRequest.anonymous(length);
        if (aliases) {
            int object = process.createSharedMemory(length);
            request = MapRequest.sharedFile(object, 0, length);
            watched.add(new Other(page, life[page], process.mmap(request)));
        }
        long begun = history.now();
        if (ends && random.nextBoolean()) {
            process.munmap(address(page), length);
            history.note(Kind.UNMAP, page, before, 0, begun);
            ends = false;
            begun = history.now();
        }
        process.mmap(request.at(address(page)));
        history.note(Kind.MAP, page, life[page], 0, begun);
        if (ends) {
            history.note(Kind.UNMAP, page, before, 0, begun);
        }
        if (aliases) {
            process.closeFile(request.fd());
        }
        long token = bench.token("stored in life " + life[page]);
        begun = history.now();
        process.storeLong(address(page), token);
        history.note(Kind.STORE, page, life[page], token, begun);
        forget(page);
    }

    private void load(int page) {
        long begun = history.now();
        history.note(Kind.LOAD, page, life[page], process.loadLong(address(page)), begun);
    }

    private void look(Other other) {
        long begun = history.now();
        long value = process.loadLong(other.address());
        history.note(Kind.ALIAS, other.page(), other.life(), value, begun);
    }

    private void forget(int page) {
        watched.removeIf(other -> {
            boolean old = other.page() == page && other.life() + WATCHED <= life[page];
            if (old) {
                process.munmap(other.address(), bench.pageSize());
            }
            return old;
        });
    }
}
