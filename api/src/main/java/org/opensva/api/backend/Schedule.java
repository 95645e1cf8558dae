package org.opensva.api.backend;

import java.util.function.Supplier;

/**
 * The schedule of a backend that runs one of its threads at a time: with one seed, the same program
 * meets the same interleaving, and leaves the same events, in every run.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface Schedule {

    /**
     * Runs a program as one of the threads of the machine, and waits for its end. It goes on
     * without a break until it waits for something; then another thread has its turn. Only virtual
     * threads that it starts itself belong to the schedule as well: what other threads do to the
     * backend meanwhile is ordered by chance.
     *
     * @param <T> what it returns
     * @param program what is to be done
     * @return what the program returned
     * @throws RuntimeException what the program threw
     */
    <T> T call(Supplier<T> program);
}
