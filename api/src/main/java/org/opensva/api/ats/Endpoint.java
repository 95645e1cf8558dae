package org.opensva.api.ats;

import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.telemetry.CounterSource;

/**
 * The bus interface of a device: its configuration space, its ATC and page request interface, and
 * the port that its engines use.
 *
 * <p>Reads and writes through the port use the ATC when ATS is enabled, ask for missing pages when
 * PRI is, and are plain untranslated requests otherwise.
 */
public interface Endpoint extends DeviceFunction, DmaPort, CounterSource, AutoCloseable {

    /** Unplugs the device (hot removal): requests under way are stopped, waiting ones return. */
    @Override
    void close();
}
