package org.opensva.conformance.races;

/**
 * One operation of a race.
 *
 * @param kind what was done
 * @param page which page of the race
 * @param life which life of the page: how often it had been mapped before; -1 where the operation
 *     does not know it, as a device's
 * @param value what was stored, written or seen
 * @param begun the stamp taken before it was begun
 * @param ended the stamp taken after it had returned
 */
public record Operation(Kind kind, int page, int life, long value, long begun, long ended) {

    /** What can be done. */
    public enum Kind {
        /** The process maps new memory at the page. */
        MAP("the process maps new memory"),
        /** The process stores. */
        STORE("the process stores"),
        /** The process unmaps the page, or maps over it: the life ends. */
        UNMAP("the process unmaps it"),
        /** A device read the page. */
        READ("a device reads"),
        /** A device wrote the page. */
        WRITE("a device writes"),
        /** The process loads the page. */
        LOAD("the process loads"),
        /** The process loads the memory of a life through its other mapping. */
        ALIAS("the process loads through the other mapping");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    boolean overlaps(long from, long to) {
        return begun <= to && ended >= from;
    }

    /**
     * The operation in words.
     *
     * @param value its value in words
     * @return one line
     */
    public String text(String value) {
        String what = kind == Kind.MAP || kind == Kind.UNMAP ? "" : " " + value;
        return "%d..%d page %d%s: %s%s"
                .formatted(begun, ended, page, life < 0 ? "" : " life " + life, kind.words, what);
    }
}
