package org.opensva.smmuv3.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Stage1Descriptor;

/**
 * Stage 1 of the translation: walks the tables of a context, through stage 2 where that is
 * configured, and keeps what it found (sections 3.3.3, 3.13 and 5.4; VMSAv8-64 of the Arm A-profile
 * architecture).
 */
final class Stage1Walker {

    /** An update of a descriptor that loses this often against other writers gives up. */
    private static final int UPDATE_ATTEMPTS = 1 << 10;

    private final PhysicalMemory memory;
    private final TaggedCache iotlb;
    private final TaggedCache walkCache;
    private final Stamps stamps;
    private final Stage2Walker stage2;

    Stage1Walker(
            PhysicalMemory memory,
            TaggedCache iotlb,
            TaggedCache walkCache,
            Stamps stamps,
            Stage2Walker stage2) {
        this.memory = memory;
        this.iotlb = iotlb;
        this.walkCache = walkCache;
        this.stamps = stamps;
        this.stage2 = stage2;
    }

    /**
     * Walks.
     *
     * @param address the input address, without an ignored top byte
     */
    Translation.Outcome walk(
            StreamEntry entry, Context context, long address, Translation request, Lane lane) {
        StageConfig stage = context.stage(address);
        boolean closed = context.closedToUser(address);
        if (stage == null
                || !inRange(address, stage.inputBits())
                || closed && !request.privileged()) {
            return request.stage1Fault(EventType.F_TRANSLATION, context);
        }
        long stamp = stamps.of(context.tag());
        long globalStamp = stamps.of(context.globalTag());
        long ranges = stamps.ranges();
        Granule granule = stage.granule();
        int level = stage.startLevel();
        long at = stage.firstDescriptor(address);
        int inherited = 0;
        for (int deepest = 3; deepest > stage.startLevel(); deepest--) {
            long found =
                    walkCache.probe(context.tag(), stamp, address, granule.levelShift(deepest - 1));
            if (found != 0) {
                level = deepest;
                at = stage.descriptor(Cached.address(found), address, level);
                inherited = Cached.permissions(found);
                break;
            }
        }
        if (stage.startLevel() < 3) {
            boolean cached = level != stage.startLevel();
            lane.add(cached ? Lane.Count.WALK_CACHE_HITS : Lane.Count.WALK_CACHE_MISSES, 1);
        }
        int attempts = 0;
        while (true) {
            long physical = at;
            if (entry.stage2()) {
                physical =
                        stage2.translateTable(
                                entry, at, EventRecord.CLASS_TT, false, request, lane);
                if (physical < 0) {
                    return Translation.Outcome.FAULT;
                }
            }
            long descriptor;
            try {
                lane.addWalkRead(level);
                descriptor = memory.readLong(physical);
            } catch (BusErrorException e) {
                return request.walkAbort(false, EventRecord.CLASS_TT, physical);
            }
            boolean leaf = stage.isLeaf(descriptor, level);
            if (!leaf && !Stage1Descriptor.isTable(descriptor, level)) {
                return request.stage1Fault(EventType.F_TRANSLATION, context);
            }
            int shift = leaf ? granule.levelShift(level) : granule.shift();
            long output = stage.output(descriptor, shift);
            if (output >>> stage.outputBits() != 0) {
                return request.stage1Fault(EventType.F_ADDR_SIZE, context);
            }
            if (!leaf) {
                if (context.hierarchical(address)) {
                    inherited |= Stage1Permissions.hierarchical(descriptor);
                }
                long data =
                        Cached.of(
                                output,
                                granule.levelShift(level),
                                inherited,
                                granule.commandTg(),
                                level);
                walkCache.insert(context.tag(), address, data, stamp, ranges, (int) (at >>> 3));
                level++;
                at = stage.descriptor(output, address, level);
                continue;
            }
            long updated = Stage1Permissions.update(descriptor, inherited, context, request);
            if (updated != descriptor && !request.passive()) {
                if (entry.stage2()) {
                    physical =
                            stage2.translateTable(
                                    entry, at, EventRecord.CLASS_TT, true, request, lane);
                    if (physical < 0) {
                        return Translation.Outcome.FAULT;
                    }
                }
                lane.add(Lane.Count.WALK_UPDATES, 1);
                if (!replace(physical, descriptor, updated)) {
                    if (++attempts > UPDATE_ATTEMPTS) {
                        return request.walkAbort(false, EventRecord.CLASS_TT, physical);
                    }
                    continue; // someone else wrote the descriptor: read it again
                }
            }
            descriptor = updated;
            if (!Stage1Descriptor.AF.isSet(descriptor) && !context.accessFlagFaultsDisabled()) {
                return request.stage1Fault(EventType.F_ACCESS, context);
            }
            int allowed = Stage1Permissions.of(descriptor, inherited, context);
            if (closed) {
                // The fault must come on a hit as well: an entry without rights is walked again.
                allowed &= Cached.EVERYTHING << Cached.PRIVILEGED_SHIFT;
            }
            int required = request.required();
            if ((allowed & required) != required) {
                return request.stage1Fault(EventType.F_PERMISSION, context);
            }
            if (request.attributesWanted()) {
                int selected = (int) Stage1Descriptor.ATTRINDX.get(descriptor);
                request.attributes(
                        MemoryAttributes.ofMair(
                                        context.memoryAttribute(selected),
                                        stage.shareability(descriptor))
                                .withHintsOf(request.attributes()));
            }
            boolean global = !Stage1Descriptor.NG.isSet(descriptor);
            long tag = global ? context.globalTag() : context.tag();
            long data = Cached.of(output, shift, allowed, granule.commandTg(), level);
            long within = output | address & (1L << shift) - 1;
            request.intermediate(within);
            if (request.stage1Only()) {
                return request.translated(within, shift, allowed);
            }
            if (entry.stage2()) {
                if (grantsNothing(allowed, request)) {
                    return request.translated(within, shift, 0);
                }
                long found = stage2.findInput(entry, within, required, request, lane);
                if (found == 0) {
                    return Translation.Outcome.FAULT;
                }
                data = combine(data, found, within, granule.commandTg(), level);
            }
            if (!request.passive()) {
                iotlb.insert(
                        tag, address, data, global ? globalStamp : stamp, ranges, (int) (at >>> 3));
            }
            int size = Cached.sizeShift(data);
            return request.translated(
                    Cached.address(data) | address & (1L << size) - 1,
                    size,
                    Cached.permissions(data));
        }
    }

    /** A translation request stops where stage 1 grants nothing (section 3.9.1.2). */
    private static boolean grantsNothing(int allowed, Translation request) {
        int shift = request.privileged() ? Cached.PRIVILEGED_SHIFT : 0;
        return request.atsRequest() && (allowed >> shift & 0b111) == 0;
    }

    /** Both stages as one: the smaller size, the permissions that both allow. */
    private static long combine(
            long first, long second, long intermediate, int granuleCode, int level) {
        int size = Math.min(Cached.sizeShift(first), Cached.sizeShift(second));
        long within = intermediate & (1L << Cached.sizeShift(second)) - 1;
        long address = (Cached.address(second) | within) & -1L << size;
        int allowed = Cached.permissions(first) & Cached.permissions(second);
        return Cached.of(address, size, allowed, granuleCode, level);
    }

    private static boolean inRange(long address, int inputBits) {
        long beyond = address >> inputBits;
        return beyond == ((address & 1L << 55) != 0 ? -1 : 0);
    }

    private boolean replace(long at, long expected, long updated) {
        try {
            return memory.compareAndSetLong(at, expected, updated);
        } catch (BusErrorException e) {
            return false;
        }
    }
}
