/**
 * Engines: what does the work of a job.
 *
 * <p>{@link org.opensva.uacce.engine.StandardEngines} makes engines that move, compare and check
 * data, and that compress, digest, encrypt and sign with the JDK's own {@code java.util.zip},
 * {@code java.security} and {@code javax.crypto}. Every byte, parameter blocks, keys and
 * scatter-gather lists included, goes through {@link org.opensva.api.iommu.DmaPort} under the PASID
 * of the job, in bounded chunks, with buffers that belong to the engine.
 *
 * <p>How a job is done: {@code JobData} reads the parameter block and the lists, counts what is
 * moved, and remembers the first thing that went wrong; a class for each family of operations does
 * the work; {@code Streams} finds what is kept between the jobs of a stream.
 *
 * <p>Not here: queues, descriptors, batches, processes.
 */
@NullMarked
package org.opensva.uacce.engine;

import org.jspecify.annotations.NullMarked;
