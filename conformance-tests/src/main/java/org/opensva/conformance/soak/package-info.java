/**
 * The soak: processes, devices and memory pressure together for as long as wanted, and an audit
 * that finds what was left behind.
 *
 * <p>A soak opens one machine after the other. On each it runs epochs: several threads make, fork,
 * change, kill and end processes while their devices work, checking what they read back; at the end
 * of an epoch everything is closed and the backend has to be as it was before the first one. The
 * last epoch of a machine removes its devices under load; then the machine is closed, and no thread
 * of it may be left. What an epoch does follows from the seed; how its threads interleave does not.
 *
 * <p>Not here: the command line, and rules: a soak judges one thing, that nothing breaks or is left
 * behind.
 */
@NullMarked
package org.opensva.conformance.soak;

import org.jspecify.annotations.NullMarked;
