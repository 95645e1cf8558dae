package org.opensva.smmuv3.driver;

import org.opensva.api.memory.AddressRange;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.TlbRange;

/** Turns ranges of addresses into invalidation commands (Arm IHI 0070 G.b sections 4.4 and 4.5). */
final class Invalidations {

    /** SVA domains have no second stage, hence no VMID of their own. */
    private static final int VMID = 0;

    /** Above this many granules the whole tag is cheaper, also with range commands. */
    private static final int COLLAPSE_BITS = 20;

    /** ATC ranges are counted in units of 4 KiB whatever the granule (section 4.5.1). */
    private static final int ATC_SHIFT = 12;

    private final boolean rangeCommands;

    /**
     * Creates the encoder.
     *
     * @param rangeCommands true if the SMMU has range invalidation (SMMU_IDR3.RIL)
     */
    Invalidations(boolean rangeCommands) {
        this.rangeCommands = rangeCommands;
    }

    /**
     * Whether a range is better invalidated with its whole tag. Without range commands one command
     * for each page would keep the processor for too long (Linux: {@code CMDQ_MAX_TLBI_OPS}, as
     * many pages as a table has entries).
     */
    boolean collapses(AddressRange range, Granule granule) {
        if (range.isWhole()) {
            return true;
        }
        long limit = rangeCommands ? 1L << COLLAPSE_BITS : granule.bytes() >> 3;
        return Long.compareUnsigned(granules(range, granule), limit) >= 0;
    }

    /** How many granules a range touches: both ends count, also where the range is not aligned. */
    private static long granules(AddressRange range, Granule granule) {
        return (range.end() - 1 >>> granule.shift()) - (range.start() >>> granule.shift()) + 1;
    }

    /** Adds the command that removes every translation of a tag. */
    void wholeTag(CommandBatch batch, int asid) {
        int at = batch.next();
        CommandEncoder.tlbiNhAsid(batch.words(), at, VMID, asid);
    }

    /**
     * Adds the commands that remove the translations of a range. They are never leaf-only: a
     * listener is not told whether tables are freed as well, so the entries of the walk caches have
     * to go too.
     */
    void range(CommandBatch batch, int asid, AddressRange range, Granule granule) {
        long address = range.start() & -granule.bytes();
        long left = granules(range, granule);
        while (left > 0) {
            int at = batch.next();
            long done = 1;
            int scale = Long.numberOfTrailingZeros(left);
            int units = (int) (left >>> scale) & TlbRange.MAX_NUM;
            if (!rangeCommands || units << scale == 1) {
                // A single granule has no range form: NUM 0 with SCALE 0 is reserved (section
                // 4.4.1.1).
                CommandEncoder.tlbiAddress(
                        batch.words(), at, Opcode.TLBI_NH_VA, VMID, asid, address, false);
            } else {
                CommandEncoder.tlbiRange(
                        batch.words(),
                        at,
                        Opcode.TLBI_NH_VA,
                        VMID,
                        asid,
                        address,
                        false,
                        granule,
                        units - 1,
                        scale,
                        0);
                done = (long) units << scale;
            }
            address += done << granule.shift();
            left -= done;
        }
    }

    /** Adds the command that empties a device's ATC of one PASID. */
    static void atcPasid(CommandBatch batch, int streamId, int pasid) {
        int at = batch.next();
        CommandEncoder.atcInv(
                batch.words(), at, streamId, true, pasid, false, 0, Command.ATC_SIZE_ALL);
    }

    /** Adds the command that empties a device's ATC. */
    static void atcAll(CommandBatch batch, int streamId) {
        int at = batch.next();
        CommandEncoder.atcInv(
                batch.words(), at, streamId, false, 0, false, 0, Command.ATC_SIZE_ALL);
    }

    /**
     * Adds the command that removes a range from a device's ATC. The span is a power of two,
     * aligned to itself, that covers both ends: pages 7 to 10 need pages 0 to 15 (Linux: {@code
     * arm_smmu_atc_inv_to_cmd}).
     */
    static void atcRange(CommandBatch batch, int streamId, int pasid, AddressRange range) {
        long first = range.start() >>> ATC_SHIFT;
        long last = range.end() - 1 >>> ATC_SHIFT;
        int span = Long.SIZE - Long.numberOfLeadingZeros(first ^ last);
        // At most 52 bits of a page number differ, and that is everything.
        long start = first & -(1L << span);
        int at = batch.next();
        CommandEncoder.atcInv(
                batch.words(), at, streamId, true, pasid, false, start << ATC_SHIFT, span);
    }
}
