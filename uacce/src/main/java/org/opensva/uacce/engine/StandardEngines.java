package org.opensva.uacce.engine;

import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.EngineFactory;

/**
 * Makes engines that know every {@link org.opensva.api.accelerator.Operation}.
 *
 * <p>Promises beyond those of {@link Engine}:
 *
 * <ul>
 *   <li>COPY has the semantics of {@code memmove}: source and destination may overlap. Where the
 *       destination begins inside the source the copy runs from the end to the start, and the
 *       counts of a copy that failed are counts from the end.
 *   <li>COPY and FILL with a destination that is smaller than the source length do what fits, then
 *       end with {@code DESTINATION_FULL}.
 *   <li>GUNZIP takes one member or more, and nothing else; a wrong checksum, size, flag or a
 *       truncated stream is {@code BAD_DATA}. What had been written before is counted, and is not
 *       to be trusted.
 *   <li>INFLATE ends with the DEFLATE stream; bytes behind it are not consumed.
 *   <li>Compression and decompression do not support a destination that overlaps the source.
 * </ul>
 */
public final class StandardEngines implements EngineFactory {

    /** How many streams the engines hold by default: about 300 KiB each, outside the heap. */
    public static final int STREAMS = 256;

    private final Streams.Budget budget;

    /** Makes the factory of engines that hold {@value #STREAMS} streams together. */
    public StandardEngines() {
        this(STREAMS);
    }

    /**
     * Makes the factory.
     *
     * @param streams how many streams its engines hold together at most; a job that begins one more
     *     ends with {@code NO_SESSION}
     */
    public StandardEngines(int streams) {
        if (streams < 0) {
            throw new IllegalArgumentException("streams is " + streams + ", allowed: 0..");
        }
        budget = new Streams.Budget(streams);
    }

    @Override
    public Engine create() {
        return new StandardEngine(budget);
    }
}
