/**
 * Benchmarks of the models of IOMMUs alone: their registers, queues, and tables written by hand,
 * without a driver or a kernel. What a driver never sets up, such as a guest's tables through a
 * hypervisor's, and what an invalidation costs the hardware alone.
 */
@NullMarked
package org.opensva.conformance.measure.hardware;

import org.jspecify.annotations.NullMarked;
