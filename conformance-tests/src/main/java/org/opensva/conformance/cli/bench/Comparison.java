package org.opensva.conformance.cli.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What takes longer than in an earlier run, and what takes less. Two figures differ if no iteration
 * of one lies among those of the other, and their medians are not nearly the same.
 */
final class Comparison {

    /** Less is no difference, however narrow the iterations are. */
    private static final double LEAST_DIFFERENCE = 1.05;

    private final List<Change> changes = new ArrayList<>();
    private final int gone;
    private final int added;

    /**
     * One figure in both runs.
     *
     * @param before in the earlier run
     * @param after in the later run
     */
    record Change(Figure before, Figure after) {

        /** How many times as long it takes. */
        double times() {
            return before.median() == 0 ? 1 : after.median() / before.median();
        }

        /** In a word; empty if the two do not differ. */
        String verdict() {
            if (after.least() > before.most() && times() > LEAST_DIFFERENCE) {
                return "slower";
            }
            return after.most() < before.least() && times() < 1 / LEAST_DIFFERENCE ? "faster" : "";
        }
    }

    Comparison(List<Figure> before, List<Figure> after) {
        for (Figure figure : after) {
            before.stream()
                    .filter(figure::isOf)
                    .findFirst()
                    .ifPresent(earlier -> changes.add(new Change(earlier, figure)));
        }
        changes.sort(Comparator.comparingDouble(Change::times).reversed());
        gone = before.size() - changes.size();
        added = after.size() - changes.size();
    }

    /** A table for people: what has become slowest stands first. */
    List<String> table() {
        TextTable table =
                new TextTable(
                        2,
                        6,
                        "benchmark",
                        "with",
                        "before",
                        "spread",
                        "after",
                        "spread",
                        "times",
                        "");
        for (Change change : changes) {
            table.row(
                    change.after().name(),
                    change.after().with(),
                    Figure.time(change.before().median()),
                    "%.0f%%".formatted(change.before().spread()),
                    Figure.time(change.after().median()),
                    "%.0f%%".formatted(change.after().spread()),
                    "%.2f".formatted(change.times()),
                    change.verdict());
        }
        return table.lines();
    }

    /** How many changed, and how the machine did, which is what the rest is to be held against. */
    String summary() {
        StringBuilder summary = new StringBuilder();
        summary.append(
                "%d figures compared: %d slower, %d faster"
                        .formatted(changes.size(), count("slower"), count("faster")));
        machine()
                .ifPresent(times ->
                        summary.append(
                                "; the limits of the machine took %.2f times as long"
                                        .formatted(times)));
        if (gone > 0) {
            summary.append("; %d only before".formatted(gone));
        }
        if (added > 0) {
            summary.append("; %d only after".formatted(added));
        }
        return summary.toString();
    }

    private long count(String verdict) {
        return changes.stream().filter(change -> change.verdict().equals(verdict)).count();
    }

    /** The median over what is no work of this project. */
    private OptionalDouble machine() {
        List<Double> all =
                changes.stream()
                        .filter(change -> Limit.isOne(change.after()))
                        .map(Change::times)
                        .toList();
        return all.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(all.get(all.size() / 2));
    }
}
