/**
 * Reads the state of an SMMUv3, taken from a running system or made up, and says what it means:
 * which features there are, which streams are configured how, what waits in the queues, and why a
 * translation comes out as it does.
 *
 * <p>Start with {@link org.opensva.conformance.cli.inspect.smmuv3.Snapshot}. {@link
 * org.opensva.conformance.cli.inspect.smmuv3.Overview} decodes all of it; {@link
 * org.opensva.conformance.cli.inspect.smmuv3.Explainer} follows one access step by step, on its
 * own, from the specification; {@link org.opensva.conformance.cli.inspect.smmuv3.ModelRun} has the
 * model do the same access, so that both can be compared.
 *
 * <p>Not here: how a dump is written in a file, and how a report looks. Nothing changes a snapshot.
 */
@NullMarked
package org.opensva.conformance.cli.inspect.smmuv3;

import org.jspecify.annotations.NullMarked;
