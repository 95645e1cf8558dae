package org.opensva.conformance.cli.replay;

import org.opensva.conformance.replay.Contradiction;
import org.opensva.conformance.replay.Difference;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.QueueError;

import java.util.List;

/** What recordings of VT-d expect against revision 4.1 of the specification. */
final class VtdContradictions {

    static final List<Contradiction> ALL =
            List.of(
                    new Contradiction(
                            "7.1.3",
                            "a second-stage entry with neither R nor W, or a walk that leaves"
                                    + " neither, is condition SSS.2 in scalable mode (reason 0x79);"
                                    + " the recording asks for SGN.7 (0x86) or SGN.6 (0x85), which"
                                    + " are about one missing right",
                            recording -> recording.name().startsWith("vtd/sm-second/not-present"),
                            VtdContradictions::isNotPresent),
                    new Contradiction(
                            "11.4.9",
                            "IQERCD.IQEI is 3 for an invalid descriptor type and 4 for a reserved"
                                + " field; 2, which the recording asks for, is a descriptor that"
                                + " could not be fetched",
                            recording -> recording.name().startsWith("vtd/qi/iqe-info"),
                            VtdContradictions::isDescriptorError));

    private VtdContradictions() {}

    private static boolean isNotPresent(Difference difference) {
        int asked = difference.what().equals("FRCD_HI") ? reason(difference.expected()) : 0;
        return reason(difference.actual()) == FaultReason.SCALABLE_SECOND_STAGE_DENIED.code()
                && (asked == FaultReason.SCALABLE_WRITE_DENIED.code()
                        || asked == FaultReason.SCALABLE_READ_DENIED.code());
    }

    private static boolean isDescriptorError(Difference difference) {
        return difference.what().equals("IQERCD")
                && number(difference.expected()) == QueueError.FETCH_ERROR.code()
                && (number(difference.actual()) == QueueError.INVALID_TYPE.code()
                        || number(difference.actual()) == QueueError.RESERVED_FIELD.code());
    }

    private static int reason(String high) {
        return FaultRecord.reason(number(high));
    }

    private static long number(String hex) {
        return hex.startsWith("0x") ? Long.parseUnsignedLong(hex, 2, hex.length(), 16) : 0;
    }
}
