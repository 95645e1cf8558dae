package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.ControlRegisters.Cr2;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.Level1StreamTableDescriptor;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.StrtabBase;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.StrtabBaseCfg;

/** Finds stream table entries, cached or in memory (sections 3.3.1, 5.1 and 6.3.25). */
final class StreamTable {

    private final SmmuProfile profile;
    private final Registers registers;
    private final PhysicalMemory memory;
    private final ConfigurationCache cache;

    StreamTable(
            SmmuProfile profile,
            Registers registers,
            PhysicalMemory memory,
            ConfigurationCache cache) {
        this.profile = profile;
        this.registers = registers;
        this.memory = memory;
        this.cache = cache;
    }

    /** The cached entry of a stream, or null. */
    @Nullable StreamEntry cached(StreamState stream) {
        return stream.entry(cache.generation() + stream.entryGeneration());
    }

    /**
     * Fetches the entry of a stream.
     *
     * @return the entry, which may be illegal; or null after reporting to {@code request}
     */
    @Nullable StreamEntry fetch(StreamState stream, Translation request, Lane lane) {
        long stamp = cache.generation() + stream.entryGeneration();
        long streamId = Integer.toUnsignedLong(stream.streamId());
        long shape = registers.get(Register.STRTAB_BASE_CFG);
        long bits = Math.min(StrtabBaseCfg.LOG2SIZE.get(shape), Idr1.SIDSIZE.get(profile.idr1()));
        if (streamId >>> bits != 0) {
            request.configurationFault(EventType.C_BAD_STREAMID, 0);
            return null;
        }
        long base = registers.address(Register.STRTAB_BASE, StrtabBase.ADDR);
        long address;
        if (twoLevel(shape)) {
            address =
                    locate(
                            base,
                            streamId,
                            bits,
                            StrtabBaseCfg.effectiveSplit(shape),
                            request,
                            lane);
            if (address < 0) {
                return null;
            }
        } else {
            address = (base & -1L << bits + 6) + streamId * StreamTableEntry.BYTES;
        }
        lane.add(Lane.Count.CONFIGURATION_READS, 1);
        long[] words = lane.words;
        if (!read(address, words)) {
            request.configurationFault(EventType.F_STE_FETCH, address);
            return null;
        }
        boolean checked = Cr0.ATSCHK.isSet(registers.get(Register.CR0));
        boolean host = Cr2.E2H.isSet(registers.get(Register.CR2));
        StreamEntry known = stream.entry();
        if (known != null && known.isOf(words, checked, host)) {
            known.fetchedAgain(stamp);
            return known;
        }
        StreamEntry entry = new StreamEntry(words, profile, checked, host, stamp);
        stream.keep(entry);
        return entry;
    }

    /** StreamID bits of the second level, for commands; 6 if the table has one level. */
    int split() {
        return StrtabBaseCfg.effectiveSplit(registers.get(Register.STRTAB_BASE_CFG));
    }

    private boolean twoLevel(long shape) {
        return Idr0.ST_LEVEL.get(profile.idr0()) == 1
                && StrtabBaseCfg.FMT.get(shape) == StrtabBaseCfg.FMT_2LVL;
    }

    /** The address of an STE of a two-level table, or -1 after reporting. */
    private long locate(
            long base, long streamId, long bits, int split, Translation request, Lane lane) {
        long index = streamId >>> split;
        long level1Shift = Math.max(6, bits - split + 3);
        long address = (base & -1L << level1Shift) + index * Level1StreamTableDescriptor.BYTES;
        long descriptor;
        long cached = cache.level1(index);
        if (cached != Level1Cache.ABSENT) {
            descriptor = cached;
        } else {
            long generation = cache.generation();
            long invalidations = cache.level1Invalidations();
            if (address >>> profile.addressBits() != 0) {
                request.configurationFault(EventType.F_STE_FETCH, address);
                return -1;
            }
            try {
                lane.add(Lane.Count.CONFIGURATION_READS, 1);
                descriptor = memory.readLong(address);
            } catch (BusErrorException e) {
                request.configurationFault(EventType.F_STE_FETCH, address);
                return -1;
            }
            cache.keepLevel1(index, descriptor, generation, invalidations);
        }
        int span = Level1StreamTableDescriptor.span(descriptor);
        long within = streamId & (1L << split) - 1;
        if (span == 0
                || span > Level1StreamTableDescriptor.MAX_SPAN
                || span > split + 1
                || within >>> span - 1 != 0) {
            request.configurationFault(EventType.C_BAD_STREAMID, 0);
            return -1;
        }
        return Level1StreamTableDescriptor.arrayAddress(descriptor)
                + within * StreamTableEntry.BYTES;
    }

    private boolean read(long address, long[] words) {
        if (address >>> profile.addressBits() != 0) {
            return false;
        }
        try {
            for (int i = 0; i < StreamTableEntry.WORDS; i++) {
                words[i] = memory.readLong(address + 8L * i);
            }
            return true;
        } catch (BusErrorException e) {
            return false;
        }
    }
}
