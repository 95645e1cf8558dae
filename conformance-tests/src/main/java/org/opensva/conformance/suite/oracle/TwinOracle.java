package org.opensva.conformance.suite.oracle;

import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.MemorySnapshot;
import org.opensva.conformance.suite.bench.TestBench;

/**
 * The twin oracle: a child that remembers, byte by byte, what its private memory was when it was
 * born. Nothing that its parent's devices do may ever change it.
 */
public final class TwinOracle implements AutoCloseable {

    private final SvaProcess child;
    private final Memory memory;
    private final MemorySnapshot born;

    /**
     * Forks the owner of some private memory.
     *
     * @param bench the bench
     * @param parents memory of the parent; what a device has written of it may be known or not
     */
    public TwinOracle(TestBench bench, Memory parents) {
        this.child = bench.fork(parents.process());
        this.memory = parents.in(child);
        this.born = MemorySnapshot.of(bench, memory);
    }

    /**
     * The child.
     *
     * @return a process of its own
     */
    public SvaProcess child() {
        return child;
    }

    /**
     * The child's memory.
     *
     * @return the same addresses as the parent's, known to hold the same
     */
    public Memory memory() {
        return memory;
    }

    /**
     * What the child was born with.
     *
     * @return the bytes at the moment of the fork
     */
    public MemorySnapshot born() {
        return born;
    }

    /**
     * Checks that the child's memory is as it was at birth.
     *
     * @param by what could have changed it
     */
    public void mustBeUntouched(String by) {
        born.mustBeUnchanged("the child's private memory, while " + by + ",");
    }

    /** Ends the child. */
    @Override
    public void close() {
        child.close();
    }
}
