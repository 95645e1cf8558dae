package org.opensva.smmuv3.model;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.ControlRegisters.Cr2;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;

/**
 * ATS translation requests and translated transactions (sections 3.9.1, 13.6 and 13.7).
 *
 * <p>The smallest translation unit is 4096 bytes.
 */
final class AtsHandler {

    private static final long PAGE = 1 << 12;

    private final Registers registers;
    private final Translator translator;
    private final Faults faults;
    private final boolean implemented;

    AtsHandler(SmmuProfile profile, Registers registers, Translator translator, Faults faults) {
        this.registers = registers;
        this.translator = translator;
        this.faults = faults;
        implemented = profile.has(Idr0.ATS);
    }

    /** A translation request; see {@link AgentPort#translate}. */
    int translate(StreamPort port, int pasid, int access, long address, long[] entries) {
        if (!implemented || port.isClosed() || entries.length == 0) {
            return AgentPort.UNSUPPORTED_REQUEST;
        }
        long first = address & -PAGE;
        int done = 0;
        while (done < entries.length) {
            long at = first + done * PAGE;
            if (Long.compareUnsigned(at, first) < 0) {
                break;
            }
            int answer;
            Fault fault = null;
            Lane lane = port.lanes().enter();
            try {
                if (done == 0) {
                    lane.add(Lane.Count.ATS_REQUESTS, 1);
                }
                Translation request = lane.translation;
                boolean write = (access & Access.WRITE) != 0;
                request.begin(port.streamId(), pasid, access, write, true, at);
                // In a translation request both wishes can be made at once.
                request.override((access & Access.PRIVILEGED) != 0, (access & Access.EXECUTE) != 0);
                answer = page(port, request, access, lane, entries, done);
                if (answer < 0) {
                    fault = Fault.of(request);
                }
            } finally {
                lane.leave();
            }
            if (fault != null) {
                if (done > 0) {
                    break;
                }
                if (fault.type() == EventType.F_BAD_ATS_TREQ) {
                    faults.record(fault.with(span(access, entries.length), at));
                } else if (answer == AgentPort.COMPLETER_ABORT) {
                    faults.handleMessage(fault);
                }
                return answer;
            }
            long entry = entries[done];
            if (done > 0 && stops(entry, entries[0])) {
                break;
            }
            done++;
            if (stops(entry, entry)) {
                break;
            }
        }
        return done;
    }

    /** A completion has entries of one size; one without access, or a large one, ends it. */
    private static boolean stops(long entry, long first) {
        return TranslationEntry.has(entry, TranslationEntry.S)
                || (entry & (TranslationEntry.R | TranslationEntry.W)) == 0
                || TranslationEntry.has(first, TranslationEntry.S);
    }

    private static long span(int access, int units) {
        return EventRecord.translationRequest(
                true,
                (access & Access.WRITE) != 0,
                (access & Access.EXECUTE) != 0,
                (access & Access.PRIVILEGED) != 0,
                Math.min(units, 15));
    }

    private int page(
            StreamPort port, Translation request, int access, Lane lane, long[] entries, int at) {
        lane.add(Lane.Count.ATS_PAGES, 1);
        if (!translator.enabled()) {
            request.configurationFault(EventType.F_BAD_ATS_TREQ, 0);
            return AgentPort.UNSUPPORTED_REQUEST;
        }
        StreamEntry entry = translator.entry(port.state(), request, lane);
        if (entry == null) {
            return AgentPort.COMPLETER_ABORT;
        }
        switch (entry.kind()) {
            case ILLEGAL -> {
                request.configurationFault(EventType.C_BAD_STE, 0);
                return AgentPort.COMPLETER_ABORT;
            }
            case ABORT -> {
                request.configurationFault(EventType.F_UUT, 0); // refused, and never recorded
                return AgentPort.UNSUPPORTED_REQUEST;
            }
            default -> {
                if (entry.kind() == StreamEntry.Kind.BYPASS
                        || entry.ats() == StreamTableEntry.EATS_DISABLED) {
                    request.configurationFault(EventType.F_BAD_ATS_TREQ, 0);
                    return AgentPort.UNSUPPORTED_REQUEST;
                }
            }
        }
        Translation.Outcome outcome = translator.translate(port.state(), entry, request, lane);
        if (outcome == Translation.Outcome.FAULT && !request.fault().mayStall()) {
            return AgentPort.COMPLETER_ABORT;
        }
        boolean split = entry.ats() == StreamTableEntry.EATS_SPLIT;
        entries[at] = completion(request, outcome, access, split);
        return 1;
    }

    /** The translation entry; permissions are those that the page has (section 13.7). */
    private static long completion(
            Translation request, Translation.Outcome outcome, int access, boolean split) {
        boolean privileged = request.hasSubstream() && (access & Access.PRIVILEGED) != 0;
        long flags = privileged ? TranslationEntry.PRIV : 0;
        if (outcome != Translation.Outcome.TRANSLATED) {
            return TranslationEntry.of(request.input(), 12, flags);
        }
        int allowed = request.permissions();
        if (request.privileged()) {
            allowed >>= Cached.PRIVILEGED_SHIFT;
        }
        if ((allowed & Cached.READ) != 0) {
            flags |= TranslationEntry.R;
            // Execute implies read, so that execute-only pages have no translation.
            if ((allowed & Cached.EXECUTE) != 0
                    && request.hasSubstream()
                    && (access & Access.EXECUTE) != 0) {
                flags |= TranslationEntry.EXE;
            }
        }
        if ((allowed & Cached.WRITE) != 0) {
            flags |= TranslationEntry.W;
        }
        if ((flags & (TranslationEntry.R | TranslationEntry.W)) == 0) {
            return TranslationEntry.of(request.input(), 12, flags);
        }
        long address = split ? request.intermediate() : request.output();
        return TranslationEntry.of(address, Math.max(12, request.sizeShift()), flags);
    }

    /** Checks a translated transaction (section 3.9.1.3). */
    Translation.Outcome check(StreamState stream, Translation request, Lane lane) {
        lane.add(Lane.Count.ATS_TRANSLATED, 1);
        long control = registers.get(Register.CR0);
        if (!Cr0.SMMUEN.isSet(control)) {
            return request.forbidden();
        }
        if (!Cr0.ATSCHK.isSet(control)) {
            return translator.physical(request);
        }
        StreamEntry entry = translator.entry(stream, request, lane);
        if (entry == null || entry.kind() == StreamEntry.Kind.ILLEGAL) {
            if (entry != null) {
                request.configurationFault(EventType.C_BAD_STE, 0);
            }
            boolean record = Cr2.REC_CFG_ATS.isSet(registers.get(Register.CR2));
            return record ? Translation.Outcome.FAULT : Translation.Outcome.ABORT;
        }
        if (entry.kind() == StreamEntry.Kind.ABORT) {
            return Translation.Outcome.ABORT;
        }
        if (entry.kind() == StreamEntry.Kind.BYPASS
                || entry.ats() == StreamTableEntry.EATS_DISABLED) {
            return request.forbidden();
        }
        return entry.ats() == StreamTableEntry.EATS_SPLIT
                ? translator.splitStage(entry, request, lane)
                : translator.physical(request);
    }
}
