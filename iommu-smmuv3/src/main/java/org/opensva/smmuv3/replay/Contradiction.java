package org.opensva.smmuv3.replay;

import org.opensva.smmuv3.layout.IdRegisters.Idr1;

import java.util.Arrays;
import java.util.Optional;

/**
 * Expectations of recordings that contradict the specification and that the recording does not mark
 * as such. They are replayed like all others; this list says what to think of the differences.
 */
public enum Contradiction {
    /** The recorded implementation refuses an STE for a field that is IGNORED. */
    S1CDMAX_WITHOUT_SUBSTREAMS(
            "5.2",
            "STE.S1CDMax is IGNORED when SMMU_IDR1.SSIDSIZE is 0, and SteIllegal (5.2.2) looks at"
                    + " it only otherwise; the recording expects C_BAD_STE") {
        @Override
        boolean concerns(Recording recording) {
            return recording.name().contains("/s1cdmax")
                    && Idr1.SSIDSIZE.get(recording.identification().idr1()) == 0;
        }

        // The request is not refused, so it has no event; nothing else may differ.
        @Override
        public boolean explains(Difference difference) {
            String what = difference.what();
            return what.startsWith("request to ") && difference.expected().startsWith("fault")
                    || what.equals("EVENTQ_PROD")
                    || what.startsWith("event queue ");
        }
    };

    private final String section;
    private final String reason;

    Contradiction(String section, String reason) {
        this.section = section;
        this.reason = reason;
    }

    abstract boolean concerns(Recording recording);

    /**
     * Tells whether following the specification is why something came out differently.
     *
     * @param difference a difference of a recording that this is the contradiction of
     * @return false if the difference is one of its own
     */
    public abstract boolean explains(Difference difference);

    /**
     * The section of IHI 0070 G.b that the recording contradicts.
     *
     * @return a section number
     */
    public String section() {
        return section;
    }

    /**
     * What the section says and what the recording expects instead.
     *
     * @return a sentence
     */
    public String reason() {
        return reason;
    }

    /**
     * Finds out whether a recording is known to contradict the specification.
     *
     * @param recording the recording
     * @return the contradiction, if there is one
     */
    public static Optional<Contradiction> of(Recording recording) {
        return Arrays.stream(values()).filter(c -> c.concerns(recording)).findFirst();
    }
}
