package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.Stage1Descriptor;

/**
 * What a stage 1 descriptor permits in a translation regime, and how hardware updates it (VMSAv8-64
 * of the Arm A-profile architecture; sections 3.13 and 13.4.1).
 */
final class Stage1Permissions {

    /** Inherited from a table: no privileged execution. */
    private static final int NO_PRIVILEGED_EXECUTION = 1;

    /** Inherited from a table: no unprivileged execution. */
    private static final int NO_UNPRIVILEGED_EXECUTION = 1 << 1;

    /** Inherited from a table: no unprivileged access. */
    private static final int NO_UNPRIVILEGED_ACCESS = 1 << 2;

    /** Inherited from a table: no writes. */
    private static final int NO_WRITES = 1 << 3;

    private Stage1Permissions() {}

    /** What a table descriptor takes from everything below it. */
    static int hierarchical(long table) {
        int denied = Stage1Descriptor.PXNTABLE.isSet(table) ? NO_PRIVILEGED_EXECUTION : 0;
        if (Stage1Descriptor.UXNTABLE.isSet(table)) {
            denied |= NO_UNPRIVILEGED_EXECUTION;
        }
        int access = (int) Stage1Descriptor.APTABLE.get(table);
        if ((access & Stage1Descriptor.AP_TABLE_NO_UNPRIVILEGED) != 0) {
            denied |= NO_UNPRIVILEGED_ACCESS;
        }
        if ((access & Stage1Descriptor.AP_TABLE_READ_ONLY) != 0) {
            denied |= NO_WRITES;
        }
        return denied;
    }

    /**
     * What a page or block permits.
     *
     * @param descriptor the descriptor
     * @param inherited what the tables above take away
     * @return permissions of {@link Cached}
     */
    static int of(long descriptor, int inherited, Context context) {
        int access = (int) Stage1Descriptor.AP.get(descriptor);
        boolean writable =
                (access & Stage1Descriptor.AP_READ_ONLY) == 0 && (inherited & NO_WRITES) == 0;
        if (!context.regime().hasTwoLevels()) {
            return ofOneLevel(descriptor, inherited, writable, context);
        }
        boolean user =
                (access & Stage1Descriptor.AP_UNPRIVILEGED) != 0
                        && (inherited & NO_UNPRIVILEGED_ACCESS) == 0;
        boolean userExecute =
                !Stage1Descriptor.UXN.isSet(descriptor)
                        && (inherited & NO_UNPRIVILEGED_EXECUTION) == 0;
        boolean privilegedData =
                !(context.privilegedNeverUser() && (user || context.enhancedPan() && userExecute));
        // What unprivileged software can write is never executed with privilege.
        boolean privilegedExecute =
                !Stage1Descriptor.PXN.isSet(descriptor)
                        && (inherited & NO_PRIVILEGED_EXECUTION) == 0
                        && !(user && writable);
        if (context.writableNeverExecutable() && writable) {
            privilegedExecute = false;
            userExecute &= !user;
        }
        int allowed = 0;
        if (user) {
            allowed |= Cached.READ | (writable ? Cached.WRITE : 0);
        }
        if (userExecute) {
            allowed |= Cached.EXECUTE;
        }
        int privileged = privilegedExecute ? Cached.EXECUTE : 0;
        if (privilegedData) {
            privileged |= Cached.READ | (writable ? Cached.WRITE : 0);
        }
        return allowed | privileged << Cached.PRIVILEGED_SHIFT;
    }

    /** Where there is no privilege, AP[1], PXN and APTable[0] mean nothing. */
    private static int ofOneLevel(
            long descriptor, int inherited, boolean writable, Context context) {
        boolean execute =
                !Stage1Descriptor.UXN.isSet(descriptor)
                        && (inherited & NO_UNPRIVILEGED_EXECUTION) == 0
                        && !(context.writableNeverExecutable() && writable);
        int allowed = Cached.READ | (writable ? Cached.WRITE : 0) | (execute ? Cached.EXECUTE : 0);
        return allowed | allowed << Cached.PRIVILEGED_SHIFT;
    }

    /**
     * The descriptor after hardware updates of the Access flag and of the dirty state.
     *
     * <p>A page that is writable-clean (DBM set, read-only) becomes writable when the request
     * writes and would be allowed to.
     */
    static long update(long descriptor, int inherited, Context context, Translation request) {
        long updated = descriptor;
        if (context.updatesAccessFlag()) {
            updated |= Stage1Descriptor.AF.mask();
        }
        boolean accessed = Stage1Descriptor.AF.isSet(updated) || context.accessFlagFaultsDisabled();
        if (request.write()
                && accessed
                && context.updatesDirtyState()
                && Stage1Descriptor.DBM.isSet(updated)) {
            long dirty = updated & ~Stage1Descriptor.AP.place(Stage1Descriptor.AP_READ_ONLY);
            int needed =
                    request.privileged() ? Cached.WRITE << Cached.PRIVILEGED_SHIFT : Cached.WRITE;
            if ((of(dirty, inherited, context) & needed) != 0) {
                updated = dirty;
            }
        }
        return updated;
    }
}
