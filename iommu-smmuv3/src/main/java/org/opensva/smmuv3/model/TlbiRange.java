package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.TlbRange;

/**
 * The operands of a TLB invalidation by address (section 4.4.1.1).
 *
 * @param first first address
 * @param last last address, unsigned
 * @param leafOnly whether table descriptors may stay
 * @param granuleCode which granule is meant, 0 for any
 * @param level which level of leaf is meant, 0 for any
 */
record TlbiRange(long first, long last, boolean leafOnly, int granuleCode, int level) {

    /**
     * Decodes the operands.
     *
     * @param ipa whether the address is that of CMD_TLBI_S2_IPA
     * @return the range, or null if the combination is reserved and the command is illegal
     */
    static @Nullable TlbiRange decode(long w0, long w1, boolean ipa, SmmuProfile profile) {
        long address = ipa ? Command.IPA.address(w1) : Command.ADDRESS.address(w1);
        boolean leaf = Command.LEAF.isSet(w1);
        int code = Idr3.RIL.isSet(profile.idr3()) ? (int) Command.TG.get(w1) : 0;
        Granule granule = Granule.ofCommandTg(code);
        if (granule == null) {
            return new TlbiRange(address, address | 0xfff, leaf, 0, 0);
        }
        int level = (int) Command.TTL.get(w1);
        boolean wide = Idr5.DS.isSet(profile.idr5());
        if (granule == Granule.K16 && level == 1 && !wide) {
            level = 0; // without 52-bit tables there are no leaves at that level
        }
        int num = (int) Command.NUM.get(w0);
        int scale = (int) Command.SCALE.get(w0);
        if (!wide) {
            scale &= TlbRange.MAX_SCALE_WITHOUT_DS; // the highest bit is RES0
        }
        if (TlbRange.reserved(code, num, scale, level)) {
            return null;
        }
        long first = address & -granule.bytes();
        long last = first + TlbRange.bytes(num, scale, granule) - 1;
        if (Long.compareUnsigned(last, first) < 0) {
            last = -1; // the range does not wrap around
        }
        return new TlbiRange(first, last, leaf, code, level);
    }
}
