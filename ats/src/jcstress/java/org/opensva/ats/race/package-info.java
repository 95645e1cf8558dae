/**
 * Races that only the processor decides: accesses against invalidations of what they use. Not here:
 * what a test with threads and locks can decide, which is among the unit tests.
 */
@NullMarked
package org.opensva.ats.race;

import org.jspecify.annotations.NullMarked;
