package org.opensva.ats.cache;

import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.TranslationCacheView;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Where cached translations are: sets of up to four ways in one array.
 *
 * <p>Each set has a version that is odd while the set changes, and increases with each change;
 * readers take no lock and write nothing. Each way has a tag (address and size of the page, and
 * mode), an owner (whose it is and of which generation) and the translation.
 *
 * <p><b>Threading.</b> Any thread may call; what changes a set happens between {@link #lock} and
 * {@link #unlock}.
 */
final class EntryTable {

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    /** Longs for each set: version, count of evictions, then three for each way. */
    private static final int STRIDE_SHIFT = 4;

    private static final int EVICTIONS = 1;
    private static final int FIRST_WAY = 2;
    private static final int WAY = 3;
    private static final int MAX_WAYS = 4;

    /** Tag: address of the page, size in bits 5:0, and this. */
    private static final long VALID = 1 << 6;

    /** Tag: the permissions are those of privileged mode. */
    static final long PRIVILEGED = 1 << 7;

    /** Owner: who may use it above, and the generation below. */
    private static final int KEY_SHIFT = 43;

    private static final long STAMP_MASK = (1L << KEY_SHIFT) - 1;

    private static final int SPINS = 64;

    private final long[] table;
    private final int ways;
    private final int setMask;
    private final int spreadShift;

    /** The capacity is a power of two. */
    EntryTable(int capacity) {
        ways = Math.min(capacity, MAX_WAYS);
        int sets = capacity / ways;
        setMask = sets - 1;
        spreadShift = 32 - Integer.numberOfTrailingZeros(sets);
        table = new long[sets << STRIDE_SHIFT];
    }

    int sets() {
        return setMask + 1;
    }

    static long tag(long address, int shift) {
        return (address & -(1L << shift)) | VALID | shift;
    }

    static long owner(int key, long stamp) {
        return (long) key << KEY_SHIFT | (stamp & STAMP_MASK);
    }

    static int key(long owner) {
        return (int) (owner >>> KEY_SHIFT);
    }

    static boolean isOf(long owner, long stamp) {
        return ((owner ^ stamp) & STAMP_MASK) == 0;
    }

    private static boolean overlaps(long tag, long address, int sizeShift) {
        int shift = Math.max((int) tag & 63, sizeShift);
        return ((tag ^ address) >>> shift) == 0;
    }

    /**
     * Neighbouring pages go to neighbouring sets, so that a buffer does not evict itself. Where the
     * pages of a key begin is in the upper bits of its product with the golden ratio, which are as
     * far from those of the keys before as can be: address spaces alike do not meet.
     */
    int set(long address, int shift, int key) {
        long page = address >>> shift;
        int start = (key + shift) * 0x9E3779B1 >>> spreadShift;
        int mixed = (int) (page + (page >>> 11)) + (int) (page >>> 23) + start;
        return (mixed & setMask) << STRIDE_SHIFT;
    }

    /**
     * Looks once; 0 also if the set is just being changed. Without a loop, so that an access in
     * which it is expanded stays small enough to be expanded itself. Ways beyond the capacity hold
     * no tag.
     */
    long peek(int base, long tag, long owner) {
        long[] words = table;
        long version = (long) WORD.getVolatile(words, base);
        long entry;
        if (words[base + 2] == tag && words[base + 3] == owner) {
            entry = words[base + 4];
        } else if (words[base + 5] == tag && words[base + 6] == owner) {
            entry = words[base + 7];
        } else if (words[base + 8] == tag && words[base + 9] == owner) {
            entry = words[base + 10];
        } else if (words[base + 11] == tag && words[base + 12] == owner) {
            entry = words[base + 13];
        } else {
            return 0;
        }
        VarHandle.loadLoadFence();
        return (version & 1) == 0 && (long) WORD.getOpaque(words, base) == version ? entry : 0;
    }

    /** Looks again while the set is being changed, but not for ever: 0 is never wrong. */
    long probe(int base, long tag, long owner) {
        for (int spins = 0; spins < SPINS; spins++) {
            long version = (long) WORD.getVolatile(table, base);
            if ((version & 1) == 0) {
                long entry = peek(base, tag, owner);
                if (entry != 0 || (long) WORD.getVolatile(table, base) == version) {
                    return entry;
                }
            }
            Thread.onSpinWait();
        }
        return 0;
    }

    /** Locks a set; returns its version, for {@link #unlock}. */
    long lock(int base) {
        while (true) {
            long version = (long) WORD.getOpaque(table, base);
            if ((version & 1) == 0 && WORD.compareAndSet(table, base, version, version + 1)) {
                VarHandle.storeStoreFence();
                return version;
            }
            pause(base);
        }
    }

    /**
     * Unlocks a set to which an entry was added: a release is enough, because whoever removes reads
     * the version after having announced himself, and the lock was a full fence.
     */
    void unlock(int base, long version) {
        WORD.setRelease(table, base, version + 2);
    }

    /** Unlocks a set from which entries were removed, before running accesses are looked for. */
    private void unlockRemoved(int base, long version) {
        WORD.setVolatile(table, base, version + 2);
    }

    private void pause(int base) {
        for (int spins = 0; spins < SPINS; spins++) {
            if (((long) WORD.getOpaque(table, base) & 1) == 0) {
                return;
            }
            Thread.onSpinWait();
        }
        Thread.yield();
    }

    /**
     * In a locked set: the way of the same page and key, else a free one or one of a dead owner.
     */
    int place(int base, long tag, int key, OwnerTest alive) {
        int free = -1;
        for (int way = base + FIRST_WAY; way < base + FIRST_WAY + WAY * ways; way += WAY) {
            long there = table[way];
            if (there == tag && key(table[way + 1]) == key) {
                return way;
            }
            if (free < 0 && (there == 0 || !alive.holds(table[way + 1]))) {
                free = way;
            }
        }
        return free >= 0 ? free : evict(base);
    }

    /** The next way in turn; its entry is lost. */
    private int evict(int base) {
        long evicted = table[base + EVICTIONS]++;
        return base + FIRST_WAY + WAY * (int) (evicted & (ways - 1));
    }

    /** Fills a way of a locked set. */
    void put(int way, long tag, long owner, long entry) {
        table[way] = tag;
        table[way + 1] = owner;
        table[way + 2] = entry;
    }

    /** Removes the entry of one page, whatever its generation. */
    void remove(int base, long tag, long ignored, int key) {
        if (!holds(base, tag, ignored, key)) {
            return;
        }
        long version = lock(base);
        for (int way = base + FIRST_WAY; way < base + FIRST_WAY + WAY * ways; way += WAY) {
            if ((table[way] & ~ignored) == tag && key(table[way + 1]) == key) {
                table[way] = 0;
            }
        }
        unlockRemoved(base, version);
    }

    /** Waits for a change under way, because a fill that is not seen now would stay. */
    private boolean holds(int base, long tag, long ignored, int key) {
        while (true) {
            long version = (long) WORD.getVolatile(table, base);
            if ((version & 1) != 0) {
                pause(base);
                continue;
            }
            boolean found = false;
            for (int way = base + FIRST_WAY; way < base + FIRST_WAY + WAY * ways; way += WAY) {
                found |= (table[way] & ~ignored) == tag && key(table[way + 1]) == key;
            }
            VarHandle.loadLoadFence();
            if ((long) WORD.getOpaque(table, base) == version) {
                return found;
            }
        }
    }

    /** Looks at every set; a negative key stands for all. */
    void sweep(int key, long address, int sizeShift) {
        for (int base = 0; base < table.length; base += 1 << STRIDE_SHIFT) {
            long version = lock(base);
            for (int way = base + FIRST_WAY; way < base + FIRST_WAY + WAY * ways; way += WAY) {
                long there = table[way];
                if (there != 0
                        && (key < 0 || key(table[way + 1]) == key)
                        && overlaps(there, address, sizeShift)) {
                    table[way] = 0;
                }
            }
            unlockRemoved(base, version);
        }
    }

    /** The sum over all sets; only for those who have time. */
    long evictions() {
        long sum = 0;
        for (int base = 0; base < table.length; base += 1 << STRIDE_SHIFT) {
            sum += (long) WORD.getAcquire(table, base + EVICTIONS);
        }
        return sum;
    }

    /** Whether an entry's owner has a property. */
    interface OwnerTest {
        boolean holds(long owner);
    }

    /** Visits the entries of certain owners without privilege; exact only while nothing changes. */
    void visit(OwnerTest test, TranslationCacheView.Visitor visitor) {
        for (int base = 0; base < table.length; base += 1 << STRIDE_SHIFT) {
            for (int way = base + FIRST_WAY; way < base + FIRST_WAY + WAY * ways; way += WAY) {
                long tag = (long) WORD.getAcquire(table, way);
                long owner = (long) WORD.getAcquire(table, way + 1);
                if (tag == 0 || (tag & PRIVILEGED) != 0 || !test.holds(owner)) {
                    continue;
                }
                long entry = probe(base, tag, owner);
                int shift = (int) tag & 63;
                if (entry != 0) {
                    visitor.translation(
                            key(owner) - 1,
                            tag & -1L << shift,
                            shift,
                            TranslationEntry.address(entry),
                            TranslationEntry.access(entry));
                }
            }
        }
    }

    /** How many entries there are of certain owners; exact only while nothing changes. */
    int count(OwnerTest test) {
        int count = 0;
        for (int base = 0; base < table.length; base += 1 << STRIDE_SHIFT) {
            for (int way = base + FIRST_WAY; way < base + FIRST_WAY + WAY * ways; way += WAY) {
                if ((long) WORD.getAcquire(table, way) != 0 && test.holds(table[way + 1])) {
                    count++;
                }
            }
        }
        return count;
    }
}
