package org.opensva.linux.doctor;

import org.opensva.api.backend.Diagnosis;
import org.opensva.api.backend.DiagnosticStep;

import java.util.List;
import java.util.Optional;

/**
 * What the doctor says.
 *
 * @param steps in the order in which they depend on each other
 * @param facts what the backend goes by; empty if it cannot run here
 */
public record Examination(List<DiagnosticStep> steps, Optional<HostFacts> facts) {

    /** Copies the list. */
    public Examination {
        steps = List.copyOf(steps);
    }

    /**
     * Why the backend cannot run here.
     *
     * @return one line, empty if it can
     */
    public String obstacle() {
        return new Diagnosis("", steps).obstacle();
    }
}
