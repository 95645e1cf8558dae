package org.opensva.conformance.cli.inspect.smmuv3;

import org.opensva.conformance.inspect.Decoded;

import java.util.List;

/**
 * Streams in a row whose entries hold the same.
 *
 * @param first lowest StreamID, unsigned
 * @param last highest StreamID, unsigned
 * @param kind what STE.Config asks for, in words
 * @param entry the STE of the first
 * @param contexts its valid context descriptors
 */
public record StreamRange(
        long first, long last, String kind, Decoded entry, List<ContextRange> contexts) {

    /** Copies the list. */
    public StreamRange {
        contexts = List.copyOf(contexts);
    }

    /**
     * Substreams in a row whose CDs hold the same.
     *
     * @param first lowest SubstreamID
     * @param last highest SubstreamID
     * @param descriptor the CD of the first
     */
    public record ContextRange(int first, int last, Decoded descriptor) {}
}
