package org.opensva.vtd.driver;

import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.InvalidationTrace;

/**
 * What devices and domains of one remapping unit share.
 *
 * @param unit what the unit can do
 * @param memory where tables are
 * @param frames where tables come from
 * @param queue the invalidation queue
 * @param invalidations how ranges become descriptors
 * @param domainIds the tags
 * @param root the root table
 * @param events what white-box rules look at
 * @param trace spans and durations of invalidations
 */
record DriverContext(
        Capabilities unit,
        PhysicalMemory memory,
        FrameAllocator frames,
        InvalidationQueue queue,
        Invalidations invalidations,
        DomainIds domainIds,
        RootTable root,
        HardwareEventSink events,
        InvalidationTrace trace) {}
