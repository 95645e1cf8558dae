package org.opensva.uacce.queue;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.iommu.DmaPort;

import java.util.Set;

/** What one worker works with. */
final class QueueWorker {

    private final DmaPort port;
    private final Engine engine;
    private final RunningJob job;
    private final byte[] descriptor = new byte[QueueLayout.ENTRY_SIZE];
    private final byte[] completion = new byte[QueueLayout.ENTRY_SIZE];

    QueueWorker(DmaPort port, Engine engine) {
        this.port = port;
        this.engine = engine;
        job = new RunningJob(port, engine);
    }

    Set<Operation> operations() {
        return DescriptorDecoder.withOwn(engine.operations());
    }

    Set<Algorithm> algorithms() {
        return engine.algorithms();
    }

    DmaPort port() {
        return port;
    }

    RunningJob job() {
        return job;
    }

    byte[] descriptor() {
        return descriptor;
    }

    byte[] completion() {
        return completion;
    }

    /** Frees what the engine holds outside the heap. */
    void close() {
        if (engine instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Exception e) {
                // The worker ends either way, and nobody is left to be told.
                return;
            }
        }
    }
}
