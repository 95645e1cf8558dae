package org.opensva.conformance.cli.inspect.smmuv3;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Explanation.Kind;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Stage1Descriptor;

/**
 * What a stage 1 page or block permits, and what hardware makes of its descriptor (VMSAv8-64;
 * sections 3.13 and 5.4).
 */
final class Stage1Rights {

    private final long[] cd;
    private final boolean single;
    private final boolean enhancedPan;

    /**
     * Rights under a context.
     *
     * @param cd the context descriptor
     * @param single whether the regime has one privilege level, in which AP[1], PXN and APTable[0]
     *     mean nothing
     * @param enhancedPan whether CD.EPAN counts
     */
    Stage1Rights(long[] cd, boolean single, boolean enhancedPan) {
        this.cd = cd;
        this.single = single;
        this.enhancedPan = enhancedPan && ContextDescriptor.EPAN.isSet(cd[1]);
    }

    /**
     * What an access lacks.
     *
     * @param word the descriptor of the page or block
     * @param tables all table descriptors above it whose attributes count, combined by OR
     * @return in words, or null if the access is permitted
     */
    @Nullable String missing(long word, long tables, Access access) {
        boolean writable = writable(word, tables);
        boolean user = user(word, tables);
        boolean privileged = access.privileged();
        if (access.kind() == Kind.EXECUTE) {
            return executable(word, tables, privileged) ? null : notExecutable(privileged);
        }
        if (single) {
            return access.kind() == Kind.WRITE && !writable ? "AP or APTable forbids writes" : null;
        }
        if (!privileged && !user) {
            return "AP or APTable forbids unprivileged accesses";
        }
        boolean reachable =
                user
                        || enhancedPan
                                && !Stage1Descriptor.UXN.isSet(word)
                                && !Stage1Descriptor.UXNTABLE.isSet(tables);
        if (privileged && reachable && ContextDescriptor.PAN.isSet(cd[0])) {
            return "CD.PAN forbids privileged accesses to what is unprivileged";
        }
        return access.kind() == Kind.WRITE && !writable ? "AP or APTable forbids writes" : null;
    }

    private static String notExecutable(boolean privileged) {
        return privileged
                ? "PXN, PXNTable, WXN or unprivileged writability forbids privileged execution"
                : "UXN, UXNTable or WXN forbids unprivileged execution";
    }

    private static boolean writable(long word, long tables) {
        return (Stage1Descriptor.AP.get(word) & Stage1Descriptor.AP_READ_ONLY) == 0
                && (Stage1Descriptor.APTABLE.get(tables) & Stage1Descriptor.AP_TABLE_READ_ONLY)
                        == 0;
    }

    private static boolean user(long word, long tables) {
        return (Stage1Descriptor.AP.get(word) & Stage1Descriptor.AP_UNPRIVILEGED) != 0
                && (Stage1Descriptor.APTABLE.get(tables)
                                & Stage1Descriptor.AP_TABLE_NO_UNPRIVILEGED)
                        == 0;
    }

    private boolean executable(long word, long tables, boolean privileged) {
        boolean writable = writable(word, tables);
        boolean user = user(word, tables);
        boolean never = ContextDescriptor.WXN.isSet(cd[0]) && writable;
        if (single) {
            return !Stage1Descriptor.UXN.isSet(word)
                    && !Stage1Descriptor.UXNTABLE.isSet(tables)
                    && !never;
        }
        if (privileged) {
            return !Stage1Descriptor.PXN.isSet(word)
                    && !Stage1Descriptor.PXNTABLE.isSet(tables)
                    && !(user && writable)
                    && !never;
        }
        return !Stage1Descriptor.UXN.isSet(word)
                && !Stage1Descriptor.UXNTABLE.isSet(tables)
                && !(never && user);
    }

    /** The descriptor after hardware updates: the Access flag, and writable-clean made dirty. */
    long updated(long word, long tables, Access access) {
        long updated = word;
        if (ContextDescriptor.HA.isSet(cd[0])) {
            updated |= Stage1Descriptor.AF.mask();
        }
        boolean accessed =
                Stage1Descriptor.AF.isSet(updated) || ContextDescriptor.AFFD.isSet(cd[0]);
        if (access.kind() == Kind.WRITE
                && accessed
                && ContextDescriptor.HA.isSet(cd[0])
                && ContextDescriptor.HD.isSet(cd[0])
                && Stage1Descriptor.DBM.isSet(updated)) {
            long dirty = updated & ~Stage1Descriptor.AP.place(Stage1Descriptor.AP_READ_ONLY);
            return missing(dirty, tables, access) == null ? dirty : updated;
        }
        return updated;
    }
}
