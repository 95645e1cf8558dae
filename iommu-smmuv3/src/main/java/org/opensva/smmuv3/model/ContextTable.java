package org.opensva.smmuv3.model;

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
    private final Stage2Walker stage2;

    ContextTable(SmmuProfile profile, PhysicalMemory memory, Stage2Walker stage2) {
        this.profile = profile;
        this.memory = memory;
        this.stage2 = stage2;
    }

    /** The tag of a CD if it is cached and legal, or {@link ContextCache#ABSENT}. */
    long cachedTag(StreamState stream, StreamEntry entry, int index) {
        return stream.contexts().tag(index, stream.contextStamp(entry));
    }

    /** Has the lane's context be a CD if that is cached; it may be illegal. */
    boolean cached(StreamState stream, StreamEntry entry, int index, Lane lane) {
        return stream.contexts().load(index, stream.contextStamp(entry), lane.context, profile);
    }

    /**
     * Fetches a CD, which may be illegal, into the lane's context.
     *
     * @return false after reporting to {@code request}
     */
    boolean fetch(
            StreamState stream, StreamEntry entry, int index, Translation request, Lane lane) {
        long stamp = stream.contextStamp(entry);
        long invalidations = stream.singleInvalidations();
        long address;
        if (entry.contextFormat() == StreamTableEntry.S1FMT_LINEAR) {
            address = entry.contextTable() + (long) index * ContextDescriptor.BYTES;
        } else {
            address = locate(stream, entry, index, stamp, invalidations, request, lane);
            if (address < 0) {
                return false;
            }
        }
        long physical = physical(entry, address, request, lane);
        if (physical < 0) {
            return false;
        }
        long[] words = lane.words;
        try {
            lane.add(Lane.Count.CONFIGURATION_READS, 1);
            for (int i = 0; i < ContextDescriptor.WORDS; i++) {
                words[i] = memory.readLong(physical + 8L * i);
            }
        } catch (BusErrorException e) {
            request.configurationFault(EventType.F_CD_FETCH, physical);
            return false;
        }
        lane.context.understand(words, entry, profile);
        stream.keep(index, lane.context, stamp, invalidations);
        return true;
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
        long cached = stream.level1(level1Index, stamp);
        if (cached != Level1Cache.ABSENT) {
            descriptor = cached;
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
            stream.keepLevel1(level1Index, descriptor, stamp, invalidations);
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
