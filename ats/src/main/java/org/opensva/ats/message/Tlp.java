package org.opensva.ats.message;

import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;

import java.util.List;

/** A packet of address translation services, as a value. */
public sealed interface Tlp {

    /**
     * A Translation Request: a memory read with the address type Translation Request (section
     * 10.2.2).
     *
     * @param requester who asks
     * @param tag the transaction tag, 0 to 1023
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @param execute true if permission to execute is asked for; needs a PASID
     * @param privileged true if the access is privileged; needs a PASID
     * @param noWrite true if permission to write is not asked for
     * @param address the first untranslated address, a multiple of 4096
     * @param entries how many translations are asked for, 1 to 512
     */
    record TranslationRequest(
            RequesterId requester,
            int tag,
            int pasid,
            boolean execute,
            boolean privileged,
            boolean noWrite,
            long address,
            int entries)
            implements Tlp {

        /** Checks the ranges. */
        public TranslationRequest {
            check(tag >= 0 && tag < 1024, "tag", tag, "0..1023");
            check(entries >= 1 && entries <= 512, "entries", entries, "1..512");
            check((address & 4095) == 0, "address", address, "a multiple of 4096");
            check(
                    pasid != Pasid.NONE || (!execute && !privileged),
                    "pasid",
                    pasid,
                    "a PASID, because execute and privileged travel with it");
        }
    }

    /**
     * A Translation Completion (section 10.2.3).
     *
     * @param completer who answers
     * @param requester who asked
     * @param tag the tag of the request, 0 to 1023
     * @param status how it ended
     * @param byteCount how many bytes of the answer remain with this packet, 1 to 4096
     * @param entries {@link org.opensva.api.ats.TranslationEntry translation entries}; none unless
     *     successful
     */
    record TranslationCompletion(
            RequesterId completer,
            RequesterId requester,
            int tag,
            CompletionStatus status,
            int byteCount,
            List<Long> entries)
            implements Tlp {

        /** Checks the ranges and copies the entries. */
        public TranslationCompletion {
            check(tag >= 0 && tag < 1024, "tag", tag, "0..1023");
            check(byteCount >= 1 && byteCount <= 4096, "byteCount", byteCount, "1..4096");
            boolean success = status == CompletionStatus.SUCCESS;
            check(
                    success ? !entries.isEmpty() && entries.size() <= 512 : entries.isEmpty(),
                    "entries",
                    entries.size(),
                    success ? "1..512" : "none without success");
            entries = List.copyOf(entries);
        }
    }

    /**
     * An Invalidate Request (section 10.3.1).
     *
     * @param sender the translation agent
     * @param device whom it is for
     * @param request its content
     */
    record Invalidate(RequesterId sender, RequesterId device, InvalidateRequest request)
            implements Tlp {}

    /**
     * An Invalidate Completion (section 10.3.2).
     *
     * @param device who sends it
     * @param agent the translation agent
     * @param completion its content
     */
    record Invalidated(RequesterId device, RequesterId agent, InvalidateCompletion completion)
            implements Tlp {}

    /**
     * A Page Request or a Stop Marker (section 10.4.1).
     *
     * @param device who sends it
     * @param request its content
     */
    record PageRequested(RequesterId device, PageRequest request) implements Tlp {}

    /**
     * A PRG Response (section 10.4.2).
     *
     * @param sender the root complex
     * @param device whom it is for
     * @param response its content
     */
    record PageAnswered(RequesterId sender, RequesterId device, PageGroupResponse response)
            implements Tlp {}

    private static void check(boolean ok, String what, long value, String allowed) {
        if (!ok) {
            throw new IllegalArgumentException(what + " is " + value + ", allowed: " + allowed);
        }
    }
}
