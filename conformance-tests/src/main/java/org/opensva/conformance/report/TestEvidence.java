package org.opensva.conformance.report;

import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.bench.Evidence;

import java.util.Optional;

/**
 * What one test of a rule found.
 *
 * @param test the test, as {@code Class.method}
 * @param sentence its name as a sentence
 * @param verdict how it ended
 * @param reason why it did not pass, in one line; otherwise empty
 * @param message everything that a failed test said, where it has no finding; otherwise empty
 * @param seed the seed of the run in which it was found
 * @param finding what a failed test expected and saw, where it could say so
 */
public record TestEvidence(
        String test,
        String sentence,
        Verdict verdict,
        String reason,
        String message,
        long seed,
        Optional<Evidence> finding) {}
