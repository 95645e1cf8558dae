package org.opensva.conformance.soak;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a soak ended.
 *
 * @param finding what was found, empty if nothing was
 * @param machines how many machines were opened
 * @param epochs how many epochs ended
 * @param steps how many steps were done
 * @param counts how often what was done, in words and in a fixed order
 * @param unseen what the audit could not look at, and why
 */
public record SoakResult(
        Optional<SoakFinding> finding,
        int machines,
        int epochs,
        long steps,
        Map<String, Long> counts,
        List<String> unseen) {}
