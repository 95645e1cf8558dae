package org.opensva.vtd.model;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;

/**
 * ATS translation requests and the entries of their completions (section 4.1; PCI Express Base 6.x
 * section 10.2.3).
 */
final class TranslationRequests {

    private static final long PAGE = 1 << 12;
    private static final long RIGHTS = TranslationEntry.R | TranslationEntry.W;

    private final TranslationUnit translation;

    TranslationRequests(TranslationUnit translation) {
        this.translation = translation;
    }

    /**
     * A translation request; see {@link AgentPort#translate}. A fault to record goes to the port.
     */
    int translate(RequesterPort port, int pasid, int access, long address, long[] entries) {
        long first = address & -PAGE;
        int done = 0;
        while (done < entries.length) {
            long at = first + done * PAGE;
            if (Long.compareUnsigned(at, first) < 0) {
                break;
            }
            int status;
            int reason;
            Lane lane = port.lanes().enter();
            try {
                Translation request = lane.request;
                status =
                        port.isClosed()
                                ? AgentPort.UNSUPPORTED_REQUEST
                                : page(port, request, pasid, access, at, entries, done);
                reason = status < 0 && request.recordFault ? request.faultReason : 0;
            } finally {
                lane.leave();
            }
            if (status < 0) {
                if (done > 0) {
                    break; // the device asks for that page again, and is told then
                }
                if (reason != 0) {
                    port.translationFault(pasid, access, at, reason);
                }
                return status;
            }
            if (done > 0 && ends(entries[done], entries[0])) {
                break;
            }
            done++;
            if (ends(entries[done - 1], entries[done - 1])) {
                break;
            }
        }
        return done == 0 ? AgentPort.UNSUPPORTED_REQUEST : done;
    }

    /** The entries of a completion have one size; one without rights, or a large one, ends it. */
    private static boolean ends(long entry, long first) {
        return TranslationEntry.has(entry, TranslationEntry.S)
                || TranslationEntry.has(first, TranslationEntry.S)
                || (entry & RIGHTS) == 0;
    }

    private int page(
            RequesterPort port,
            Translation request,
            int pasid,
            int access,
            long at,
            long[] entries,
            int index) {
        request.counters.add(HardwareCounter.TRANSLATIONS, 1);
        translation.translateForAts(port.source(), pasid, at, access, request);
        if (!request.ok) {
            return request.atsStatus == Translation.AtsStatus.COMPLETER_ABORT
                    ? AgentPort.COMPLETER_ABORT
                    : AgentPort.UNSUPPORTED_REQUEST;
        }
        entries[index] = entry(request, access, at);
        return 1;
    }

    private static long entry(Translation request, int access, long at) {
        int rights = request.rights;
        long flags = (rights & Access.PRIVILEGED) != 0 ? TranslationEntry.PRIV : 0;
        flags |= (rights & Access.READ) != 0 ? TranslationEntry.R : 0;
        flags |= (rights & Access.WRITE) != 0 ? TranslationEntry.W : 0;
        if ((flags & RIGHTS) == 0) {
            return TranslationEntry.of(at, 12, flags);
        }
        if ((rights & access & Access.EXECUTE) != 0 && (flags & TranslationEntry.R) != 0) {
            flags |= TranslationEntry.EXE;
        }
        // N stays 0: whether accesses snoop makes no difference to memory that is always coherent.
        flags |= request.untranslatedOnly ? TranslationEntry.U : 0;
        int shift = Math.clamp(request.pageShift, 12, 62);
        long offset = at & (1L << shift) - 1;
        return TranslationEntry.of(request.physical - offset, shift, flags);
    }
}
