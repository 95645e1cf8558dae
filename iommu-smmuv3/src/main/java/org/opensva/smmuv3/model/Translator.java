package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.ControlRegisters.Gbpa;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;

/**
 * The translation procedure: from stream and substream to an entry, a context, and an address
 * (sections 3.3, 3.4 and 15.1).
 *
 * <p>Every method is called from inside a lane.
 */
final class Translator {

    private final Registers registers;
    private final StreamTable streams;
    private final ContextTable contexts;
    private final TaggedCache iotlb;
    private final Stamps stamps;
    private final Stage1Walker stage1;
    private final Stage2Walker stage2;
    private final AttributeOverrides overrides;
    private final int addressBits;
    private final int smallestPage;
    private final Changes changes;

    Translator(
            SmmuProfile profile,
            Registers registers,
            StreamTable streams,
            ContextTable contexts,
            TranslationCaches caches,
            Stage1Walker stage1,
            Stage2Walker stage2,
            Changes changes) {
        this.registers = registers;
        this.streams = streams;
        this.contexts = contexts;
        iotlb = caches.iotlb();
        stamps = caches.stamps();
        this.stage1 = stage1;
        this.stage2 = stage2;
        this.changes = changes;
        overrides = new AttributeOverrides(profile);
        addressBits = profile.addressBits();
        smallestPage =
                Idr5.GRAN4K.isSet(profile.idr5())
                        ? 12
                        : Idr5.GRAN16K.isSet(profile.idr5()) ? 14 : 16;
    }

    /**
     * The short way of a transaction whose configuration and translation are cached: all that
     * decides about it is looked at, and nothing else. An address that may have a tag on top (bits
     * 63:56), or is in the upper half, takes the long way, and so does whatever is overridden.
     *
     * @param permission what is needed, of {@link Cached}
     * @return what {@link Cached} packs, or 0 if the transaction has to take the long way
     */
    long hit(StreamPort port, Lane lane, int pasid, long address, int permission) {
        RecentContext recent = lane.recent;
        long now = changes.count();
        if (!recent.holds(pasid, now) && !remember(port, recent, pasid, now)
                || address >>> 55 != 0) {
            return 0;
        }
        long found = recent.find(iotlb, address);
        return (found & permission) == permission ? found : 0;
    }

    private boolean remember(StreamPort port, RecentContext recent, int pasid, long now) {
        StreamEntry entry = recent.entry(now);
        if (entry == null) {
            entry = port.isClosed() || !enabled() ? null : plainEntry(port.state());
            if (entry == null) {
                return false;
            }
            recent.keepEntry(entry, now);
        }
        int index = entry.contextIndex(pasid);
        long tag = index < 0 ? index : contexts.cachedTag(port.state(), entry, index);
        if (tag < 0) {
            return false;
        }
        recent.keep(tag, stamps.of(tag), pasid, now);
        return true;
    }

    /**
     * The short way of a translated transaction of a stream that is cached and has full ATS, or of
     * any if nothing is checked (SMMU_CR0.ATSCHK).
     *
     * @return false if nothing is known, and {@link AtsHandler#check} has to look
     */
    boolean hitTranslated(StreamPort port, Lane lane, long first, long last) {
        long now = changes.count();
        return (lane.recent.servesTranslated(now) || rememberTranslated(port, lane.recent, now))
                && !tooLarge(first | last);
    }

    private boolean rememberTranslated(StreamPort port, RecentContext recent, long now) {
        long control = registers.get(Register.CR0);
        if (port.isClosed()
                || !Cr0.SMMUEN.isSet(control)
                || Cr0.ATSCHK.isSet(control) && !servesTranslated(port.state())) {
            return false;
        }
        recent.keepTranslated(now);
        return true;
    }

    /** Has lanes look everything up again: a port has been closed. */
    void forget() {
        changes.made();
    }

    /** Whether the entry of a stream is cached and has its translated transactions go through. */
    private boolean servesTranslated(StreamState stream) {
        StreamEntry entry = streams.cached(stream);
        return entry != null
                && entry.kind() == StreamEntry.Kind.TRANSLATE
                && entry.ats() == StreamTableEntry.EATS_FULL;
    }

    /** The entry of a stream if it is cached and translates, with nothing overridden. */
    private @Nullable StreamEntry plainEntry(StreamState stream) {
        StreamEntry entry = streams.cached(stream);
        return entry == null || entry.kind() != StreamEntry.Kind.TRANSLATE || entry.overrides()
                ? null
                : entry;
    }

    /** Translates an untranslated transaction. */
    Translation.Outcome transaction(StreamState stream, Translation request, Lane lane) {
        lane.add(Lane.Count.TRANSLATIONS, 1);
        if (!enabled()) {
            if (request.attributesWanted()) {
                request.attributes(overrides.global(registers.get(Register.GBPA)));
            }
            // Bypass of the whole SMMU (section 6.3.14); no event describes what goes wrong here.
            return Gbpa.ABORT.isSet(registers.get(Register.GBPA)) || tooLarge(request.input())
                    ? Translation.Outcome.ABORT
                    : identity(request);
        }
        StreamEntry entry = entry(stream, request, lane);
        if (entry == null) {
            return Translation.Outcome.FAULT;
        }
        if (request.attributesWanted()) {
            request.attributes(overrides.ofStream(entry.attributeWord()));
        }
        return switch (entry.kind()) {
            case ABORT -> Translation.Outcome.ABORT;
            case BYPASS -> bypass(request);
            case TRANSLATE -> translate(stream, entry, request, lane);
            case ILLEGAL -> request.configurationFault(EventType.C_BAD_STE, 0);
        };
    }

