package org.opensva.conformance.suite.oracle;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.ArrayList;
import java.util.List;

/**
 * The recycle oracle: newcomers that take PASIDs, some of which leave again, so that a number that
 * was freed too early, by whatever policy numbers are reused, turns up.
 */
public final class RecycleOracle {

    private static final int LEAVING = 16;
    private static final int STAYING = 6;

    private final TestBench bench;

    /**
     * Sets the oracle up.
     *
     * @param bench the bench
     */
    public RecycleOracle(TestBench bench) {
        this.bench = bench;
    }

    /**
     * Checks that no newcomer gets a PASID.
     *
     * @param pasid the PASID
     * @param why what keeps it reserved
     */
    public void mustStayReserved(int pasid, String why) {
        Accelerator accelerator = withFreeQueues();
        for (int i = 0; i < LEAVING; i++) {
            try (SvaProcess newcomer = bench.backend().processes().spawn("newcomer")) {
                try (QueueHandle handle = accelerator.open(newcomer)) {
                    mustDiffer(pasid, handle, why);
                }
            }
        }
        List<SvaProcess> staying = new ArrayList<>();
        try {
            int room = Math.min(STAYING, accelerator.availableInstances());
            for (int i = 0; i < room; i++) {
                SvaProcess newcomer = bench.backend().processes().spawn("newcomer");
                staying.add(newcomer);
                mustDiffer(pasid, accelerator.open(newcomer), why);
            }
        } finally {
            staying.forEach(SvaProcess::close);
        }
    }

    /** PASIDs are global, so any device shows who is given which. */
    private Accelerator withFreeQueues() {
        return bench.backend().accelerators().stream()
                .filter(accelerator -> accelerator.availableInstances() > 0)
                .findFirst()
                .orElseThrow(() -> new NotObservable("no queue is left for newcomers"));
    }

    private void mustDiffer(int pasid, QueueHandle handle, String why) {
        int given = handle.pasid().value();
        bench.check(
                given != pasid,
                "PASID " + pasid + " to stay reserved: " + why,
                "a new process was given PASID " + given);
    }
}
