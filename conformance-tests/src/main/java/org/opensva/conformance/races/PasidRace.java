package org.opensva.conformance.races;

import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.races.Operation.Kind;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.DeviceLoad;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Processes come and go at one address while devices write there: each new owner of a PASID maps
 * the same address, and must find there what is its own alone, whatever the device of the owner
 * before still has under way.
 */
public final class PasidRace {

    private static final int LOOKS = 30;

    private final TestBench bench;
    private final SplittableRandom random;
    private final int rounds;
    private final History history = new History();
    private final ConcurrentMap<Long, Integer> writers = new ConcurrentHashMap<>();
    private long address;

    /**
     * Prepares a race.
     *
     * @param bench the bench
     * @param seed what its choices are made of
     * @param rounds how many owners there are
     */
    public PasidRace(TestBench bench, long seed, int rounds) {
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
        for (int owner = 0; owner < rounds; owner++) {
            Optional<String> found = own(owner);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private Optional<String> own(int owner) {
        SvaProcess process = bench.backend().processes().spawn("owner" + owner);
        try {
            MapRequest request = MapRequest.anonymous(bench.pageSize());
            address = process.mmap(address == 0 ? request : request.at(address));
            long token = bench.token("stored by owner " + owner);
            process.storeLong(address, token);
            BoundDevice device = bench.device(process);
            Optional<String> found = look(process, owner, token);
            if (found.isPresent()) {
                return found;
            }
            DeviceLoad load =
                    DeviceLoad.start(
                            bench,
                            java.util.List.of(device),
                            n -> {
                                long written = bench.token("written for owner " + owner);
                                writers.put(written, owner);
                                return org.opensva.api.accelerator.Job.fill(
                                        address, Long.BYTES, written);
                            });
            load.awaitMore(2);
            found = look(process, owner, token);
            // The device is at work when its process ends, in one of the two orders.
            if (random.nextBoolean()) {
                device.close();
                process.exit(0);
            } else {
                process.exit(0);
                device.close();
            }
            load.stop();
            return found;
        } finally {
            process.close();
        }
    }

    private Optional<String> look(SvaProcess process, int owner, long own) {
        for (int i = 0; i < LOOKS; i++) {
            long begun = history.now();
            long value = process.loadLong(address);
            Integer writer = writers.get(value);
            boolean mine = value == own || writer != null && writer == owner;
            if (!mine) {
                Operation seen = new Operation(Kind.LOAD, 0, owner, value, begun, history.now());
                return Optional.of(
                        "owner %d finds what is not its own: %s"
                                .formatted(owner, seen.text(bench.describe(value))));
            }
        }
        return Optional.empty();
    }
}
