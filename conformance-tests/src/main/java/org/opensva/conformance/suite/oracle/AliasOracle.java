package org.opensva.conformance.suite.oracle;

import org.opensva.api.accelerator.Job;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.Alias;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.DeviceLoad;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.MemorySnapshot;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.List;

/**
 * The alias oracle: one memory object under two addresses. Devices write through the first view.
 * When that is taken from them, the second one, which nobody takes away, must not change any more
 * from the moment the call returns: a write that lands later began with a translation that was to
 * be gone, or was still under way when completion was reported.
 *
 * <p>Needs a backend with {@link org.opensva.api.backend.Capability#SHARED_MEMORY}. The end of the
 * process can be watched as well, from another process that has the object mapped: see {@link
 * #seenBy}.
 */
public final class AliasOracle implements AutoCloseable {

    /** So little is looked at that looking takes no time in which a late write could be missed. */
    private static final int LOOKED_AT = 2;

    /** A device that still reaches the object changes it within so many jobs. */
    private static final int JOBS = 3;

    private final TestBench bench;
    private final SvaProcess process;
    private final Alias alias;
    private Memory witness;
    private boolean unmapped;

    /**
     * Maps a new memory object twice and fills it.
     *
     * @param bench the bench
     * @param process whose address space it is mapped in
     * @param pages its size; a large one is unmapped in the middle of a job, of a small one some
     *     access is always under way
     */
    public AliasOracle(TestBench bench, SvaProcess process, int pages) {
        this.bench = bench;
        this.process = process;
        this.alias = bench.alias(process, pages);
        this.witness = alias.second();
        alias.first().store("before");
    }

    /**
     * The view that devices use.
     *
     * @return the pages to take away
     */
    public Memory used() {
        return alias.first();
    }

    /**
     * The memory object.
     *
     * @return its number in the file table of the process
     */
    public int fd() {
        return alias.fd();
    }

    /**
     * Looks at the object from another process, so that the end of the first can be watched.
     *
     * @param other a child that was forked after the oracle was made
     * @return this oracle
     */
    public AliasOracle seenBy(SvaProcess other) {
        witness = alias.second().in(other);
        return this;
    }

    /**
     * Has devices fill the first view again and again, each time with another value.
     *
     * @param devices the devices, bound to the address space of the process
     * @return the load, under way on every device
     */
    public DeviceLoad writeBy(List<BoundDevice> devices) {
        Memory used = alias.first();
        DeviceLoad load =
                DeviceLoad.start(bench, devices, n -> Job.fill(used.address(), used.length(), n));
        load.awaitSuccesses(devices.size() + 1L);
        return load;
    }

    /**
     * Takes the first view away, and checks that the object stops changing at once. The load is
     * stopped.
     *
     * @param what what takes it away, as the step of the test
     * @param load what {@link #writeBy} returned
     * @param change the call
     */
    public void mustStopChanging(String what, DeviceLoad load, Runnable change) {
        bench.step("%s", what);
        change.run();
        MemorySnapshot after =
                MemorySnapshot.ofTail(bench, witness, Math.min(LOOKED_AT, witness.count()));
        load.awaitMore(JOBS);
        load.stop();
        after.mustBeUnchanged("memory that was taken from the device");
    }

    /** Unmaps the first view. */
    public void unmap() {
        unmapped = true;
        process.munmap(alias.first().address(), alias.first().length());
    }

    /** Gives the object back, as far as the process still has it. */
    @Override
    public void close() {
        if (!process.isAlive()) {
            return;
        }
        if (!unmapped) {
            unmap();
        }
        process.munmap(alias.second().address(), alias.second().length());
        process.closeFile(alias.fd());
    }
}
