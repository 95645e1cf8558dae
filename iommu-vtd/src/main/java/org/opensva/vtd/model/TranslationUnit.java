package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.ContextEntry;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FunctionMask;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.PagingLevel;

import java.util.concurrent.atomic.AtomicLong;

/**
 * DMA remapping: from the source id, the PASID and the address of a request to a physical address
 * or a fault (chapter 3), and the caches on the way with their invalidation (chapter 6).
 *
 * <p>Requests come from inside a lane each, with the {@link Translation} of that lane, and may run
 * at the same time as each other and as invalidations. When an invalidation method has returned, no
 * request that begins later uses what it removed; requests that began earlier are for the caller to
 * wait for.
 */
final class TranslationUnit {

    private static final int ALL_RIGHTS = Access.READ | Access.WRITE | Access.EXECUTE;

    /** Regions of identity are cut so that none holds the interrupt address range. */
    private static final int IDENTITY_SHIFT = 30;

    private final ContextTables contextTables;
    private final PasidTables pasidTables;
    private final ConfigurationCache contexts;
    private final ConfigurationCache pasids;
    private final ConfigurationChanges changes;

    /**
     * How often anything has changed that lanes remember: whether translation is enabled and by
     * which tables, configuration, and the stamps of what is cached. It moves after what it tells
     * of, and before anybody waits for lanes on account of that: a request that still finds the old
     * number entered its lane before, and is waited for.
     */
    private final AtomicLong everyChange = new AtomicLong();

    private final TranslationCaches caches;
    private final FirstStageRights rights;
    private final FirstStageWalker firstStage;
    private final SecondStageWalker secondStage;
    private final boolean scalableMode;
    private final boolean abortMode;
    private final boolean rootInvalidates;
    private final boolean zeroLengthReads;
    private final boolean noWriteFlag;
    private final int addressBits;
    private final int mgaw;
    private final int pasidBits;
    private final ShortWay shortWay;
    private volatile long root;
    private volatile boolean enabled;

    TranslationUnit(VtdProfile profile, PhysicalMemory memory) {
        contextTables = new ContextTables(profile, memory);
        pasidTables = new PasidTables(profile, memory);
        contexts = new ConfigurationCache(profile.contextCacheEntries(), everyChange);
        pasids = new ConfigurationCache(profile.pasidCacheEntries(), everyChange);
        changes = new ConfigurationChanges(contexts, pasids);
        caches = new TranslationCaches(profile, changes, everyChange);
        rights = new FirstStageRights(profile);
        secondStage = new SecondStageWalker(profile, memory, caches);
        firstStage = new FirstStageWalker(profile, memory, caches, secondStage, rights);
        scalableMode = profile.ecap(Ecap.SMTS);
        abortMode = profile.ecap(Ecap.ADMS);
        rootInvalidates = profile.cap(Cap.ESRTPS);
        zeroLengthReads = profile.cap(Cap.ZLR);
        noWriteFlag = profile.ecap(Ecap.NWFS);
        addressBits = profile.addressBits();
        mgaw = Cap.mgaw(profile.capability());
        pasidBits = Math.min(20, Ecap.pasidBits(profile.extendedCapability()));
        shortWay = new ShortWay(this, contexts, pasids, caches, addressBits, mgaw, everyChange);
    }

    TranslationCaches caches() {
        return caches;
    }

    /** The short way of requests about which everything is cached. */
    ShortWay shortWay() {
        return shortWay;
    }

    /** RTADDR as it is in force. */
    long root() {
        return root;
    }

    boolean isEnabled() {
        return enabled;
    }

    /**
     * GCMD.SRTP: takes over RTADDR. With CAP.ESRTPS every cache is emptied (section 6.6).
     *
     * @param rtaddr the register: address and translation table mode
     */
    void rootTable(long rtaddr) {
        root = rtaddr;
        if (rootInvalidates) {
            contexts.invalidateAll();
            pasids.invalidateAll();
            caches.invalidateAll();
        }
        everyChange.getAndIncrement();
    }

    /** GCMD.TE. While translation is off every request goes through as it is. */
    void enable(boolean translation) {
        enabled = translation;
        everyChange.getAndIncrement();
    }

