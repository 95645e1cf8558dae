package org.opensva.api.accelerator;

import java.util.List;

/**
 * The virtual functions of a device (PCI Express Base 6.x section 9; Linux {@code sriov_totalvfs}
 * and {@code sriov_numvfs}).
 *
 * <p>A virtual function is a device of its own: it has a requester id, queues and PASIDs of its
 * own. What it has in common with its physical function is the hardware, so that it shows the
 * isolation of its physical function and is reset with it.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface VirtualFunctions {

    /**
     * How many there can be.
     *
     * @return at least 1
     */
    int total();

    /**
     * Those that are there now.
     *
     * @return empty unless {@link #enable} was called
     */
    List<Accelerator> enabled();

    /**
     * Makes virtual functions, or with 0 removes those that are there, in use or not.
     *
     * @param count how many, 0 to {@link #total}
     * @throws org.opensva.api.process.ErrnoException {@code ERANGE} if there cannot be so many
     *     ({@code pci_enable_sriov}, {@code sriov_numvfs_store}), {@code EBUSY} if there are some
     *     already and {@code count} is another number than theirs and not 0, {@code ENODEV} if the
     *     device is gone
     */
    void enable(int count);
}
