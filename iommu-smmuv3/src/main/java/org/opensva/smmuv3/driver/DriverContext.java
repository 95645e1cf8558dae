package org.opensva.smmuv3.driver;

import io.opentelemetry.api.trace.Tracer;

import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.HardwareEventSink;

/**
 * What devices and domains of one SMMU share.
 *
 * @param identity what the SMMU can do
 * @param memory where tables are
 * @param frames where tables come from
 * @param commands the command queue
 * @param invalidations how ranges become commands
 * @param asids the tags
 * @param streams the stream table
 * @param events what white-box rules look at
 * @param tracer where spans go
 */
record DriverContext(
        Identity identity,
        PhysicalMemory memory,
        FrameAllocator frames,
        CommandQueue commands,
        Invalidations invalidations,
        AsidAllocator asids,
        StreamTable streams,
        HardwareEventSink events,
        Tracer tracer) {}