    /**
     * An untranslated request.
     *
     * @param pasid the PASID, or a negative number
     * @param access a set of {@link Access} bits; none of the first three is a zero-length read
     * @param out what came of it
     */
    void translate(int requester, int pasid, long address, int access, Translation out) {
        out.begin(requester, pasid, address, access, false);
        if (!enabled) {
            out.passThrough = true;
            out.translated(address, InterruptRange.clear(address, IDENTITY_SHIFT), ALL_RIGHTS);
            return;
        }
        long table = root;
        changes.note(out);
        Regime regime = out.recent.find(out, table, out.contextChanges, out.pasidChanges);
        if (regime == null) {
            DeviceContext context = context(table, out);
            regime = context == null ? null : regime(context, out);
            if (regime == null) {
                return;
            }
            out.recent.keep(out, table, out.contextChanges, out.pasidChanges);
        }
        translate(regime, out);
    }

    /**
     * An ATS translation request (section 4.1). Without {@link Access#WRITE} it has the No Write
     * flag.
     */
    void translateForAts(int requester, int pasid, long address, int access, Translation out) {
        int wanted = noWriteFlag ? access | Access.READ : access | Access.READ | Access.WRITE;
        out.begin(requester, pasid, address, wanted, true);
        if (!enabled) {
            out.block();
            return;
        }
        changes.note(out);
        DeviceContext context = context(root, out);
        if (context == null || !deviceTlbAllowed(context, out)) {
            return;
        }
        if (pasid < 0 && InterruptRange.contains(address)) {
            // Interrupts are for untranslated writes (section 4.1.2).
            out.untranslatedOnly = true;
            out.translated(address, InterruptRange.SHIFT, Access.WRITE);
            return;
        }
        Regime regime = regime(context, out);
        if (regime != null) {
            translate(regime, out);
        }
    }

    /** A translated request (section 4.2): only the context is consulted. */
    void checkTranslated(int requester, int pasid, long address, int access, Translation out) {
        out.begin(requester, pasid, address, access, false);
        if (!enabled || InterruptRange.contains(address)) {
            out.block();
            return;
        }
        DeviceContext context = context(root, out);
        if (context == null || !deviceTlbAllowed(context, out)) {
            return;
        }
        if (address >>> addressBits != 0) {
            out.fault(
                    context.isScalable()
                            ? FaultReason.SCALABLE_ADDRESS_BEYOND_WIDTH
                            : FaultReason.ADDRESS_BEYOND_WIDTH);
            return;
        }
        out.passThrough = true;
        out.translated(address, InterruptRange.clear(address, IDENTITY_SHIFT), ALL_RIGHTS);
    }

    /**
     * Whether a device may make page requests (section 7.4), as far as the tables say.
     *
     * @param out takes the fault, if there is one, and whether it is to be recorded
     * @return the number of the fault reason, or 0
     */
    int checkPageRequest(int requester, int pasid, Translation out) {
        out.begin(requester, pasid, 0, Access.READ, false);
        if (!enabled) {
            out.block();
            return FaultReason.TABLE_MODE_INVALID.code();
        }
        if (Rtaddr.ttm(root) == Rtaddr.TTM_LEGACY) {
            out.fault(FaultReason.TABLE_MODE_FORBIDS_PAGE_REQUEST);
            return out.faultReason;
        }
        DeviceContext context = context(root, out);
        if (context == null) {
            return out.faultReason;
        }
        if (!context.pageRequestEnabled()) {
            out.fault(FaultReason.PAGE_REQUEST_DISABLED);
        } else if (pasid < 0 || pasidAllowed(context, out)) {
            out.ok = true;
        }
        return out.faultReason;
    }

    /** The context of a request's device, cached or not; or null after reporting. */
    @Nullable DeviceContext context(long table, Translation out) {
        switch (Rtaddr.ttm(table)) {
            case Rtaddr.TTM_LEGACY -> {
                if (out.pasid >= 0) {
                    out.fault(FaultReason.TABLE_MODE_FORBIDS_PASID);
                    return null;
                }
                return context(Rtaddr.rootTable(table), false, out);
            }
            case Rtaddr.TTM_SCALABLE -> {
                if (scalableMode) {
                    return context(Rtaddr.rootTable(table), true, out);
                }
            }
            case Rtaddr.TTM_ABORT_DMA -> {
                if (abortMode) {
                    out.block();
                    return null;
                }
            }
            default -> {}
        }
        out.fault(FaultReason.TABLE_MODE_INVALID);
        return null;
    }

