package org.opensva.conformance.races;

import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.Collectors;

/**
 * What a checker cannot explain.
 *
 * @param stale true if what was seen is of another life of the page; false if nobody wrote it
 * @param operation the operation that saw it
 * @param why what is wrong with it
 * @param history the operations that show it, in order; no other is needed
 */
public record Contradiction(
        boolean stale, Operation operation, String why, List<Operation> history) {

    /** Copies the list. */
    public Contradiction {
        history = List.copyOf(history);
    }

    /**
     * The contradiction in words.
     *
     * @param describe puts a value into words
     * @return a line, and the history behind it
     */
    public String text(LongFunction<String> describe) {
        return history.stream()
                .map(o -> o.text(describe.apply(o.value())))
                .collect(Collectors.joining("; ", why + ": ", ""));
    }
}
