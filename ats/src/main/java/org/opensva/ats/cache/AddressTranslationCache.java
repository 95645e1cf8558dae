package org.opensva.ats.cache;

import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.TranslationCacheView;
import org.opensva.api.memory.Access;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An address translation cache (PCI Express Base 6.x section 10.1.1): what translation requests
 * were answered with, by PASID and page.
 *
 * <p>It is tenacious: an entry stays until it is invalidated, replaced by a newer answer for the
 * same page, or evicted because its set is full. It holds pages of every size that the size field
 * can say, and looks only for sizes that it has seen.
 *
 * <p><b>Answers that were overtaken.</b> Before a translation request is sent, {@link #stamp} and
 * {@link #token} are sampled; {@link #fill} refuses the answer if either has moved, and then the
 * answer may be stale and must not be used. An invalidation moves one of them before it removes
 * anything. What {@code fill} accepts inside the guard may be used until the guard is left.
 *
 * <p><b>Inside.</b> Readers take no lock and write nothing. An entry carries the generation that it
 * was fetched in, so that dropping a PASID or everything is an addition; a range is removed page by
 * page, or by looking at all sets when that is less.
 *
 * <p><b>Threading.</b> Any thread may call. Look-ups and fills do not allocate.
 */
public final class AddressTranslationCache {

    private static final VarHandle TRAITS;
    private static final VarHandle FLUSHES;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            TRAITS = lookup.findVarHandle(AddressTranslationCache.class, "traits", long.class);
            FLUSHES = lookup.findVarHandle(AddressTranslationCache.class, "flushes", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Flag: a translation marked global was filled at some time. */
    private static final long HOLDS_GLOBAL = 1;

    /** Flag: a translation of a PASID was filled at some time. */
    private static final long HOLDS_TAGGED = 1 << 1;

    private static final long FLAGS = (1 << 12) - 1;

    private static final int GLOBAL_KEY = (1 << Pasid.BITS) + 1;

    private final EntryTable table;
    private final EntryTable.OwnerTest alive = this::isAlive;
    private final PasidStates pasids;

    /** Bit n, 12 and up: a page of 2<sup>n</sup> bytes was filled at some time; and flags below. */
    @SuppressWarnings("UnusedVariable") // through its handle
    private volatile long traits;

    @SuppressWarnings("UnusedVariable") // through its handle
    private volatile long flushes;

    /** Counts invalidations of ranges that are not of one PASID. */
    private final AtomicLong sequence = new AtomicLong();

    /**
     * Creates an empty cache.
     *
     * @param capacity how many entries it has, a power of two
     * @param pasids the counters of the same endpoint
     */
    public AddressTranslationCache(int capacity, PasidStates pasids) {
        if (capacity < 1 || Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException("capacity " + capacity + " is not a power of two");
        }
        if (capacity > 1 << 26) {
            throw new IllegalArgumentException("capacity " + capacity + " is not in 1..2^26");
        }
        this.pasids = pasids;
        table = new EntryTable(capacity);
    }

    /**
     * The generation in which a translation for a PASID has to be fetched to be alive. Sampled
     * before a translation request.
     *
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @return an opaque number for {@link #fill}
     */
    public long stamp(int pasid) {
        return pasids.generation(pasid) + (long) FLUSHES.getVolatile(this);
    }

    /**
     * The count of invalidations that can overtake a translation request for a PASID. Sampled
     * before it.
     *
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @return an opaque number for {@link #fill}
     */
    public long token(int pasid) {
        return pasids.sequence(pasid) + sequence.get();
    }

    /**
     * Looks for a translation that allows an access. The caller is in the guard.
     *
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @param address an untranslated address
     * @param access the {@link Access} bits that are needed
     * @return the {@link TranslationEntry}, or 0
     */
    public long find(int pasid, long address, int access) {
        return find(pasid, address, access, stamp(pasid));
    }

    /**
     * Looks for a translation as {@link #find(int, long, int)} does, one of several in one stay in
     * the guard. What is dropped during the stay may be found until its end, which whoever drops it
     * waits for.
     *
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @param address an untranslated address
     * @param access the {@link Access} bits that are needed
     * @param stamp what {@link #stamp} returned in the same stay
     * @return the {@link TranslationEntry}, or 0
     */
    public long find(int pasid, long address, int access, long stamp) {
        long owner = EntryTable.owner(pasid + 1, stamp);
        // Most pages are small: which other sizes there are is read only when none is found.
        long tag = EntryTable.tag(address, 12) | mode(pasid, access);
        long entry = table.peek(table.set(address, 12, pasid + 1), tag, owner);
        return entry != 0 && allows(entry, access) ? entry : search(pasid, address, access, owner);
    }

    private long search(int pasid, long address, int access, long owner) {
        long held = (long) TRAITS.getAcquire(this);
        long mode = mode(pasid, access);
        boolean global = pasid != Pasid.NONE && (held & HOLDS_GLOBAL) != 0;
        for (long left = held & ~FLAGS; left != 0; left &= left - 1) {
            int shift = Long.numberOfTrailingZeros(left);
            long tag = EntryTable.tag(address, shift) | mode;
            long entry = table.probe(table.set(address, shift, pasid + 1), tag, owner);
            if ((entry == 0 || !allows(entry, access)) && global) {
                long everyone = EntryTable.owner(GLOBAL_KEY, (long) FLUSHES.getVolatile(this));
                entry = table.probe(table.set(address, shift, GLOBAL_KEY), tag, everyone);
            }
            if (entry != 0 && allows(entry, access)) {
                return entry;
            }
        }
        return 0;
    }

    /**
     * What a page's translation allows already, so that asking for more does not lose it.
     *
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @param address an untranslated address
     * @param access the {@link Access} bits that are wanted
     * @return these and what the cached entry allows
     */
    public int widen(int pasid, long address, int access) {
        long entry = find(pasid, address, access & Access.PRIVILEGED);
        return entry == 0 ? access : access | TranslationEntry.access(entry);
    }

    /**
     * Tells whether an entry allows an access.
     *
     * @param entry a {@link TranslationEntry}
     * @param access the {@link Access} bits that are needed
     * @return true if all of them are allowed; privilege is not looked at
     */
    public static boolean allows(long entry, int access) {
        // R and W have the places of READ and WRITE; EXECUTE needs R and Exe.
        int fetch = access & Access.EXECUTE;
        int needed = (access & (Access.READ | Access.WRITE)) | fetch << 1 | fetch >> 2;
        return ((int) entry & needed) == needed;
    }

    /**
     * Keeps the answer to a translation request. The caller is in the guard.
     *
     * @param pasid the PASID of the request, or {@link Pasid#NONE}
     * @param address the untranslated address of the request
     * @param entry the {@link TranslationEntry}, with R or W set and U clear
     * @param stamp what {@link #stamp} returned before the request
     * @param token what {@link #token} returned before the request
     * @return false if an invalidation may have overtaken the request: the answer must not be used
     */
    public boolean fill(int pasid, long address, long entry, long stamp, long token) {
        int shift = TranslationEntry.sizeShift(entry);
        boolean global =
                pasid != Pasid.NONE && TranslationEntry.has(entry, TranslationEntry.GLOBAL);
        int key = global ? GLOBAL_KEY : pasid + 1;
        long mode = TranslationEntry.has(entry, TranslationEntry.PRIV) ? EntryTable.PRIVILEGED : 0;
        // Before the check below, so that an invalidation either sees it or is seen.
        announce(shift, global, pasid);
        dropOtherSizes(key, address, shift, mode);

        long keptStamp = global ? (long) FLUSHES.getVolatile(this) : stamp;
        long tag = EntryTable.tag(address, shift) | mode;
        int base = table.set(address, shift, key);
        long version = table.lock(base);
        boolean current = token(pasid) == token && stamp(pasid) == stamp;
        if (current) {
            int way = table.place(base, tag, key, alive);
            table.put(way, tag, EntryTable.owner(key, keptStamp), entry);
        }
        table.unlock(base, version);
        return current;
    }

    private void announce(int shift, boolean global, int pasid) {
        long trait =
                1L << shift
                        | (global ? HOLDS_GLOBAL : 0)
                        | (pasid != Pasid.NONE ? HOLDS_TAGGED : 0);
        if (((long) TRAITS.getVolatile(this) & trait) != trait) {
            TRAITS.getAndBitwiseOr(this, trait);
        }
    }

    private long sizes() {
        return (long) TRAITS.getVolatile(this) & ~FLAGS;
    }

    /** A page that is now part of a larger one, or the other way round, has one entry, not two. */
    private void dropOtherSizes(int key, long address, int shift, long mode) {
        long others = sizes() & ~(1L << shift);
        for (; others != 0; others &= others - 1) {
            int other = Long.numberOfTrailingZeros(others);
            table.remove(
                    table.set(address, other, key), EntryTable.tag(address, other) | mode, 0, key);
        }
    }

    private boolean isAlive(long owner) {
        int key = EntryTable.key(owner);
        return EntryTable.isOf(
                owner, key == GLOBAL_KEY ? (long) FLUSHES.getVolatile(this) : stamp(key - 1));
    }

    /** Drops everything, in constant time. */
    public void removeAll() {
        FLUSHES.getAndAdd(this, 1L);
    }

    /**
     * Drops all of one PASID, in constant time; not what is marked global.
     *
     * @param pasid the PASID, or {@link Pasid#NONE} for translations without one
     */
    public void removeAll(int pasid) {
        pasids.nextGeneration(pasid);
    }

    /**
     * Drops a range of one PASID; not what is marked global. Costs what the range covers, or the
     * capacity if that is less.
     *
     * @param pasid the PASID, or {@link Pasid#NONE} for translations without one
     * @param address first byte, aligned to the size
     * @param sizeShift size as a power of two, 12 to 63
     */
    public void remove(int pasid, long address, int sizeShift) {
        pasids.nextSequence(pasid);
        int key = pasid + 1;
        long sizesHeld = sizes();
        if (probes(sizesHeld, sizeShift) > table.sets()) {
            table.sweep(key, address, sizeShift);
            return;
        }
        for (long left = sizesHeld; left != 0; left &= left - 1) {
            int shift = Long.numberOfTrailingZeros(left);
            long pages = shift >= sizeShift ? 1 : 1L << (sizeShift - shift);
            for (long page = 0; page < pages; page++) {
                long first = address + (page << shift);
                table.remove(
                        table.set(first, shift, key),
                        EntryTable.tag(first, shift),
                        EntryTable.PRIVILEGED,
                        key);
            }
        }
    }

    /**
     * Drops a range of all PASIDs and of none, and what is marked global there.
     *
     * @param address first byte, aligned to the size
     * @param sizeShift size as a power of two, 12 to 63
     */
    public void removeEverywhere(long address, int sizeShift) {
        sequence.getAndIncrement();
        if (((long) TRAITS.getVolatile(this) & HOLDS_TAGGED) != 0) {
            table.sweep(-1, address, sizeShift);
        } else {
            remove(Pasid.NONE, address, sizeShift);
        }
    }

    private static long probes(long sizesHeld, int sizeShift) {
        long probes = 0;
        for (long left = sizesHeld; left != 0; left &= left - 1) {
            int shift = Long.numberOfTrailingZeros(left);
            probes += shift >= sizeShift ? 1 : 1L << Math.min(40, sizeShift - shift);
        }
        return probes;
    }

    /** Privilege travels in the PASID prefix, so that a request without PASID has none. */
    private static long mode(int pasid, int access) {
        return pasid != Pasid.NONE && (access & Access.PRIVILEGED) != 0 ? EntryTable.PRIVILEGED : 0;
    }

    /**
     * How many entries were dropped for want of room.
     *
     * @return a number that only grows
     */
    public long evictions() {
        return table.evictions();
    }

    /**
     * Visits the translations of PASIDs, for introspection.
     *
     * @param visitor gets those that are alive and neither global nor of privileged mode
     */
    public void visit(TranslationCacheView.Visitor visitor) {
        table.visit(this::isOrdinary, visitor);
    }

    private boolean isOrdinary(long owner) {
        int key = EntryTable.key(owner);
        return key != GLOBAL_KEY && key != Pasid.NONE + 1 && isAlive(owner);
    }

    /**
     * How many entries there are, for introspection; exact only while nothing changes.
     *
     * @return 0 to the capacity
     */
    public int size() {
        return table.count(alive);
    }
}
