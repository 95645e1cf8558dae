/**
 * The command {@code opensva inspect}: a dump of an IOMMU's registers and memory, decoded, and one
 * translation explained. Each kind of IOMMU is a command below it.
 *
 * <p>{@code DumpReader} reads the files, {@code TextReport} and {@code JsonReport} print. What a
 * dump means is found out in a package for each kind: {@link
 * org.opensva.conformance.cli.inspect.smmuv3} and {@link org.opensva.conformance.cli.inspect.vtd}.
 * They are here and not in the modules of the IOMMUs because they are neither hardware nor software
 * that drives it, and because the two share how a dump is read, how an explanation is told, and how
 * it is compared with a model ({@link org.opensva.conformance.inspect}). The suite does not use
 * these packages.
 */
@NullMarked
package org.opensva.conformance.cli.inspect;

import org.jspecify.annotations.NullMarked;
