package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.StreamTableEntry;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The guard of one transaction at a time, with the scratch space it needs, so that a transaction
 * allocates nothing.
 *
 * <p>The state is even while the lane is free and odd while a transaction is in it, and never
 * returns to an earlier value. Entering is an atomic operation that precedes every look-up in a
 * cache; an invalidation takes the entry out of the cache before it looks at the state. One of the
 * two therefore sees the other: the transaction misses, or the invalidation waits.
 */
final class Lane {

    private static final VarHandle STATE;
    private static final VarHandle SHORT_WAYS;
    private static final VarHandle TRANSLATED;
    private static final VarHandle BYTES_READ;
    private static final VarHandle BYTES_WRITTEN;
    private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(long[].class);

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            STATE = lookup.findVarHandle(Lane.class, "state", long.class);
            SHORT_WAYS = lookup.findVarHandle(Lane.class, "shortWays", long.class);
            TRANSLATED = lookup.findVarHandle(Lane.class, "translated", long.class);
            BYTES_READ = lookup.findVarHandle(Lane.class, "bytesRead", long.class);
            BYTES_WRITTEN = lookup.findVarHandle(Lane.class, "bytesWritten", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The level of tables whose descriptors are pages. */
    private static final int LAST_LEVEL = 3;

    /** What the current transaction asks for and gets; only the thread inside may touch it. */
    final Translation translation = new Translation();

    /** Its context, as far as it has got; only the thread inside may touch it. */
    final Context context = new Context();

    /** A structure that is being fetched; only the thread inside may touch it. */
    final long[] words = new long[Math.max(StreamTableEntry.WORDS, ContextDescriptor.WORDS)];

    /** What the transactions of this lane used last; only the thread inside may touch it. */
    final RecentContext recent = new RecentContext();

    // Written only by the thread inside, read by anyone who wants a sum.
    private final long[] counts = new long[2 * 8 + Count.VALUES.length];

    // Nothing else is on the cache lines of what follows, wherever the collector puts the lane:
    // longs are laid out in this order.
    @SuppressWarnings("unused")
    private long p0, p1, p2, p3, p4, p5, p6, p7;

    // What hits count, written and read in the same way. Fields, which have no bounds to look at.
    private long shortWays;
    private long translated;
    private long bytesRead;
    private long bytesWritten;

    @SuppressWarnings("unused") // accessed through STATE
    private volatile long state;

    @SuppressWarnings("unused")
    private long q0, q1, q2, q3, q4, q5, q6, q7;

    /**
     * What is counted for each lane; see {@link org.opensva.api.telemetry.HardwareCounter} and
     * {@link MonitorEvents}.
     */
    enum Count {
        TRANSLATIONS,
        HITS,
        MISSES,
        WALK_READS,
        // In this order: levels 3 to -1 of the architecture, the one with pages first.
        WALK_READS_LEVEL_1,
        WALK_READS_LEVEL_2,
        WALK_READS_LEVEL_3,
        WALK_READS_LEVEL_4,
        WALK_READS_LEVEL_5,
        WALK_CACHE_HITS,
        WALK_CACHE_MISSES,
        BYTES_READ,
        BYTES_WRITTEN,
        WALK_UPDATES,
        CONFIGURATION_MISSES,
        CONFIGURATION_READS,
        ATS_REQUESTS,
        ATS_PAGES,
        ATS_TRANSLATED;

        private static final Count[] VALUES = values();
    }

    /** Enters if the lane is free. */
    boolean tryEnter() {
        long now = (long) STATE.getOpaque(this);
        return (now & 1) == 0 && STATE.compareAndSet(this, now, now + 1);
    }

    /** Leaves; the caller entered. */
    void leave() {
        long now = (long) STATE.get(this);
        STATE.setRelease(this, now + 1);
    }

    /** Waits until the transaction that is in the lane now, if there is one, has left. */
    void awaitLeft() {
        long seen = (long) STATE.getVolatile(this);
        if ((seen & 1) == 0) {
            return;
        }
        int spins = 0;
        while ((long) STATE.getVolatile(this) == seen) {
            if (++spins < 256) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    /** Counts; only the thread inside may call. */
    void add(Count what, long amount) {
        int index = 8 + what.ordinal();
        COUNT.setOpaque(counts, index, counts[index] + amount);
    }

    /**
     * Counts a descriptor read by a walk; only the thread inside may call.
     *
     * @param level the level of the table, -1 to 3
     */
    void addWalkRead(int level) {
        add(Count.WALK_READS, 1);
        add(Count.VALUES[Count.WALK_READS_LEVEL_1.ordinal() + LAST_LEVEL - level], 1);
    }

    /** Counts pages that were found on the short way: each is a translation and a hit. */
    void hit(int pages) {
        SHORT_WAYS.setOpaque(this, shortWays + pages);
    }

    /** Counts a translated transaction that took the short way. */
    void hitTranslated() {
        TRANSLATED.setOpaque(this, translated + 1);
    }

    /** Counts bytes; only the thread inside may call. */
    void moved(boolean write, int bytes) {
        if (write) {
            BYTES_WRITTEN.setOpaque(this, bytesWritten + bytes);
        } else {
            BYTES_READ.setOpaque(this, bytesRead + bytes);
        }
    }

    /** Reads a count from any thread. */
    long count(Count what) {
        return switch (what) {
            case TRANSLATIONS, HITS -> counted(what) + (long) SHORT_WAYS.getOpaque(this);
            case ATS_TRANSLATED -> counted(what) + (long) TRANSLATED.getOpaque(this);
            case BYTES_READ -> (long) BYTES_READ.getOpaque(this);
            case BYTES_WRITTEN -> (long) BYTES_WRITTEN.getOpaque(this);
            default -> counted(what);
        };
    }

    private long counted(Count what) {
        return (long) COUNT.getOpaque(counts, 8 + what.ordinal());
    }
}
