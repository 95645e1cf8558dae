package org.opensva.uacce.client;

import org.opensva.api.accelerator.Accelerator;

/**
 * Which devices are near to whom: the nodes of a machine with non-uniform memory access, or any
 * other grouping. Contexts of the caller's node are taken before all others; others only while
 * those are full or gone.
 *
 * <p><b>Threading.</b> Any thread may call; {@link #callerNode} is called for every job.
 */
public interface Locality {

    /** A machine where everything is equally near. */
    Locality UNIFORM =
            new Locality() {
                @Override
                public int nodeOf(Accelerator accelerator) {
                    return 0;
                }

                @Override
                public int callerNode() {
                    return 0;
                }
            };

    /**
     * Where a device is.
     *
     * @param accelerator the device
     * @return any number
     */
    int nodeOf(Accelerator accelerator);

    /**
     * Where the calling thread is.
     *
     * @return a number as {@link #nodeOf} gives them
     */
    int callerNode();
}