    private @Nullable DeviceContext context(long table, boolean scalable, Translation out) {
        DeviceContext context = out.context;
        if (!contexts.find(out.requester, context) || context.isScalable() != scalable) {
            long begun = contexts.changes();
            boolean there =
                    scalable
                            ? contextTables.scalable(table, out)
                            : contextTables.legacy(table, out);
            if (!there) {
                return null;
            }
            contexts.keep(out.requester, context, begun);
        }
        out.faultsDisabled = context.faultsDisabled();
        return context;
    }

    /** Whether translation requests and translated requests are served: TT and DTE. */
    static boolean deviceTlbAllowed(DeviceContext context, Translation out) {
        if (context.isScalable()) {
            return context.deviceTlbEnabled() || out.fault(FaultReason.DEVICE_TLB_DISABLED);
        }
        return context.translationType() == ContextEntry.TT_ALL
                || out.fault(FaultReason.REQUEST_BLOCKED);
    }

    /** Whether a context has the request's PASID; false after reporting. */
    boolean pasidAllowed(DeviceContext context, Translation out) {
        if (!context.pasidEnabled()) {
            return out.fault(FaultReason.PASID_DISABLED);
        }
        int limit = Math.min(context.pasidLimit(), 1 << pasidBits);
        return out.pasid < limit || out.fault(FaultReason.PASID_BEYOND_DIRECTORY);
    }

    private boolean translate(Regime regime, Translation out) {
        return switch (regime.kind()) {
            case FIRST_STAGE, NESTED -> first(regime, out);
            case SECOND_STAGE -> second(regime, out);
            case PASS_THROUGH -> passThrough(regime, out);
        };
    }

    /** The regime of a context, for the request's PASID or its stand-in; or null. */
    private @Nullable Regime regime(DeviceContext context, Translation out) {
        if (!context.isScalable()) {
            return out.recent.reload().ofContext(context, mgaw);
        }
        int pasid = out.pasid;
        if (pasid < 0) {
            pasid = context.ridPasid();
            out.privileged = context.ridPrivileged();
        } else if (!pasidAllowed(context, out)) {
            return null;
        }
        long begun = pasids.changes();
        long key = Regime.key(out.requester, pasid);
        Regime regime = out.recent.reload();
        if (pasids.find(key, regime)) {
            regime.ofPasid(mgaw);
        } else {
            regime = pasidTables.find(context, pasid, out);
            if (regime == null) {
                return null;
            }
            pasids.keep(key, regime, begun);
        }
        out.faultsDisabled |= regime.faultsDisabled();
        return regime;
    }

    private boolean first(Regime regime, Translation out) {
        if (out.privileged && !regime.supervisorEnabled()) {
            return out.fault(FaultReason.SUPERVISOR_DISABLED);
        }
        if (out.executes() && !rights.executes(regime)) {
            return out.fault(FaultReason.EXECUTE_DISABLED);
        }
        int unused = 64 - PagingLevel.shift(regime.firstLevels() + 1);
        if (out.address << unused >> unused != out.address) {
            return out.fault(FaultReason.NOT_CANONICAL);
        }
        long found = caches.iotlb().find(regime.firstTag(), out.address);
        if (found != 0 && rights.served(regime, found, out)) {
            out.counters.add(HardwareCounter.IOTLB_HITS, 1);
            return rights.answer(regime, found, out);
        }
        out.counters.add(HardwareCounter.IOTLB_MISSES, 1);
        return firstStage.walk(regime, out);
    }

