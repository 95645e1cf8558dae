package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;

/**
 * One request on its way through the SMMU: what it asks for, and what came of it. An instance
 * belongs to a lane and is used again and again.
 */
final class Translation {

    /** How a translation ended. */
    enum Outcome {
        /** {@link #output()} and {@link #permissions()} hold. */
        TRANSLATED,
        /** An event describes what happened. */
        FAULT,
        /** Aborted without a word. */
        ABORT
    }

    // The request.
    private int streamId;
    private int substream;
    private long input;
    private boolean write;
    private boolean execute;
    private boolean privileged;
    private boolean atsRequest;
    private boolean attributesWanted;
    private boolean stage1Only;
    private boolean passive;
    private boolean contextOnly;
    private boolean configurationMissed;
    private long missedTag;

    // The answer.
    private long output;
    private long intermediate;
    private int sizeShift;
    private int permissions;
    private MemoryAttributes attributes = MemoryAttributes.SUPPLIED;

    // The fault.
    private EventType fault = EventType.F_UUT;
    private long faultWord1;
    private long faultWord3;
    private boolean record;
    private boolean stall;
    private boolean abort;

    /** Begins a request. */
    void begin(int stream, int pasid, int access, boolean writes, boolean ats, long address) {
        streamId = stream;
        substream = pasid;
        input = address;
        write = writes;
        execute = !writes && (access & Access.EXECUTE) != 0;
        privileged = (access & Access.PRIVILEGED) != 0;
        atsRequest = ats;
        stage1Only = false;
        passive = false;
        contextOnly = false;
        configurationMissed = false;
        missedTag = ContextCache.ABSENT;
        if (attributesWanted) {
            attributesWanted = false;
            attributes = MemoryAttributes.SUPPLIED;
        }
    }

    /**
     * Asks for the memory attributes of the output, too. They are not in the IOTLB, so that the
     * tables are walked; the caller has begun the request.
     */
    void askForAttributes() {
        attributesWanted = true;
    }

    boolean attributesWanted() {
        return attributesWanted;
    }

    /**
     * The memory attributes so far, which begin as those that a device does not supply; of the
     * output once it is translated, if they were asked for.
     */
    MemoryAttributes attributes() {
        return attributes;
    }

    void attributes(MemoryAttributes changed) {
        attributes = changed;
    }

    /**
     * Makes this a question of an address translation operation (chapter 9).
     *
     * @param firstOnly whether the output of stage 1 is what is asked for
     * @param inhibited whether no descriptor may be updated; one that would be is taken as if it
     *     had been, and nothing of it is kept
     */
    void probe(boolean firstOnly, boolean inhibited) {
        stage1Only = firstOnly;
        passive = inhibited;
    }

    /** Tells under which tag nothing was found in the IOTLB by the same stay in the lane. */
    void missed(long tag) {
        missedTag = tag;
    }

    /** The tag under which nothing was found, or a negative number. */
    long missed() {
        return missedTag;
    }

    /** Asks for the configuration only: nothing is translated. */
    void stopAtContext() {
        contextOnly = true;
    }

    boolean stopsAtContext() {
        return contextOnly;
    }

    /** Whether the output of stage 1 is not translated by stage 2. */
    boolean stage1Only() {
        return stage1Only;
    }

    /** Whether the configuration has not been missed before; from here on it has. */
    boolean firstConfigurationMiss() {
        boolean first = !configurationMissed;
        configurationMissed = true;
        return first;
    }

    /** Whether no descriptor may be updated. */
    boolean passive() {
        return passive;
    }

    /** Applies the privilege and instruction overrides of a stream. */
    void override(boolean asPrivileged, boolean asInstruction) {
        privileged = asPrivileged;
        execute = asInstruction;
    }

    int streamId() {
        return streamId;
    }

    /** The SubstreamID, or a negative number. */
    int substream() {
        return substream;
    }

    boolean hasSubstream() {
        return substream >= 0;
    }

    long input() {
        return input;
    }

    boolean write() {
        return write;
    }

    boolean execute() {
        return execute;
    }

    boolean privileged() {
        return privileged;
    }

    /** Whether this is an ATS translation request, which asks for all permissions there are. */
    boolean atsRequest() {
        return atsRequest;
    }

    /** The permission of {@link Cached} that the access needs; none for a translation request. */
    int required() {
        if (atsRequest) {
            return 0;
        }
        int needed = write ? Cached.WRITE : execute ? Cached.EXECUTE : Cached.READ;
        return privileged ? needed << Cached.PRIVILEGED_SHIFT : needed;
    }

