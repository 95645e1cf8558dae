/**
 * The configuration space of an endpoint, as far as address translation services go: the extended
 * capabilities ATS, PRI and PASID as registers.
 *
 * <p>Here: offsets, bits, and the order in which the switches may be thrown. Not here: what a
 * switch does, which the endpoint says through {@link org.opensva.ats.config.FunctionControls}.
 */
@NullMarked
package org.opensva.ats.config;

import org.jspecify.annotations.NullMarked;
