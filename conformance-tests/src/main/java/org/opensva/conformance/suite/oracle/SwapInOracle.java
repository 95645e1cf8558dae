package org.opensva.conformance.suite.oracle;

import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;

/**
 * The swap-in oracle: other memory at the same address. A device that holds a translation of the
 * old memory gives itself away by what it reads, and by where its writes land.
 */
public final class SwapInOracle {

    private final TestBench bench;
    private final SvaProcess process;
    private final BoundDevice device;

    /**
     * Sets the oracle up.
     *
     * @param bench the bench
     * @param device the device, bound to the process whose memory is replaced
     */
    public SwapInOracle(TestBench bench, BoundDevice device) {
        this.bench = bench;
        this.process = device.process();
        this.device = device;
    }

    /**
     * Has the device read and write pages, so that it holds writable translations of all of them.
     *
     * @param memory the pages
     */
    public void hold(Memory memory) {
        for (int i = 0; i < memory.count(); i++) {
            device.mustRead(memory.page(i), memory.token(i), "the old memory");
        }
        memory.writeBy(device, "by the device to the old memory");
    }

    /**
     * Maps new memory over the old and fills it.
     *
     * @param old what was there
     * @return the new memory, at the same address
     */
    public Memory replace(Memory old) {
        process.mmap(MapRequest.anonymous(old.length()).at(old.address()));
        return bench.fill(process, old.address(), old.count(), "the new memory");
    }

    /**
     * Checks that the device works on the new memory: its writes arrive there, and it reads what is
     * there.
     *
     * @param fresh the new memory
     * @param readFirst true if the device reads before it writes; a translation that was cached for
     *     reading and one for writing are found by different accesses
     */
    public void mustBeUsed(Memory fresh, boolean readFirst) {
        if (readFirst) {
            mustBeRead(fresh);
        }
        fresh.writeBy(device, "by the device to the new memory");
        fresh.mustHold("the new memory");
        mustBeRead(fresh);
    }

    private void mustBeRead(Memory fresh) {
        for (int i = 0; i < fresh.count(); i++) {
            device.mustRead(fresh.page(i), fresh.token(i), "the new memory");
        }
    }
}
