/**
 * Streams whose bytes go through accelerators, block by block, several blocks at a time.
 *
 * <p>{@link org.opensva.uacce.client.stream.AcceleratedGzipOutputStream} and {@link
 * org.opensva.uacce.client.stream.AcceleratedGzipInputStream} stand in for those of the JDK. What
 * they have in common is {@link org.opensva.uacce.client.stream.BlockOutputStream}, which any
 * transformation of independent blocks can use.
 *
 * <p>Not here: how a job finds a device, which is the pool's business.
 */
@NullMarked
package org.opensva.uacce.client.stream;

import org.jspecify.annotations.NullMarked;
