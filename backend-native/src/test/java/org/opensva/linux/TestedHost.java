package org.opensva.linux;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** {@code native:host} as it is, and a device of it. */
final class TestedHost {

    /** For what has to end at all. */
    static final Duration LIMIT = Duration.ofSeconds(60);

    private TestedHost() {}

    static Backend open() {
        return BackendCatalog.of(List.of(new NativeBackendProvider()))
                .open("native:host", Map.of(), OpenTelemetry.noop());
    }

    static QueueHandle started(Backend backend, SvaProcess process) {
        QueueHandle queue = backend.accelerators().getFirst().open(process);
        queue.start();
        return queue;
    }

    static JobStatus fill(QueueHandle queue, long address, long value) {
        return queue.run(Job.fill(address, 8, value), LIMIT).status();
    }
}
