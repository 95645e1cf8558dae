/**
 * Concurrent programs with recorded histories. Every operation has a stamp of when it was begun and
 * one of when it had ended, from one clock; afterwards a checker decides whether the values that
 * were seen can be explained: an access may see what a page held at some moment between its two
 * stamps, and nothing else. What it cannot explain is reported with the few operations that show
 * it.
 *
 * <p>A race is made of its seed; where its threads meet is not, so that the same seed finds the
 * same fault soon, and not always in the same round.
 *
 * <p>Not here: sequential programs ({@code org.opensva.conformance.programs}), rules.
 */
@NullMarked
package org.opensva.conformance.races;

import org.jspecify.annotations.NullMarked;
