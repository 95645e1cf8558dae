/**
 * One part of a machine, with the suite in the place of its neighbour: {@link
 * org.opensva.conformance.suite.parts.ScriptedAgent} is the IOMMU that an endpoint talks to, {@link
 * org.opensva.conformance.suite.parts.ProbeDevice} is the device that an IOMMU and its driver talk
 * to. Both note every message, answer as the test says, and know nothing of who is at the other
 * end.
 *
 * <p>Not here: what is demanded of a part; that is in the rule tests.
 */
@NullMarked
package org.opensva.conformance.suite.parts;

import org.jspecify.annotations.NullMarked;
