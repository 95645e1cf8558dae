package org.opensva.conformance.cli.replay;

import org.opensva.conformance.replay.Contradiction;
import org.opensva.conformance.replay.Difference;
import org.opensva.conformance.replay.Recording;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;

import java.util.List;

/** What recordings of SMMUs expect against IHI 0070 G.b. */
final class SmmuV3Contradictions {

    static final List<Contradiction> ALL =
            List.of(
                    new Contradiction(
                            "5.2",
                            "STE.S1CDMax is IGNORED when SMMU_IDR1.SSIDSIZE is 0, and SteIllegal"
                                    + " (5.2.2) looks at it only otherwise; the recording expects"
                                    + " C_BAD_STE",
                            SmmuV3Contradictions::hasS1CdMax,
                            SmmuV3Contradictions::isRefusal));

    private SmmuV3Contradictions() {}

    private static boolean hasS1CdMax(Recording recording) {
        return recording.name().contains("/s1cdmax")
                && Idr1.SSIDSIZE.get(recording.claimed("IDR1", 0)) == 0;
    }

    /** The request is not refused, so it has no event; nothing else may differ. */
    private static boolean isRefusal(Difference difference) {
        String what = difference.what();
        return what.startsWith("request to ") && difference.expected().startsWith("fault")
                || what.equals("EVENTQ_PROD")
                || what.startsWith("event queue ");
    }
}
