/**
 * Processes and their address spaces: the operating-system side of Shared Virtual Addressing.
 *
 * <p>Two kinds of reader start here. A test or an application drives {@link
 * org.opensva.api.process.SvaProcess}: it maps, stores, forks, unmaps and exits, and the same calls
 * run on an emulated and on a real Linux process. A driver of an IOMMU or of an accelerator works
 * with {@link org.opensva.api.process.AddressSpace}, hears of changes through {@link
 * org.opensva.api.process.AddressSpaceListener} (the MMU notifier) and puts its files into a {@link
 * org.opensva.api.process.FileTable}.
 *
 * <p>Not here: anything that knows an IOMMU, a PASID or a device.
 */
@NullMarked
package org.opensva.api.process;

import org.jspecify.annotations.NullMarked;
