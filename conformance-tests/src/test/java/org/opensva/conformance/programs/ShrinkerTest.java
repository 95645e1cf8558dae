package org.opensva.conformance.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.conformance.rules.RuleId;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** What a finding needs stays, everything else goes. */
class ShrinkerTest {

    /** A fault that takes a few loads in their order, wherever they are. */
    private static Optional<Finding> judge(Program program, List<Integer> needed) {
        int next = 0;
        for (int i = 0; i < program.steps().size(); i++) {
            if (program.steps().get(i) instanceof Step.Load load
                    && load.page() == needed.get(next)
                    && ++next == needed.size()) {
                return Optional.of(new Finding(program, i, RuleId.UNMAP_01, "x", "y", "z"));
            }
        }
        return Optional.empty();
    }

    @Test
    void onlyTheStepsOfTheFaultAreLeft() {
        Random random = new Random(9);
        for (int round = 0; round < 50; round++) {
            List<Integer> needed = List.of(random.nextInt(12), random.nextInt(12), 7);
            List<Step> steps = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                steps.add(new Step.Load(0, random.nextInt(12)));
            }
            needed.forEach(page -> steps.add(new Step.Load(0, page)));
            Finding finding = judge(new Program(steps), needed).orElseThrow();
            Finding small = new Shrinker(program -> judge(program, needed), 10_000).shrink(finding);
            assertEquals(
                    needed,
                    small.program().steps().stream()
                            .map(step -> ((Step.Load) step).page())
                            .toList());
        }
    }

    @Test
    void theBudgetIsKept() {
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            steps.add(new Step.Load(0, 3));
        }
        AtomicInteger runs = new AtomicInteger();
        Finding finding = new Finding(new Program(steps), 499, RuleId.UNMAP_01, "x", "y", "z");
        new Shrinker(
                        program -> {
                            runs.incrementAndGet();
                            return Optional.empty();
                        },
                        17)
                .shrink(finding);
        assertTrue(runs.get() <= 17, runs + " runs");
    }

    @Test
    void anotherRuleIsAnotherFault() {
        List<Step> steps = List.of(new Step.Load(0, 1), new Step.Load(0, 2));
        Finding finding = new Finding(new Program(steps), 1, RuleId.UNMAP_01, "x", "y", "z");
        Finding small =
                new Shrinker(
                                program ->
                                        Optional.of(
                                                new Finding(
                                                        program, 0, RuleId.BIND_01, "x", "y", "z")),
                                100)
                        .shrink(finding);
        assertEquals(finding, small);
    }
}
