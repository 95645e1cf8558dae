package org.opensva.emulated;

import io.opentelemetry.context.Context;

import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.telemetry.ControlMeters;
import org.opensva.api.telemetry.FaultEvents;
import org.opensva.api.telemetry.WorkInProgress.Work;
import org.opensva.emulated.kernel.sva.SvaCore;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Where the driver of the IOMMU reports faults: they are kept, counted, and told as events. */
final class FaultReports implements Consumer<FaultRecord> {

    private final FaultLog log;
    private final ControlMeters meters;
    private final FaultEvents events;
    private final SvaCore sva;

    FaultReports(FaultLog log, ControlMeters meters, FaultEvents events, SvaCore sva) {
        this.log = log;
        this.meters = meters;
        this.events = events;
        this.sva = sva;
    }

    @Override
    public void accept(FaultRecord fault) {
        int requester = fault.requester().value();
        meters.fault(requester, fault.pasid(), fault.kind().name());
        if (events.isOn()) {
            events.fault(
                    cause(fault),
                    requester,
                    fault.pasid(),
                    fault.address(),
                    fault.kind().name(),
                    fault.architectural());
        }
        // Last: whoever sees the record may look for what was told of it.
        log.add(fault);
    }

    /** The first job that uses the page, or has used it; no job where nobody traces jobs. */
    private Context cause(FaultRecord fault) {
        List<Work> jobs = new ArrayList<>();
        sva.visitWork(fault.requester(), fault.pasid(), fault.address(), jobs::add);
        if (jobs.isEmpty()) {
            sva.visitFaulted(fault.requester(), fault.pasid(), fault.address(), jobs::add);
        }
        return jobs.isEmpty() ? Context.root() : Context.root().with(jobs.getFirst().executing());
    }
}
