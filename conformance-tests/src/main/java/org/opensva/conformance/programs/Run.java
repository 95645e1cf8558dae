package org.opensva.conformance.programs;

import java.util.List;
import java.util.Optional;

/**
 * What came of a program on a backend.
 *
 * @param observations what each step showed, empty for one that was skipped; ends with the step of
 *     the finding
 * @param finding the first step that broke the contract
 */
public record Run(List<Optional<Observation>> observations, Optional<Finding> finding) {

    /** Copies the list. */
    public Run {
        observations = List.copyOf(observations);
    }
}
