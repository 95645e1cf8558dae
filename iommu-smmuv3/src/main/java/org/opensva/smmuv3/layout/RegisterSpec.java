package org.opensva.smmuv3.layout;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** What {@link Register} holds about one register, written so that the table reads as one. */
record RegisterSpec(
        int offset,
        int bytes,
        boolean writable,
        long writeMask,
        String section,
        @Nullable Structure structure,
        Presence presence,
        List<Guarded> guards,
        long presetMask,
        long resetToZeroMask) {

    /** Bits that a guard makes read-only. */
    record Guarded(long bits, Guard guard) {}

    static RegisterSpec readOnly(int offset, int bytes, String section) {
        return new RegisterSpec(
                offset, bytes, false, 0, section, null, Presence.ALWAYS, List.of(), 0, 0);
    }

    static RegisterSpec readWrite(int offset, int bytes, long writeMask, String section) {
        return new RegisterSpec(
                offset, bytes, true, writeMask, section, null, Presence.ALWAYS, List.of(), 0, 0);
    }

    RegisterSpec fields(Structure fields) {
        return new RegisterSpec(
                offset,
                bytes,
                writable,
                writeMask,
                section,
                fields,
                presence,
                guards,
                presetMask,
                resetToZeroMask);
    }

    RegisterSpec with(Presence feature) {
        return new RegisterSpec(
                offset,
                bytes,
                writable,
                writeMask,
                section,
                structure,
                feature,
                guards,
                presetMask,
                resetToZeroMask);
    }

    RegisterSpec guarded(long bits, Guard guard) {
        List<Guarded> all = new ArrayList<>(guards);
        all.add(new Guarded(bits, guard));
        return new RegisterSpec(
                offset,
                bytes,
                writable,
                writeMask,
                section,
                structure,
                presence,
                List.copyOf(all),
                presetMask,
                resetToZeroMask);
    }

    RegisterSpec preset(long idr1Mask) {
        return new RegisterSpec(
                offset,
                bytes,
                writable,
                writeMask,
                section,
                structure,
                presence,
                guards,
                idr1Mask,
                resetToZeroMask);
    }

    RegisterSpec resetsToZero(long bits) {
        return new RegisterSpec(
                offset,
                bytes,
                writable,
                writeMask,
                section,
                structure,
                presence,
                guards,
                presetMask,
                bits);
    }
}
