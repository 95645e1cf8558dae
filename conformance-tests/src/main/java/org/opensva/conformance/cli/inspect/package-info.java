/**
 * The command {@code opensva inspect smmuv3}: a dump of an SMMUv3's registers and memory, decoded,
 * and one translation explained.
 *
 * <p>{@code DumpReader} reads the files, {@code TextReport} and {@code JsonReport} print. What a
 * dump means is found out in {@link org.opensva.smmuv3.inspect}. The suite does not use this
 * package.
 */
@NullMarked
package org.opensva.conformance.cli.inspect;

import org.jspecify.annotations.NullMarked;
