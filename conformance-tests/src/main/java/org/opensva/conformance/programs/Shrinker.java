package org.opensva.conformance.programs;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Makes a program that breaks a rule small, by leaving steps out as long as the same rule is
 * broken: halves first, single steps last (delta debugging).
 */
public final class Shrinker {

    private final Function<Program, Optional<Finding>> judge;
    private final int budget;
    private int spent;

    /**
     * Creates a shrinker.
     *
     * @param judge runs a program
     * @param budget how many programs it may run
     */
    public Shrinker(Function<Program, Optional<Finding>> judge, int budget) {
        this.judge = judge;
        this.budget = budget;
    }

    /**
     * Shrinks.
     *
     * @param finding what was found
     * @return the same rule broken by as few steps as could be found
     */
    public Finding shrink(Finding finding) {
        Finding best = cut(finding);
        int chunk = Math.max(1, best.program().steps().size() / 2);
        while (true) {
            Finding before = best;
            best = withoutChunks(best, chunk);
            if (chunk == 1 && best.equals(before)) {
                return best;
            }
            chunk = Math.max(1, chunk / 2);
        }
    }

    /** What comes after the broken step has no part in it. */
    private static Finding cut(Finding finding) {
        List<Step> steps = finding.program().steps();
        return finding.index() + 1 < steps.size()
                ? new Finding(
                        new Program(steps.subList(0, finding.index() + 1)),
                        finding.index(),
                        finding.rule(),
                        finding.expected(),
                        finding.why(),
                        finding.seen())
                : finding;
    }

    private Finding withoutChunks(Finding from, int chunk) {
        Finding best = from;
        int end = best.program().steps().size();
        while (end > 0 && spent < budget) {
            int begin = Math.max(0, end - chunk);
            List<Step> rest = new ArrayList<>(best.program().steps());
            rest.subList(begin, Math.min(end, rest.size())).clear();
            spent++;
            Finding candidate =
                    judge.apply(new Program(rest))
                            .filter(found -> found.rule() == from.rule())
                            .orElse(null);
            if (candidate != null) {
                best = cut(candidate);
                begin = Math.min(begin, best.program().steps().size());
            }
            end = begin;
        }
        return best;
    }
}
