package org.opensva.api.backend;

import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;

import java.util.Set;

/**
 * What an operating system does to the pages of processes when it needs memory, on demand and in
 * the background: none of it changes what a process or a device reads, and all of it takes
 * translations away under a device that is using them.
 *
 * <p><b>Threading.</b> Any thread may call, also while devices run.
 */
public interface MemoryPressure {

    /** What can be done to pages. */
    enum Kind {
        /** Take pages out of memory; the next access brings them back (Linux: reclaim). */
        RECLAIM("reclaim"),
        /** Move pages to other frames (Linux: migration). */
        MIGRATE("migrate"),
        /** Map huge pages by tables of small ones. */
        SPLIT("split"),
        /** Replace small pages by huge ones. */
        COLLAPSE("collapse"),
        /** Let pages with the same contents share one frame, copied on write (Linux: KSM). */
        MERGE("merge"),
        /**
         * Free whole blocks that a huge page fits, by moving what is in them (Linux: compaction).
         */
        COMPACT("compact"),
        /**
         * Write pages of files that were written to back to their disk; what is written to them
         * afterwards is noticed, of devices too (Linux: write-back).
         */
        WRITE_BACK("write-back"),
        /** Take the right to write away until the next write, to see what is written to. */
        WRITE_PROTECT("write-protect"),
        /** Clear accessed flags, to see what is in use. */
        AGE("age"),
        /**
         * Take private memory away for good, as from a process that is about to die (Linux: the OOM
         * reaper): what follows reads zero. It is the only kind that changes contents, and never
         * done in the background.
         */
        REAP("reap");

        private final String id;

        Kind(String id) {
            this.id = id;
        }

        /**
         * The kind's name.
         *
         * @return lower case with hyphens
         */
        public String id() {
            return id;
        }
    }

    /**
     * What the backend can do.
     *
     * @return at least one kind
     */
    Set<Kind> kinds();

    /**
     * Does one thing to every page of a range that it can be done to. When the call returns no
     * device can use a translation from before, wherever a page was changed.
     *
     * @param kind one of {@link #kinds}
     * @param space an address space of the backend; one that has ended has no pages
     * @param range whole pages, of which those that are not mapped are passed over
     * @return how many pages were changed, or huge pages for {@link Kind#SPLIT} and {@link
     *     Kind#COLLAPSE}; a page that somebody else is changing at the moment is left alone
     * @throws IllegalArgumentException if the kind is not among {@link #kinds}, or a bound of the
     *     range is not on a page
     */
    long apply(Kind kind, AddressSpace space, AddressRange range);

    /**
     * Chooses an address space, a range of it and a kind, and applies it. The same seed chooses the
     * same where the backend is in the same state.
     *
     * @param seed any number
     * @return how many pages were changed
     */
    long round(long seed);

    /**
     * Does one round after the other in the background.
     *
     * @param seed chooses the rounds
     * @return what is under way; closing it ends it
     */
    Torment torment(long seed);

    /** Pressure in the background. */
    interface Torment extends AutoCloseable {

        /**
         * Counts rounds.
         *
         * @return those that have ended
         */
        long rounds();

        /**
         * Counts what was done.
         *
         * @param kind what
         * @return pages changed so far
         */
        long pages(Kind kind);

        /** Ends it, after the round that is under way; closing again does nothing. */
        @Override
        void close();
    }
}
