package org.opensva.smmuv3.driver;

import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.InvalidationTrace;

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
 * @param trace spans and durations of invalidations
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
        InvalidationTrace trace) {}
