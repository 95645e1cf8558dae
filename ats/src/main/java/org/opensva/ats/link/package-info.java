/**
 * The link between an endpoint and its translation agent, made to misbehave.
 *
 * <p>The ordinary link is a method call: an endpoint plugged into an agent directly has it, at no
 * cost. Here is the other one, {@link org.opensva.ats.link.FaultInjectingLink}, which loses,
 * repeats, delays and damages messages. Not here: endpoints, and the bytes of messages.
 */
@NullMarked
package org.opensva.ats.link;

import org.jspecify.annotations.NullMarked;
