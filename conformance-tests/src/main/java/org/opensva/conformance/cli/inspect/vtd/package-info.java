/**
 * Reads the state of a VT-d remapping unit, taken from a running system or made up, and says what
 * it means: in which mode it translates, which functions are configured how, what waits in its
 * queues, which faults it recorded, how interrupts are remapped, and why a translation comes out as
 * it does.
 *
 * <p>Start with {@link org.opensva.conformance.cli.inspect.vtd.Snapshot}. {@link
 * org.opensva.conformance.cli.inspect.vtd.Overview} decodes all of it; {@link
 * org.opensva.conformance.cli.inspect.vtd.Explainer} follows one request step by step, on its own,
 * from the specification; {@link org.opensva.conformance.cli.inspect.vtd.ModelRun} has the model do
 * the same request, so that both can be compared.
 *
 * <p>Not here: how a dump is written in a file, and how a report looks. Nothing changes a snapshot.
 */
@NullMarked
package org.opensva.conformance.cli.inspect.vtd;

import org.jspecify.annotations.NullMarked;
