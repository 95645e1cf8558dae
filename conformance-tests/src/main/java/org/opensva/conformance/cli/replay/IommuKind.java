package org.opensva.conformance.cli.replay;

import org.opensva.conformance.replay.Contradiction;
import org.opensva.conformance.replay.Difference;
import org.opensva.conformance.replay.Mode;
import org.opensva.conformance.replay.Recording;
import org.opensva.conformance.replay.Replayer;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A kind of IOMMU that recordings are made of. */
enum IommuKind {
    /** Arm SMMUv3. */
    SMMUV3("smmuv3") {
        @Override
        List<Difference> replay(Recording recording, Mode mode) {
            return Replayer.replay(recording, mode, ReplayedSmmuV3::new);
        }

        @Override
        Optional<Contradiction> contradiction(Recording recording) {
            return Contradiction.of(SmmuV3Contradictions.ALL, recording);
        }

        @Override
        void claim(Recording recording) {
            ReplayedSmmuV3.profile(recording);
        }
    },
    /** Intel VT-d. */
    VTD("vtd") {
        @Override
        List<Difference> replay(Recording recording, Mode mode) {
            return Replayer.replay(recording, mode, ReplayedVtd::new);
        }

        @Override
        Optional<Contradiction> contradiction(Recording recording) {
            return Contradiction.of(VtdContradictions.ALL, recording);
        }

        @Override
        void claim(Recording recording) {
            ReplayedVtd.profile(recording);
        }
    };

    private final String id;

    IommuKind(String id) {
        this.id = id;
    }

    /** The kind that a recording names. */
    static Optional<IommuKind> of(String id) {
        return Arrays.stream(values()).filter(kind -> kind.id.equals(id)).findFirst();
    }

    /**
     * Carries a recording out on the model.
     *
     * @throws IllegalArgumentException if the recording does not fit itself; the message says where
     */
    abstract List<Difference> replay(Recording recording, Mode mode);

    /** Where a recording contradicts the specification without saying so. */
    abstract Optional<Contradiction> contradiction(Recording recording);

    /**
     * Tries to be what was recorded.
     *
     * @throws IllegalArgumentException if the model has no behaviour for one of the claims
     */
    abstract void claim(Recording recording);

    /** Which claim of the recorded implementation the model has no behaviour for, if any. */
    final Optional<String> refusal(Recording recording) {
        try {
            claim(recording);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
