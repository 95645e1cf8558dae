package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FirstStageEntry;

/**
 * Who may do what in first-stage and nested translation (sections 3.6.2 and 3.8.2), and which
 * accesses make a page dirty (section 3.6.3).
 *
 * <p>Execute requests exist with ECAP.ERS, which revision 4.1 has no controls for: ERE and SMEP of
 * the PASID table entry are those of revision 3, and XD always counts.
 */
final class FirstStageRights {

    private static final int ALL =
            CachedTranslation.READ | CachedTranslation.WRITE | CachedTranslation.EXECUTE;

    private final boolean executeRequests;
    private final boolean noWriteFlag;

    FirstStageRights(VtdProfile profile) {
        executeRequests = profile.ecap(Ecap.ERS);
        noWriteFlag = profile.ecap(Ecap.NWFS);
    }

    /** The rights that one entry leaves. */
    static int of(long entry) {
        int rights = CachedTranslation.READ | CachedTranslation.OUTER_WRITE;
        if (FirstStageEntry.writable(entry)) {
            rights |= CachedTranslation.WRITE;
        }
        if (FirstStageEntry.user(entry)) {
            rights |= CachedTranslation.USER;
        }
        if (!FirstStageEntry.executeDisabled(entry)) {
            rights |= CachedTranslation.EXECUTE;
        }
        return rights;
    }

    /** The rights of the request's privilege: read, write and execute. */
    int effective(Regime regime, int rights, Translation request) {
        int allowed = rights & ALL;
        if (!request.privileged) {
            allowed = (rights & CachedTranslation.USER) != 0 ? allowed : 0;
        } else {
            if (!regime.writeProtect() && (rights & CachedTranslation.OUTER_WRITE) != 0) {
                allowed |= CachedTranslation.WRITE;
            }
            if (regime.supervisorExecutePrevention() && (rights & CachedTranslation.USER) != 0) {
                allowed &= ~CachedTranslation.EXECUTE;
            }
        }
        return executes(regime) ? allowed : allowed & ~CachedTranslation.EXECUTE;
    }

    /** Whether execute requests are served. */
    boolean executes(Regime regime) {
        return executeRequests && regime.executeEnabled();
    }

    /** The right that the request itself needs; none for a translation request. */
    int need(Translation request) {
        return request.ats ? 0 : request.wantedRights();
    }

    /** The rights that second stage has to give: X has no meaning there since revision 4.0. */
    int outerNeed(Translation request) {
        int need = need(request);
        return (need & CachedTranslation.EXECUTE) == 0
                ? need
                : need & ~CachedTranslation.EXECUTE | CachedTranslation.READ;
    }

    /**
     * What forbids an access.
     *
     * @return the reason, or null if the access is allowed; a translation request is allowed if
     *     there is any right
     */
    @Nullable FaultReason missing(Regime regime, int rights, Translation request) {
        int allowed = effective(regime, rights, request);
        int need = need(request);
        if (allowed == 0) {
            return FaultReason.USER_DENIED;
        }
        if ((allowed & need) == need) {
            return null;
        }
        int lacking = need & ~allowed;
        if ((lacking & CachedTranslation.EXECUTE) != 0) {
            return FaultReason.EXECUTE_DENIED;
        }
        return (lacking & CachedTranslation.WRITE) != 0
                ? FaultReason.SCALABLE_WRITE_DENIED
                : FaultReason.SCALABLE_READ_DENIED;
    }

    /** Whether the page is going to be written, as far as first stage allows it. */
    boolean wantsToWrite(Regime regime, int rights, Translation request) {
        return (request.writes() || request.ats && !noWriteFlag)
                && (effective(regime, rights, request) & CachedTranslation.WRITE) != 0;
    }

    /** Whether a cached translation serves a request as a walk would. */
    boolean served(Regime regime, long data, Translation request) {
        int flags = CachedTranslation.flags(data);
        int wanted = request.wantedRights();
        if ((effective(regime, flags, request) & wanted) != wanted) {
            // The tables may allow more by now, and hardware walks before it faults.
            return false;
        }
        return (flags & CachedTranslation.DIRTY) != 0 || !wantsToWrite(regime, flags, request);
    }

    /**
     * Answers a request that is allowed.
     *
     * @return false after reporting a fault
     */
    boolean answer(Regime regime, long data, Translation request) {
        int flags = CachedTranslation.flags(data);
        int allowed = effective(regime, flags, request);
        if (request.ats && (flags & CachedTranslation.DIRTY) == 0) {
            // Without a wish to write there is no leave to make the page dirty.
            allowed &= ~CachedTranslation.WRITE;
        }
        request.snoop = regime.pageSnoops();
        return request.deliver(data, allowed, true);
    }
}
