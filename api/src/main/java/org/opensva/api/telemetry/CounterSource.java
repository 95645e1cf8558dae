package org.opensva.api.telemetry;

/** A part that counts. */
public interface CounterSource {

    /**
     * Reads a counter. Never slows the path that counts.
     *
     * @param counter which one
     * @return its value, 0 if this part does not have it
     */
    long count(HardwareCounter counter);
}