    /** Whether translation is enabled. */
    boolean enabled() {
        return Cr0.SMMUEN.isSet(registers.get(Register.CR0));
    }

    /** The entry of a stream, or null after reporting; the entry may be illegal. */
    @Nullable StreamEntry entry(StreamState stream, Translation request, Lane lane) {
        StreamEntry cached = streams.cached(stream);
        if (cached != null) {
            return cached;
        }
        countMiss(request, lane);
        return streams.fetch(stream, request, lane);
    }

    /** A request that misses both entry and context has missed the configuration once. */
    private static void countMiss(Translation request, Lane lane) {
        if (request.firstConfigurationMiss()) {
            lane.add(Lane.Count.CONFIGURATION_MISSES, 1);
        }
    }

    private Translation.Outcome bypass(Translation request) {
        if (request.hasSubstream()) {
            return request.configurationFault(EventType.C_BAD_SUBSTREAMID, 0);
        }
        if (tooLarge(request.input())) {
            return request.stage1Fault(EventType.F_ADDR_SIZE, null);
        }
        return identity(request);
    }

    /** Whether there is no such physical address. */
    boolean tooLarge(long address) {
        return address >>> addressBits != 0;
    }

    private Translation.Outcome identity(Translation request) {
        request.intermediate(request.input());
        return request.translated(request.input(), addressBits, Cached.EVERYTHING);
    }

    /**
     * Translates with a legal entry that has at least one stage, after the entry's overrides of
     * privilege and instruction.
     */
    Translation.Outcome translate(
            StreamState stream, StreamEntry entry, Translation request, Lane lane) {
        entry.override(request);
        return lookUp(stream, entry, request, lane);
    }

    /**
     * Translates with a legal entry that has at least one stage, without any override (as address
     * translation operations do, section 9.1).
     */
    Translation.Outcome lookUp(
            StreamState stream, StreamEntry entry, Translation request, Lane lane) {
        int index = entry.contextIndex(request.substream());
        switch (index) {
            case StreamEntry.NO_STAGE_1 -> {
                return withoutStage1(entry, request, lane);
            }
            case StreamEntry.BAD_SUBSTREAM -> {
                return request.configurationFault(EventType.C_BAD_SUBSTREAMID, 0);
            }
            case StreamEntry.DISABLED -> {
                return request.configurationFault(EventType.F_STREAM_DISABLED, 0);
            }
            default -> {}
        }
        Context context = lane.context;
        if (!contexts.cached(stream, entry, index, lane)) {
            countMiss(request, lane);
            if (!contexts.fetch(stream, entry, index, request, lane)) {
                return Translation.Outcome.FAULT;
            }
        }
        if (context.illegal()) {
            return request.configurationFault(EventType.C_BAD_CD, 0);
        }
        if (request.stopsAtContext()) {
            return identity(request);
        }
        return withStage1(entry, context, request, lane);
    }

    private Translation.Outcome withStage1(
            StreamEntry entry, Context context, Translation request, Lane lane) {
        long address = context.normalize(request.input());
        int wanted = request.atsRequest() ? request.wanted() : request.required();
        // Split-stage ATS answers with the address in between, which the IOTLB does not have.
        boolean split = request.atsRequest() && entry.ats() == StreamTableEntry.EATS_SPLIT;
        boolean walks = split || request.attributesWanted();
        long tag = context.tag();
        long found = walks ? 0 : iotlb.findAny(tag, context.globalTag(), address, request.missed());
        if (found != 0 && (Cached.permissions(found) & wanted) == wanted) {
            lane.add(Lane.Count.HITS, 1);
            int size = Cached.sizeShift(found);
            return request.translated(
                    Cached.address(found) | address & (1L << size) - 1,
                    size,
                    Cached.permissions(found));
        }
        // An entry that does not allow the access may be older than the tables, or the page may
        // be writable-clean: only a walk tells.
        lane.add(Lane.Count.MISSES, 1);
        return stage1.walk(entry, context, address, request, lane);
    }

    private Translation.Outcome withoutStage1(StreamEntry entry, Translation request, Lane lane) {
        long address = request.input();
        if (request.stopsAtContext()) {
            return identity(request);
        }
        if (tooLarge(address)) {
            // The output of a bypassed stage 1 is too large (section 7.3.14).
            return request.stage1Fault(EventType.F_ADDR_SIZE, null);
        }
        if (request.stage1Only()) {
            // A bypassed stage 1 has pages of any size (section 9.1.3).
            return request.translated(address, smallestPage, Cached.EVERYTHING);
        }
        if (!entry.stage2()) {
            return identity(request);
        }
        request.intermediate(address);
        long found = stage2.findInput(entry, address, request.required(), request, lane);
        if (found == 0) {
            return Translation.Outcome.FAULT;
        }
        int size = Cached.sizeShift(found);
        return request.translated(
                Cached.address(found) | address & (1L << size) - 1,
                size,
                Cached.permissions(found));
    }

    /** Takes the address for a physical one; one that is too large is aborted (section 3.9.1.1). */
    Translation.Outcome physical(Translation request) {
        return tooLarge(request.input()) ? Translation.Outcome.ABORT : identity(request);
    }

    /** Translates an intermediate physical address with a legal entry that has stage 2. */
    Translation.Outcome secondStage(StreamEntry entry, Translation request, Lane lane) {
        return withoutStage1(entry, request, lane);
    }

    /** Translates the address of a translated transaction through stage 2 (split-stage ATS). */
    Translation.Outcome splitStage(StreamEntry entry, Translation request, Lane lane) {
        entry.override(request);
        return withoutStage1(entry, request, lane);
    }
}
