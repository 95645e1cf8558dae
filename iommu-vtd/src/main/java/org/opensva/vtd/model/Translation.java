package org.opensva.vtd.model;

import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.FaultReason;

/**
 * One request on its way through the remapping unit: what it asks for, and what came of it. An
 * instance belongs to a lane and is used again and again; only the thread inside the lane may touch
 * it.
 */
final class Translation {

    /** How a translation request is answered (PCI Express Base 6.x section 10.2.3). */
    enum AtsStatus {
        /** Successful Completion; {@link #rights} may be none. */
        SUCCESS,
        /** Unsupported Request. */
        UNSUPPORTED_REQUEST,
        /** Completer Abort. */
        COMPLETER_ABORT
    }

    /** What is counted about requests in this lane. */
    final Counters counters = new Counters();

    /** The context of the request. */
    final DeviceContext context = new DeviceContext();

    /** What this lane used last. */
    final RecentRegime recent = new RecentRegime();

    /** What a first-stage walk of this lane remembers. */
    final FillToken firstStage = new FillToken(counters);

    /** What a second-stage walk of this lane remembers. */
    final FillToken secondStage = new FillToken(counters);

    // The request.

    /** The source id. */
    int requester;

    /** The PASID of the request, or a negative number. */
    int pasid;

    /** The untranslated address; for a translated request the physical one. */
    long address;

    /** A set of {@link Access} bits; without any of the first three a zero-length read. */
    int access;

    /** Whether this is an ATS translation request. */
    boolean ats;

    /** Whether the request runs with supervisor privilege, however it came to that. */
    boolean privileged;

    // The answer.

    /** Whether {@link #physical} and the fields after it hold; otherwise the request is blocked. */
    boolean ok;

    /** The address in memory. */
    long physical;

    /** log2 of the size of the region around the address that is translated alike. */
    int pageShift;

    /**
     * What the request's privilege may do there: {@link Access#READ}, {@link Access#WRITE}, {@link
     * Access#EXECUTE}, and {@link Access#PRIVILEGED} if these are the rights of a supervisor.
     */
    int rights;

    /** Whether accesses snoop even if they ask not to (SNP, PGSNP; always in first stage). */
    boolean snoop;

    /** Whether the address was taken as it is. */
    boolean passThrough;

    /** {@link ConfigurationCache#changes()} of the context cache, before it was asked. */
    long contextChanges;

    /** That of the PASID cache. */
    long pasidChanges;

    /** ATS: the region may be accessed with untranslated requests only. */
    boolean untranslatedOnly;

    // The fault.

    /**
     * The number of the {@link FaultReason}, 0 for none. A successful answer to a translation
     * request may have one: it says why rights are missing.
     */
    int faultReason;

    /**
     * Whether the fault is to be recorded: false if there is none, if it is qualified and an entry
     * on the way disables fault processing, or if nobody is told by design.
     */
    boolean recordFault;

    /** What a translation request is answered. */
    AtsStatus atsStatus = AtsStatus.SUCCESS;

    /** Whether an entry that was used disables the processing of qualified faults. */
    boolean faultsDisabled;

    /** Takes the next request. */
    void begin(int source, int requestPasid, long at, int wanted, boolean translationRequest) {
        requester = source;
        pasid = requestPasid;
        address = at;
        // Execute and privilege travel with the PASID.
        boolean fetch = (wanted & Access.EXECUTE) != 0;
        access = requestPasid < 0 && fetch ? wanted & ~Access.EXECUTE | Access.READ : wanted;
        ats = translationRequest;
        privileged = requestPasid >= 0 && (wanted & Access.PRIVILEGED) != 0;
        ok = false;
        snoop = false;
        passThrough = false;
        untranslatedOnly = false;
        faultReason = 0;
        recordFault = false;
        atsStatus = AtsStatus.SUCCESS;
        faultsDisabled = false;
    }

    boolean writes() {
        return (access & Access.WRITE) != 0;
    }

    boolean executes() {
        return (access & (Access.WRITE | Access.EXECUTE)) == Access.EXECUTE;
    }

    /** Whether nothing is moved: a zero-length read. */
    boolean zeroLength() {
        return (access & (Access.READ | Access.WRITE | Access.EXECUTE)) == 0;
    }

    /** The rights that the request asks for: none for a zero-length read. */
    int wantedRights() {
        if (executes()) {
            return Access.EXECUTE;
        }
        return access & (Access.READ | Access.WRITE);
    }

    /**
     * Ends the request with what {@link CachedTranslation} packs.
     *
     * @return false if the result lies in the interrupt address range
     */
    boolean deliver(long data, int allowed, boolean scalable) {
        long at = CachedTranslation.locate(data, address);
        if (InterruptRange.contains(at)) {
            return fault(InterruptRange.reason(scalable));
        }
        return translated(at, InterruptRange.clear(at, CachedTranslation.shift(data)), allowed);
    }

    /** Ends the request with an address; true, so that callers can return it. */
    boolean translated(long at, int shift, int allowed) {
        physical = at;
        pageShift = shift;
        rights = privileged ? allowed | Access.PRIVILEGED : allowed;
        ok = true;
        return true;
    }

    /**
     * Ends the request with a fault; false, so that callers can return it.
     *
     * <p>A translation request that meets a recoverable fault is answered with success and no
     * rights, and nothing is recorded (section 7.5).
     */
    boolean fault(FaultReason reason) {
        faultReason = reason.code();
        ok = false;
        if (ats && FaultResponse.isRecoverable(reason)) {
            recordFault = false;
            atsStatus = AtsStatus.SUCCESS;
            physical = 0;
            pageShift = 12;
            rights = 0;
            ok = true;
            return false;
        }
        recordFault = !(faultsDisabled && reason.isQualified());
        atsStatus = FaultResponse.status(reason);
        return false;
    }

    /** Ends the request without a word to software; false, so that callers can return it. */
    boolean block() {
        ok = false;
        recordFault = false;
        atsStatus = AtsStatus.UNSUPPORTED_REQUEST;
        return false;
    }
}
