/**
 * What the driver does to an SMMU, seen from the SMMU's side: registers, memory and the order of
 * commands.
 */
@NullMarked
package org.opensva.smmuv3.driver;

import org.jspecify.annotations.NullMarked;
