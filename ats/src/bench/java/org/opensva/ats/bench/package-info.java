/**
 * What accesses and invalidations cost, with what is physically possible beside it. Run by the
 * profile {@code bench}.
 */
@NullMarked
package org.opensva.ats.bench;

import org.jspecify.annotations.NullMarked;
