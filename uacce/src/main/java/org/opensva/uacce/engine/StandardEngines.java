package org.opensva.uacce.engine;

import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.EngineFactory;

/**
 * Makes engines that know every {@link org.opensva.api.accelerator.Operation} and every {@link
 * org.opensva.api.accelerator.Algorithm}.
 *
 * <p>Promises beyond those of {@link Engine}:
 *
 * <ul>
 *   <li>Counts are exact: what a job that failed has produced is what one that succeeded would have
 *       produced first, and the bytes consumed are those that went into it. Block ciphers count
 *       whole blocks of a source that ends in a hole.
 *   <li>COPY has the semantics of {@code memmove}: source and destination may overlap. Where the
 *       destination begins inside the source the copy runs from the end to the start, and the
 *       counts of a copy that failed are counts from the end. Of scatter-gather lists that overlap
 *       nothing is promised.
 *   <li>COPY, COPY_CRC32C, DUAL_CAST and FILL with a destination that is smaller than the source
 *       length do what fits, then end with {@code DESTINATION_FULL}. Digests, ciphers and
 *       signatures write nothing then.
 *   <li>GUNZIP takes one member or more, and nothing else; a wrong checksum, size, flag or a
 *       truncated stream is {@code BAD_DATA}. What had been written before is counted, and is not
 *       to be trusted.
 *   <li>INFLATE and UNZLIB end with the compressed data; bytes behind it are not consumed. So does
 *       GUNZIP in a stream where no member follows a member. The value of a job of a stream is 1
 *       once that end, or for GUNZIP the end of a member, was reached.
 *   <li>Decryption with AES-GCM releases nothing before the tag was found good; it takes 16 MiB in
 *       one job at most, more is {@code UNSUPPORTED}.
 *   <li>A key, IV, tag or signature has 8 KiB at most, an IV of AES-GCM 1 KiB, a dictionary 32 KiB,
 *       an RSA key 8192 bits; more is {@code BAD_PARAMETERS}.
 *   <li>A cipher may work in place. Apart from that, compression, decompression and ciphers do not
 *       support a destination that overlaps the source.
 *   <li>A stream survives {@code PAGE_FAULT} and {@code DESTINATION_FULL}: the next job goes on
 *       with the first byte that was not consumed, and writes first what the one before could not.
 *       Every other error ends it.
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
