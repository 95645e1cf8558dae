/**
 * What an IOMMU and its driver are on an emulated machine: PASIDs of real address spaces, and the
 * way of devices to them.
 *
 * <p>{@link org.opensva.linux.iommu.HostIommu} is the {@code TranslationAgent} that devices are
 * plugged into: it answers translation requests by asking the kernel about the process's mappings,
 * and lets the kernel walk the process's tables for the rest. {@link
 * org.opensva.linux.iommu.HostBinder} binds.
 *
 * <p>Not here: how memory is reached and what makes it change, and processes.
 */
@NullMarked
package org.opensva.linux.iommu;

import org.jspecify.annotations.NullMarked;
