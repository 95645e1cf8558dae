/**
 * The emulated backend: a whole machine in one process, put together with Guice.
 *
 * <p>{@link org.opensva.emulated.EmulatedBackendProvider} is found by the service loader; {@link
 * org.opensva.emulated.EmulatedModule} binds every layer under its type of the SPI, so that {@code
 * Modules.override} replaces any one of them, and every concrete class under itself, so that a
 * replacement can stand before the original.
 *
 * <p>Not here: what the parts do. Hardware without an operating system is in {@code machine}, the
 * operating system in {@code kernel}; the IOMMU, the endpoints and the accelerators come from
 * modules of their own.
 */
@NullMarked
package org.opensva.emulated;

import org.jspecify.annotations.NullMarked;
