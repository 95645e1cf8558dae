/**
 * The workbench of a rule test: processes and devices of the backend under test, the oracles that
 * tell whether a device reached memory it must not reach, and the words for what was found.
 *
 * <p>A test gets a {@link org.opensva.conformance.suite.bench.TestBench}; everything it opens there
 * is closed for it, and every wait has a deadline scaled by one factor ({@link
 * org.opensva.conformance.suite.bench.Limits}). A device is used through {@link
 * org.opensva.conformance.suite.bench.BoundDevice}, whose reads and writes are jobs, so that the
 * same test runs on an emulated machine and on real hardware. Contents are tokens that occur
 * nowhere else, so that a stale access is told by what it read or damaged.
 *
 * <p>Not here: rules, verdicts, how tests are found and run.
 */
@NullMarked
package org.opensva.conformance.suite.bench;

import org.jspecify.annotations.NullMarked;
