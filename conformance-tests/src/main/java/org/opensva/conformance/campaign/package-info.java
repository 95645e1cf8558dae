/**
 * What goes on around single runs: a journal that an interrupted run is taken up from, and the
 * lines in which a child JVM reports what it finds.
 *
 * <p>Not here: how tests run ({@link org.opensva.conformance.suite}), and processes and options,
 * which are the command line's.
 */
@NullMarked
package org.opensva.conformance.campaign;

import org.jspecify.annotations.NullMarked;
