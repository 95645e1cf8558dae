package org.opensva.api.process;

import org.opensva.api.memory.MmioRegion;

/**
 * What stands behind a mapping of a device file: loads and stores of the process go to a register
 * window.
 *
 * <p>Such a mapping is never copied to a forked child, never moved or expanded (Linux: {@code
 * VM_DONTCOPY | VM_DONTEXPAND | VM_PFNMAP}), and no device may reach it by DMA.
 */
public interface DeviceMapping {

    /**
     * The registers.
     *
     * @return the window; its first byte is the first byte of the mapping
     */
    MmioRegion region();

    /** The process has removed the mapping, or has ended. Called once. */
    void unmapped();

    /**
     * Tells whether the device is still there. Once it is not, a load or store ends in {@link
     * Signal#SIGBUS}.
     *
     * @return false after hot removal
     */
    boolean present();
}
