package org.opensva.api.accelerator;

/**
 * What an engine keeps of a stream between the jobs of a queue, in the device and not in memory.
 *
 * <p><b>Threading.</b> Used and closed by one thread at a time.
 */
public interface EngineSession extends AutoCloseable {

    /** Frees what it holds. Called once: when the stream ends, or when its queue stops. */
    @Override
    void close();
}
