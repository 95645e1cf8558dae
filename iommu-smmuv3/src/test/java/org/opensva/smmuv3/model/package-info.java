/** Tests of the hardware model, with the small machine they run in. */
@NullMarked
package org.opensva.smmuv3.model;

import org.jspecify.annotations.NullMarked;
