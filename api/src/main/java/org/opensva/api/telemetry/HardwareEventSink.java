package org.opensva.api.telemetry;

/**
 * Takes the events of the parts of a backend. Recording may be off; then a call costs next to
 * nothing.
 */
@FunctionalInterface
public interface HardwareEventSink {

    /** A sink that forgets everything. */
    HardwareEventSink NONE = (kind, requester, pasid, address, length) -> {};

    /**
     * Records an event; see {@link HardwareEvent} for the arguments. May be called from any thread,
     * also with locks held.
     *
     * @param kind what happened
     * @param requester requester id or stream id, or -1
     * @param pasid the PASID, or -1
     * @param address first address, or 0
     * @param length number of bytes, -1 for everything, 0 for none
     */
    void record(HardwareEvent.Kind kind, int requester, int pasid, long address, long length);
}
