package org.opensva.smmuv3.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Stage1Descriptor;
import org.opensva.smmuv3.layout.Stage2Descriptor;

/**
 * Stage 2 of the translation, for the addresses of transactions and for those of stage 1 structures
 * (sections 3.3.3, 3.13 and 5.2; VMSAv8-64 of the Arm A-profile architecture).
 */
final class Stage2Walker {

    /** An update of a descriptor that loses this often against other writers gives up. */
    private static final int UPDATE_ATTEMPTS = 1 << 10;

    private final PhysicalMemory memory;
    private final TaggedCache tlb;
    private final Stamps stamps;
    private final boolean wideExecuteNever;

    Stage2Walker(SmmuProfile profile, PhysicalMemory memory, TaggedCache tlb, Stamps stamps) {
        this.memory = memory;
        this.tlb = tlb;
        this.stamps = stamps;
        wideExecuteNever = StreamEntry.wideExecuteNever(profile);
    }

    /**
     * Translates the address of a CD or of a stage 1 descriptor.
     *
     * @param write whether the descriptor is to be updated
     * @return the physical address, or -1 after reporting to {@code request}
     */
    long translateTable(
            StreamEntry entry,
            long ipa,
            int faultClass,
            boolean write,
            Translation request,
            Lane lane) {
        int required = write ? Cached.WRITE : Cached.READ;
        long found = find(entry, ipa, faultClass, required, write, request, lane);
        if (found == 0) {
            return -1;
        }
        return Cached.address(found) | ipa & (1L << Cached.sizeShift(found)) - 1;
    }

    /**
     * Finds the stage 2 translation of an address.
     *
     * @param required permissions of {@link Cached} that must be there, 0 for none
     * @param dirty whether the access makes a page dirty
     * @return what {@link Cached} packs, or 0 after reporting to {@code request}
     */
    long find(
            StreamEntry entry,
            long ipa,
            int faultClass,
            int required,
            boolean dirty,
            Translation request,
            Lane lane) {
        long tag = Tag.ofMachine(entry.vmid());
        SecondStage stage = entry.secondStage();
        if (stage == null) {
            throw new IllegalStateException("an entry without stage 2 does not come here");
        }
        boolean input = faultClass == EventRecord.CLASS_IN;
        long found = input && request.attributesWanted() ? 0 : tlb.find(tag, ipa);
        boolean mustUpdate =
                dirty
                        && stage.updatesDirtyState()
                        && (Cached.permissions(found) & Cached.WRITE) == 0;
        if (found == 0 || (Cached.permissions(found) & required) != required || mustUpdate) {
            found = walk(stage, tag, ipa, faultClass, required, dirty, request, lane);
        }
        if (!input && (found & Cached.DEVICE) != 0 && stage.protectsTables()) {
            return fault(EventType.F_PERMISSION, faultClass, ipa, dirty, stage, request);
        }
        return found;
    }

