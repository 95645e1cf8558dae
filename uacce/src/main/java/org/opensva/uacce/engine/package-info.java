/**
 * Engines: what does the work of a job.
 *
 * <p>{@link org.opensva.uacce.engine.StandardEngines} makes engines that move, fill and check data
 * and that compress with the JDK's own {@code java.util.zip}. Every byte goes through {@link
 * org.opensva.api.iommu.DmaPort} under the PASID of the job, in bounded chunks, with buffers that
 * belong to the engine.
 *
 * <p>Not here: queues, descriptors, processes.
 */
@NullMarked
package org.opensva.uacce.engine;

import org.jspecify.annotations.NullMarked;
