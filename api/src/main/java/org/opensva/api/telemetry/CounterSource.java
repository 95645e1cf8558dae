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

    /**
     * Reads what a counter has counted for one device, as long as the device is connected. Never
     * slows the path that counts.
     *
     * @param counter which one
     * @param requester the requester id or stream id of the device
     * @return its value, 0 if this part does not have it or does not tell devices apart
     */
    default long count(HardwareCounter counter, int requester) {
        return 0;
    }
}
