/**
 * What the benchmark command measures: a machine put together for measuring, working sets on it,
 * and the benchmarks themselves. Everything is reached through the SPI, so that any backend that
 * binds the layers under their types can be measured.
 *
 * <p>Nothing here judges: what a figure is compared with is the command's business. Classes are
 * public, not final and have bare fields where JMH's generated code needs that.
 */
@NullMarked
package org.opensva.conformance.measure;

import org.jspecify.annotations.NullMarked;
