package org.opensva.conformance.suite.oracle;

import org.opensva.conformance.suite.bench.TestBench;

import java.time.Duration;

/**
 * The budget oracle: an operation that waits for nobody who need not come. A limit by the clock is
 * no measurement: it is far above what a loaded machine takes, and turns a wait for ever into a
 * failure that says where it waits.
 */
public final class BudgetOracle {

    private final TestBench bench;

    /**
     * Sets the oracle up.
     *
     * @param bench the bench, whose limits hold
     */
    public BudgetOracle(TestBench bench) {
        this.bench = bench;
    }

    /**
     * Runs an operation whose time the contract bounds: an unmapping, an exit, a close.
     *
     * @param what the operation, as the failure names it
     * @param operation the operation; if it hangs, it is left behind on its thread
     * @return how long it took
     */
    public Duration mustEnd(String what, Runnable operation) {
        long begin = System.nanoTime();
        bench.bounded(what, operation);
        return Duration.ofNanos(System.nanoTime() - begin);
    }
}
