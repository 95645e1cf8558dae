package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.EventType;

/**
 * A fault taken out of the lane it happened in: its event record, and what becomes of the
 * transaction (section 5.5).
 *
 * @param type the event
 * @param recorded whether the event is recorded, as far as stream and context say
 * @param stalls whether the transaction stalls
 * @param aborts whether termination is an abort
 * @param w0 word 0 of the record
 * @param w1 word 1, without a stall tag
 * @param w2 word 2
 * @param w3 word 3
 */
record Fault(
        EventType type,
        boolean recorded,
        boolean stalls,
        boolean aborts,
        long w0,
        long w1,
        long w2,
        long w3) {

    /** The fault of a request. */
    static Fault of(Translation request) {
        return new Fault(
                request.fault(),
                request.recorded(),
                request.stalls(),
                request.aborts(),
                request.eventWord0(),
                request.eventWord1(),
                request.eventWord2(),
                request.eventWord3());
    }

    /** The same with other words 1 and 2. */
    Fault with(long word1, long word2) {
        return new Fault(type, recorded, stalls, aborts, w0, word1, word2, w3);
    }
}
