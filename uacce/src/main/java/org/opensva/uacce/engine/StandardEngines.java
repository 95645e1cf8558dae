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

    /** Makes the factory. */
    public StandardEngines() {}

    @Override
    public Engine create() {
        return new StandardEngine();
    }
}
