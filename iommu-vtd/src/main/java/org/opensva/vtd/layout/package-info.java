/**
 * Bit layouts and encodings of the Intel VT-d specification, and nothing that acts on them.
 *
 * <p>Registers, scalable-mode root, context, PASID-directory and PASID-table entries, invalidation
 * and page-response descriptors, page-request and fault records will live here, each type naming
 * its section of the specification. The package knows neither {@code model} nor {@code driver}.
 *
 * <p>It is still empty, and this module claims nothing: no backend offers VT-d.
 */
@NullMarked
package org.opensva.vtd.layout;

import org.jspecify.annotations.NullMarked;