    private long walk(
            SecondStage stage,
            long tag,
            long ipa,
            int faultClass,
            int required,
            boolean dirty,
            Translation request,
            Lane lane) {
        StageConfig tables = stage.tables();
        if (ipa >>> tables.inputBits() != 0) {
            return fault(EventType.F_TRANSLATION, faultClass, ipa, dirty, stage, request);
        }
        long stamp = stamps.of(tag);
        long ranges = stamps.ranges();
        Granule granule = tables.granule();
        long at = tables.firstDescriptor(ipa);
        int attempts = 0;
        int level = tables.startLevel();
        while (true) {
            long descriptor;
            try {
                lane.addWalkRead(level);
                descriptor = memory.readLong(at);
            } catch (BusErrorException e) {
                request.walkAbort(true, faultClass, at);
                return 0;
            }
            boolean leaf = tables.isLeaf(descriptor, level);
            int shift = leaf ? granule.levelShift(level) : granule.shift();
            long address = tables.output(descriptor, shift);
            if (!leaf && !Stage1Descriptor.isTable(descriptor, level)) {
                return fault(EventType.F_TRANSLATION, faultClass, ipa, dirty, stage, request);
            }
            if (address >>> tables.outputBits() != 0) {
                return fault(EventType.F_ADDR_SIZE, faultClass, ipa, dirty, stage, request);
            }
            if (!leaf) {
                level++;
                at = tables.descriptor(address, ipa, level);
                continue;
            }
            long updated = update(descriptor, stage, dirty);
            if (updated != descriptor && !request.passive()) {
                lane.add(Lane.Count.WALK_UPDATES, 1);
                if (!replace(at, descriptor, updated)) {
                    if (++attempts > UPDATE_ATTEMPTS) {
                        request.walkAbort(true, faultClass, at);
                        return 0;
                    }
                    continue; // someone else wrote the descriptor: read it again
                }
            }
            descriptor = updated;
            if (!Stage2Descriptor.AF.isSet(descriptor) && !stage.accessFlagFaultsDisabled()) {
                return fault(EventType.F_ACCESS, faultClass, ipa, dirty, stage, request);
            }
            int allowed = permissions(descriptor);
            if ((allowed & required) != required) {
                return fault(EventType.F_PERMISSION, faultClass, ipa, dirty, stage, request);
            }
            long data = Cached.of(address, shift, allowed, granule.commandTg(), level);
            int type = (int) Stage2Descriptor.MEMATTR.get(descriptor);
            if (isDevice(type, stage)) {
                data |= Cached.DEVICE;
            }
            if (faultClass == EventRecord.CLASS_IN && request.attributesWanted()) {
                int sh = tables.shareability(descriptor);
                MemoryAttributes first = request.attributes();
                request.attributes(
                        stage.forcesAttributes()
                                ? first.forced(type, sh)
                                : first.combine(MemoryAttributes.ofStage2(type, sh)));
            }
            if (!request.passive()) {
                tlb.insert(tag, ipa, data, stamp, ranges, (int) (at >>> 3));
            }
            return data;
        }
    }

    private static long fault(
            EventType type,
            int faultClass,
            long ipa,
            boolean write,
            SecondStage stage,
            Translation request) {
        request.stage2Fault(type, faultClass, ipa, !write, stage);
        return 0;
    }

    private static boolean isDevice(int type, SecondStage stage) {
        return stage.forcesAttributes()
                ? (type & 0b0100) == 0
                : MemoryAttributes.ofStage2(type, 0).isDevice();
    }

    private boolean replace(long at, long expected, long updated) {
        try {
            return memory.compareAndSetLong(at, expected, updated);
        } catch (BusErrorException e) {
            return false;
        }
    }

    /** The descriptor after hardware updates of the Access flag and dirty state. */
    private static long update(long descriptor, SecondStage stage, boolean dirty) {
        long updated = descriptor;
        if (stage.updatesAccessFlag()) {
            updated |= Stage2Descriptor.AF.mask();
        }
        boolean accessed = Stage2Descriptor.AF.isSet(updated) || stage.accessFlagFaultsDisabled();
        if (dirty && accessed && stage.updatesDirtyState() && Stage2Descriptor.DBM.isSet(updated)) {
            updated |= Stage2Descriptor.S2AP.place(Stage2Descriptor.S2AP_WRITE);
        }
        return updated;
    }

    private int permissions(long descriptor) {
        int access = (int) Stage2Descriptor.S2AP.get(descriptor);
        int both = 0;
        if ((access & Stage2Descriptor.S2AP_READ) != 0) {
            both |= Cached.READ;
        }
        if ((access & Stage2Descriptor.S2AP_WRITE) != 0) {
            both |= Cached.WRITE;
        }
        int allowed = both | both << Cached.PRIVILEGED_SHIFT;
        int never = (int) Stage2Descriptor.XN.get(descriptor);
        if (!wideExecuteNever) {
            never &= Stage2Descriptor.XN_ALL;
        }
        if (never == Stage2Descriptor.XN_NONE || never == Stage2Descriptor.XN_PRIVILEGED) {
            allowed |= Cached.EXECUTE;
        }
        if (never == Stage2Descriptor.XN_NONE || never == Stage2Descriptor.XN_UNPRIVILEGED) {
            allowed |= Cached.EXECUTE << Cached.PRIVILEGED_SHIFT;
        }
        return allowed;
    }

    /** The stage 2 part of a translation request or transaction, with CLASS IN. */
    long findInput(StreamEntry entry, long ipa, int required, Translation request, Lane lane) {
        return find(entry, ipa, EventRecord.CLASS_IN, required, request.write(), request, lane);
    }
}
