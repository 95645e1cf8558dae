/**
 * The zoo: backends that are broken in exactly one way, each of which was a bug of a real system,
 * and the proof that the suite finds every one of them.
 *
 * <p>A member is the emulated machine with one layer decorated; what is wrong is in the decoration,
 * never in the machine. Decorations stand behind the types of the SPI, or behind the registers and
 * memory of the IOMMU. Nothing here is needed by a rule test.
 */
@NullMarked
package org.opensva.conformance.zoo;

import org.jspecify.annotations.NullMarked;
