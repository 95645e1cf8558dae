package org.opensva.conformance.suite.oracle;

import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;

/**
 * The pair oracle: two devices of one address space, of which one is unbound, reset or removed. The
 * other one must go on, with what it has cached and with what it has not, and must still hear of
 * unmappings.
 *
 * <p>Needs a backend with {@link org.opensva.api.backend.Capability#TWO_DEVICES}.
 */
public final class PairOracle {

    private static final int CACHED = 0;
    private static final int FRESH = 1;
    private static final int UNMAPPED = 2;
    private static final int PAGES = 3;

    private final TestBench bench;
    private final SvaProcess process;
    private final BoundDevice ends;
    private final BoundDevice goesOn;

    /**
     * Sets the oracle up.
     *
     * @param bench the bench
     * @param ends the device that will end
     * @param goesOn another device, bound to the same process
     */
    public PairOracle(TestBench bench, BoundDevice ends, BoundDevice goesOn) {
        this.bench = bench;
        this.process = ends.process();
        this.ends = ends;
        this.goesOn = goesOn;
    }

    /**
     * Ends one device, and checks that the other goes on and is told what it has to be told.
     *
     * @param what the end, as the step of the test
     * @param end how the one ends
     */
    public void mustGoOn(String what, Runnable end) {
        Memory memory = bench.memory(process, PAGES, "memory of both");
        memory.writeBy(ends, CACHED, "by the device that will end");
        memory.writeBy(ends, UNMAPPED, "by the device that will end");
        memory.writeBy(goesOn, CACHED, "by the other device");
        memory.writeBy(goesOn, UNMAPPED, "by the other device");
        bench.step("%s", what);
        end.run();
        memory.writeBy(goesOn, CACHED, "by the other device, cached");
        memory.writeBy(goesOn, FRESH, "by the other device, not cached");
        memory.writeBy(goesOn, UNMAPPED, "by the other device, whatever was invalidated");
        memory.mustHold("the process's memory");
        bench.step("%s; then a page is unmapped that both had used", what);
        process.munmap(memory.page(UNMAPPED), bench.pageSize());
        goesOn.mustNotReach(memory.page(UNMAPPED), "an unmapped page, by the device that goes on");
        process.munmap(memory.page(CACHED), 2L * bench.pageSize());
    }
}
