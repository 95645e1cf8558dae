package org.opensva.vtd.driver;

import io.opentelemetry.api.trace.Tracer;

import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.HardwareEventSink;

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
 * @param tracer where spans go
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
        Tracer tracer) {}
