/**
 * The other entrance for vendors: one part, not a platform.
 *
 * <p>Acme has built an engine and wants to know whether accelerators with it still keep the
 * contract. {@link com.acme.engine.AcmeEngineProvider} takes the emulated machine as it is and
 * overrides one binding; everything else, from the processes to the IOMMU, is not Acme's. The jar
 * depends on the api alone.
 */
@NullMarked
package com.acme.engine;

import org.jspecify.annotations.NullMarked;
