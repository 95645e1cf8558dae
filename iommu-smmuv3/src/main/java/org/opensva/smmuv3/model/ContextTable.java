package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Level1ContextDescriptor;
import org.opensva.smmuv3.layout.StreamTableEntry;

/** Finds context descriptors, cached or in memory (sections 3.3.2, 5.3 and 5.4). */
final class ContextTable {

    private final SmmuProfile profile;
    private final PhysicalMemory memory;
    private final ConfigurationCache cache;
    private final Stage2Walker stage2;

    ContextTable(
            SmmuProfile profile,
            PhysicalMemory memory,
            ConfigurationCache cache,
            Stage2Walker stage2) {
        this.profile = profile;
        this.memory = memory;
        this.cache = cache;
        this.stage2 = stage2;
    }

    /** The cached CD, or null. */
    @Nullable Context cached(StreamState stream, int index) {
        return stream.context(index, cache.generation() + stream.contextGeneration());
    }

    /**
     * Fetches a CD.
     *
     * @return the CD, which may be illegal; or null after reporting to {@code request}
     */
    @Nullable Context fetch(
            StreamState stream, StreamEntry entry, int index, Translation request, Lane lane) {
        long stamp = cache.generation() + stream.contextGeneration();
        long invalidations = stream.singleInvalidations();
        long address;
        if (entry.contextFormat() == StreamTableEntry.S1FMT_LINEAR) {
            address = entry.contextTable() + (long) index * ContextDescriptor.BYTES;
        } else {
            address = locate(stream, entry, index, stamp, invalidations, request, lane);
            if (address < 0) {
                return null;
            }
        }
        long physical = physical(entry, address, request, lane);
        if (physical < 0) {
            return null;
        }
        long[] words = new long[ContextDescriptor.WORDS];
        try {
            lane.add(Lane.Count.CONFIGURATION_READS, 1);
            for (int i = 0; i < words.length; i++) {
                words[i] = memory.readLong(physical + 8L * i);
            }
        } catch (BusErrorException e) {
            request.configurationFault(EventType.F_CD_FETCH, physical);
            return null;
        }
        Context context = new Context(words, entry, profile, index, stamp);
        stream.keep(context, invalidations);
        return context;
    }

    /** The address of a CD of a two-level table, or -1 after reporting. */
    private long locate(
            StreamState stream,
            StreamEntry entry,
            int index,
            long stamp,
            long invalidations,
            Translation request,
            Lane lane) {
        boolean small = entry.contextFormat() == StreamTableEntry.S1FMT_4K_L2;
        int split = small ? ContextDescriptor.SPLIT_4K : ContextDescriptor.SPLIT_64K;
        long level1Index = Integer.toUnsignedLong(index) >>> split;
        long descriptor;
        Level1Entry cached = stream.level1(level1Index, stamp);
        if (cached != null) {
            descriptor = cached.descriptor();
        } else {
            long address = entry.contextTable() + level1Index * Level1ContextDescriptor.BYTES;
            long physical = physical(entry, address, request, lane);
            if (physical < 0) {
                return -1;
            }
            try {
                lane.add(Lane.Count.CONFIGURATION_READS, 1);
                descriptor = memory.readLong(physical);
            } catch (BusErrorException e) {
                request.configurationFault(EventType.F_CD_FETCH, physical);
                return -1;
            }
            stream.keep(new Level1Entry(level1Index, descriptor, stamp), invalidations);
        }
        long leaf = Level1ContextDescriptor.leafTable(descriptor);
        if (!Level1ContextDescriptor.valid(descriptor) || leaf >>> profile.addressBits() != 0) {
            request.configurationFault(EventType.C_BAD_SUBSTREAMID, 0);
            return -1;
        }
        // A leaf table is aligned to its size, which is 64 KB with the larger split.
        leaf &= -1L << split + 6;
        return leaf + (long) (index & (1 << split) - 1) * ContextDescriptor.BYTES;
    }

    /** Where a structure is in physical memory, or -1 after reporting. */
    private long physical(StreamEntry entry, long address, Translation request, Lane lane) {
        if (!entry.stage2()) {
            return address;
        }
        return stage2.translateTable(entry, address, EventRecord.CLASS_CD, false, request, lane);
    }
}
