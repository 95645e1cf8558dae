package org.opensva.conformance.programs;

import java.util.List;

/**
 * A list of steps. Every list is a program: what makes no sense in its place is skipped.
 *
 * @param steps what is done, in order
 */
public record Program(List<Step> steps) {

    /** Pages of the window in which processes map memory. */
    public static final int PAGES = 12;

    /** Pages of a memory object when it is made, and at most. */
    public static final int OBJECT_PAGES = 8;

    /** Processes are numbered below this. */
    public static final int PROCESSES = 64;

    /** Queues are numbered below this. */
    public static final int QUEUES = 64;

    /** Copies the steps. */
    public Program {
        steps = List.copyOf(steps);
    }

    /**
     * The program as a text that {@link ProgramReader} reads.
     *
     * @return one line for each step
     */
    public String text() {
        StringBuilder text = new StringBuilder(steps.size() * 24);
        for (Step step : steps) {
            text.append(step.text()).append('\n');
        }
        return text.toString();
    }
}
