/**
 * Memory pressure on demand: what the kernel does to pages of its own accord, chosen by a seed, in
 * the background or one step at a time.
 *
 * <p>Chooses only: the work itself, with its locks and its order, is memory management's (package
 * {@code kernel.mm}).
 */
@NullMarked
package org.opensva.emulated.kernel.pressure;

import org.jspecify.annotations.NullMarked;
