/**
 * What is said about a dump of an IOMMU, whichever kind it is: a structure taken apart, the steps
 * and the ending of an access, and what a model did with the same access.
 *
 * <p>{@link org.opensva.conformance.inspect.Explanation} is the explanation of one access, {@link
 * org.opensva.conformance.inspect.Seen} what it is compared with. Who decodes the structures of one
 * kind of IOMMU and explains its translations lives in a package of its own below {@code
 * org.opensva.conformance.cli.inspect}.
 */
@NullMarked
package org.opensva.conformance.inspect;

import org.jspecify.annotations.NullMarked;