    /** The permission that a translation request asks for beyond what there happens to be. */
    int wanted() {
        int needed = write ? Cached.WRITE : 0;
        return privileged ? needed << Cached.PRIVILEGED_SHIFT : needed;
    }

    /** The request's address in the output space. */
    long output() {
        return output;
    }

    /** The request's address after stage 1, for split-stage ATS. */
    long intermediate() {
        return intermediate;
    }

    void intermediate(long address) {
        intermediate = address;
    }

    /** log2 of the size of the region around the address that is translated alike. */
    int sizeShift() {
        return sizeShift;
    }

    int permissions() {
        return permissions;
    }

    Outcome translated(long address, int shift, int allowed) {
        output = address;
        sizeShift = shift;
        permissions = allowed;
        return Outcome.TRANSLATED;
    }

    /** A configuration fault: recorded, never stalled, aborted (section 5.5). */
    Outcome configurationFault(EventType type, long fetchAddress) {
        fault = type;
        faultWord1 = 0;
        faultWord3 = EventRecord.FETCHADDR.address(fetchAddress);
        record = true;
        stall = false;
        abort = true;
        return Outcome.FAULT;
    }

    /** A translated transaction that is not allowed (section 7.3.8). */
    Outcome forbidden() {
        configurationFault(EventType.F_TRANSL_FORBIDDEN, 0);
        faultWord1 = write ? 0 : EventRecord.RNW.mask();
        return Outcome.FAULT;
    }

    /** An external abort of a walk (section 7.3.12). */
    Outcome walkAbort(boolean stage2, int faultClass, long fetchAddress) {
        fault = EventType.F_WALK_EABT;
        faultWord1 = accessWord() | EventRecord.stage(stage2, faultClass);
        faultWord3 = EventRecord.FETCHADDR.address(fetchAddress);
        record = true;
        stall = false;
        abort = true;
        return Outcome.FAULT;
    }

    /** A fault of stage 1, handled as the CD says (section 5.5). */
    Outcome stage1Fault(EventType type, @Nullable Context context) {
        fault = type;
        faultWord1 = accessWord() | EventRecord.stage(false, EventRecord.CLASS_IN);
        faultWord3 = 0;
        // Without a CD stage 1 is bypassed: terminated with an abort and recorded.
        record = context == null || context.record() || context.stall();
        stall = context != null && context.stall();
        abort = context == null || context.abort();
        return Outcome.FAULT;
    }

    /** A fault of stage 2, handled as the STE says. */
    Outcome stage2Fault(
            EventType type, int faultClass, long ipa, boolean descriptorRead, SecondStage stage) {
        fault = type;
        faultWord1 = accessWord() | EventRecord.stage(true, faultClass);
        if (faultClass == EventRecord.CLASS_TT
                && type == EventType.F_PERMISSION
                && descriptorRead) {
            faultWord1 |= EventRecord.TTRNW.mask();
        }
        faultWord3 = EventRecord.IPA.address(ipa);
        record = stage.records() || stage.stalls();
        stall = stage.stalls();
        abort = true;
        return Outcome.FAULT;
    }

    private long accessWord() {
        return EventRecord.access(privileged, execute, !write);
    }

    EventType fault() {
        return fault;
    }

    /** Whether the fault is recorded, as far as stream and context say. */
    boolean recorded() {
        return record;
    }

    boolean stalls() {
        return stall && !atsRequest;
    }

    /** Whether termination is an abort; otherwise reads give zero and writes are ignored. */
    boolean aborts() {
        return abort;
    }

    /** Word 0 of the event record. */
    long eventWord0() {
        if (fault == EventType.C_BAD_SUBSTREAMID) {
            return EventRecord.badSubstreamHeader(streamId, Math.max(substream, 0));
        }
        return EventRecord.header(fault, streamId, hasSubstream(), substream);
    }

    /** Word 1 of the event record, without a stall tag. */
    long eventWord1() {
        return faultWord1;
    }

    /** Word 2 of the event record. */
    long eventWord2() {
        return switch (fault) {
            case F_WALK_EABT,
                    F_TRANSLATION,
                    F_ADDR_SIZE,
                    F_ACCESS,
                    F_PERMISSION,
                    F_TRANSL_FORBIDDEN ->
                    input;
            default -> 0;
        };
    }

    /** Word 3 of the event record. */
    long eventWord3() {
        return faultWord3;
    }
}
