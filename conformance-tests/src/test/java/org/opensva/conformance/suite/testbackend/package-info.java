/**
 * A small backend in plain collections, for testing the suite: processes with page maps and
 * copy-on-write, an IOTLB, a cache of translations in each device, and queues whose jobs are done
 * in the submitting thread. Correct as it is; each {@link
 * org.opensva.conformance.suite.testbackend.Fault} breaks it in one way.
 *
 * <p>One lock guards the machine: whatever changes a mapping takes it for writing, every access
 * takes it for reading, so that an invalidation waits for the accesses that use a translation.
 *
 * <p>Beside it stands what tests put around any backend to change a little of it.
 */
@NullMarked
package org.opensva.conformance.suite.testbackend;

import org.jspecify.annotations.NullMarked;