    private boolean second(Regime regime, Translation out) {
        int need = out.wantedRights();
        if (out.executes()) {
            need = CachedTranslation.READ; // X is ignored since revision 4.0
        }
        if (out.zeroLength() && !zeroLengthReads) {
            need = CachedTranslation.READ;
        }
        boolean dirty = out.writes();
        if (out.ats) {
            need = 0;
        }
        long data =
                secondStage.translate(
                        regime, out.address, SecondStageWalker.Purpose.PAGE, need, dirty, out);
        if (data == 0) {
            return false;
        }
        int flags = CachedTranslation.flags(data);
        int allowed = flags & ALL_RIGHTS;
        if (out.ats && (flags & CachedTranslation.DIRTY) == 0) {
            allowed &= ~CachedTranslation.WRITE;
        }
        out.snoop = regime.pageSnoops() || (flags & CachedTranslation.SNOOP) != 0;
        return out.deliver(data, allowed, regime.scalable());
    }

    private boolean passThrough(Regime regime, Translation out) {
        if (out.address >>> addressBits != 0) {
            return out.fault(
                    regime.scalable()
                            ? FaultReason.SCALABLE_ADDRESS_BEYOND_WIDTH
                            : FaultReason.ADDRESS_BEYOND_WIDTH);
        }
        if (InterruptRange.contains(out.address)) {
            return out.fault(InterruptRange.reason(regime.scalable()));
        }
        out.passThrough = true;
        out.snoop = regime.pageSnoops();
        return out.translated(
                out.address, InterruptRange.clear(out.address, IDENTITY_SHIFT), ALL_RIGHTS);
    }

    /**
     * Context-cache invalidation (section 6.5.2.1).
     *
     * @param granularity {@link InvalidationDescriptor#CC_GLOBAL} and so on
     * @param functionMask which bits of the function number are not compared; see {@link
     *     FunctionMask}
     */
    void invalidateContext(int granularity, int domain, int source, int functionMask) {
        switch (granularity) {
            case InvalidationDescriptor.CC_DOMAIN -> contexts.invalidateDomain(domain);
            case InvalidationDescriptor.CC_DEVICE -> {
                int compared = FunctionMask.compared(functionMask);
                int ignored = 7 & ~compared;
                int function = ignored;
                do {
                    contexts.invalidate(source & compared | function);
                    function = function - 1 & ignored;
                } while (function != ignored);
            }
            default -> contexts.invalidateAll();
        }
    }

    /**
     * PASID-cache invalidation (section 6.5.2.2).
     *
     * @param granularity {@link InvalidationDescriptor#PC_DOMAIN} and so on
     */
    void invalidatePasid(int granularity, int domain, int pasid) {
        switch (granularity) {
            case InvalidationDescriptor.PC_DOMAIN -> pasids.invalidateDomain(domain);
            case InvalidationDescriptor.PC_PASID ->
                    pasids.invalidateSpace(CacheTag.ofFirstStage(domain, pasid));
            default -> pasids.invalidateAll();
        }
    }

    /**
     * IOTLB invalidation (section 6.5.2.3).
     *
     * @param granularity {@link InvalidationDescriptor#IOTLB_GLOBAL} and so on
     * @param addressMask how many low bits of the page number are not compared, 0 to 63
     * @param leafOnly the hint that no table changed
     */
    void invalidateIotlb(
            int granularity, int domain, long address, int addressMask, boolean leafOnly) {
        switch (granularity) {
            case InvalidationDescriptor.IOTLB_DOMAIN -> caches.invalidateDomain(domain);
            case InvalidationDescriptor.IOTLB_PAGE ->
                    caches.invalidateDomainPages(domain, address, addressMask, leafOnly);
            default -> caches.invalidateAll();
        }
    }

    /**
     * PASID-based IOTLB invalidation (section 6.5.2.4).
     *
     * @param granularity {@link InvalidationDescriptor#PASID_IOTLB_PASID} or {@link
     *     InvalidationDescriptor#PASID_IOTLB_PAGE}
     * @param addressMask how many low bits of the page number are not compared, 0 to 63
     * @param leafOnly the hint that no table changed
     */
    void invalidatePasidIotlb(
            int granularity,
            int domain,
            int pasid,
            long address,
            int addressMask,
            boolean leafOnly) {
        if (granularity == InvalidationDescriptor.PASID_IOTLB_PAGE) {
            caches.invalidateSpacePages(domain, pasid, address, addressMask, leafOnly);
        } else {
            caches.invalidateSpace(domain, pasid);
        }
    }
}
