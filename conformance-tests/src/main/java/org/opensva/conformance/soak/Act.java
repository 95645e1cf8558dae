package org.opensva.conformance.soak;

/** What a thread of a soak does in one step. */
enum Act {
    SPAWN("processes spawned", 6),
    MAP("mappings made", 12),
    UNMAP("mappings taken away", 6),
    UNMAP_UNDER_JOB("mappings taken away under a job", 5),
    PROTECT("protections changed", 4),
    REMAP("mappings moved", 3),
    DISCARD("ranges discarded", 3),
    PAGE_OUT("ranges reclaimed", 4),
    HUGE("ranges collapsed", 2),
    TRUNCATE("files truncated", 3),
    HOLE("holes punched", 3),
    LOCK("ranges locked", 2),
    SYNC("files written back", 2),
    FREE("ranges free to go", 2),
    HINT("hints given", 2),
    LEAVE("mappings left empty", 2),
    OPEN("queues opened", 8),
    CLOSE("queues closed", 4),
    RESTART("queues stopped and started", 2),
    FILL("pages filled by devices", 20),
    COPY("pages copied by devices", 12),
    STORE("pages filled by processors", 6),
    FORK("forks", 6),
    VFORK("vforks", 2),
    EXEC("execs", 2),
    FOREIGN("foreign handles used", 3),
    EXIT("exits", 4),
    KILL("kills", 3);

    private final String title;
    private final int weight;

    Act(String title, int weight) {
        this.title = title;
        this.weight = weight;
    }

    /** Its name in the summary. */
    String title() {
        return title;
    }

    /** How often it is chosen, compared with the others. */
    int weight() {
        return weight;
    }
}
