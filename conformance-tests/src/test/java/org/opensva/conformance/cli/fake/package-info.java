/**
 * A backend without an IOMMU: just enough of a process and a device for the command line to work
 * with, and providers with the faults that plugins have.
 *
 * <p>Not here: anything that keeps a rule of the contract.
 */
@NullMarked
package org.opensva.conformance.cli.fake;

import org.jspecify.annotations.NullMarked;
