package org.opensva.conformance.cli.replay;

import org.opensva.conformance.replay.Contradiction;
import org.opensva.conformance.replay.Difference;
import org.opensva.conformance.replay.Recording;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;

import java.util.Arrays;
import java.util.Optional;

/** What recordings of SMMUs expect against IHI 0070 G.b. */
enum SmmuV3Contradiction implements Contradiction {
    /** The recorded implementation refuses an STE for a field that is IGNORED. */
    S1CDMAX_WITHOUT_SUBSTREAMS(
            "5.2",
            "STE.S1CDMax is IGNORED when SMMU_IDR1.SSIDSIZE is 0, and SteIllegal (5.2.2) looks at"
                    + " it only otherwise; the recording expects C_BAD_STE") {
        @Override
        boolean concerns(Recording recording) {
            return recording.name().contains("/s1cdmax")
                    && Idr1.SSIDSIZE.get(recording.claimed("IDR1", 0)) == 0;
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

    SmmuV3Contradiction(String section, String reason) {
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
