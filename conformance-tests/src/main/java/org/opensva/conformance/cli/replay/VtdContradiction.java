package org.opensva.conformance.cli.replay;

import org.opensva.conformance.replay.Contradiction;
import org.opensva.conformance.replay.Difference;
import org.opensva.conformance.replay.Recording;

import java.util.Arrays;
import java.util.Optional;

/** What recordings of VT-d expect against revision 4.1 of the specification. */
enum VtdContradiction implements Contradiction {
    /** The number of a fault reason. */
    NOT_PRESENT_IS_NOT_DENIED(
            "7.1.3",
            "a second-stage entry with neither R nor W, or a walk that leaves neither, is condition"
                    + " SSS.2 in scalable mode (reason 0x79); the recording asks for SGN.7 (0x86)"
                    + " or SGN.6 (0x85), which are about one missing right") {
        @Override
        boolean concerns(Recording recording) {
            return recording.name().startsWith("vtd/sm-second/not-present");
        }

        @Override
        public boolean explains(Difference difference) {
            int asked = reason(difference.expected());
            return difference.what().equals("FRCD_HI")
                    && reason(difference.actual()) == 0x79
                    && (asked == 0x85 || asked == 0x86);
        }

        private static int reason(String high) {
            return (int) (Long.parseUnsignedLong(high.substring(2), 16) >>> 32 & 0xff);
        }
    },
    /** The number of a queue error. */
    INVALID_TYPE_IS_3(
            "11.4.9",
            "IQERCD.IQEI is 3 for an invalid descriptor type; 2, which the recording asks for, is a"
                    + " descriptor that could not be fetched") {
        @Override
        boolean concerns(Recording recording) {
            return recording.name().startsWith("vtd/qi/iqe-info");
        }

        @Override
        public boolean explains(Difference difference) {
            return difference.what().equals("IQERCD")
                    && difference.expected().equals("0x2")
                    && (difference.actual().equals("0x3") || difference.actual().equals("0x4"));
        }
    };

    private final String section;
    private final String reason;

    VtdContradiction(String section, String reason) {
        this.section = section;
        this.reason = reason;
    }

    abstract boolean concerns(Recording recording);

    @Override
    public String section() {
        return section;
    }

    @Override
    public String reason() {
        return reason;
    }

    /** The contradiction of a recording, if there is one. */
    static Optional<Contradiction> of(Recording recording) {
        return Arrays.stream(values())
                .filter(c -> c.concerns(recording))
                .map(c -> (Contradiction) c)
                .findFirst();
    }
}
