package org.opensva.smmuv3.model;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A set-associative cache of translations in one flat array: the IOTLB, the stage 2 TLB, and the
 * walk caches.
 *
 * <p>An entry is four words: a sequence word (stamp of its group, and a version whose lowest bit is
 * set while the entry is being written), the input address with the size, the tag, and what {@link
 * Cached} packs. Look-ups take no lock: they read the sequence word before and after. Entries of
 * different sizes live side by side; the sizes that ever occurred are remembered, so that a look-up
 * probes no others.
 *
 * <p>The address alone chooses one of several shards, each with a lock for those who write. Entries
 * are also chained, by tag and by address, so that an invalidation finds what it is after without
 * looking at anything else. The address of the second chain is that of what stage 1 maps as one:
 * where stage 2 broke that into smaller entries, an invalidation of any part of it must find all.
 *
 * <p>One byte of each entry is kept a second time, in {@link SetHints}: who looks for what is not
 * there need not fetch the set, which in a large cache is far away.
 *
 * <p>Fills race with invalidations. A fill carries the stamp and the number of range invalidations
 * of before the walk; if either has moved, the entry is dead on arrival or not written.
 */
final class TaggedCache {

    private static final int WAYS = 4;
    private static final int WORDS = 4;
    private static final int KEY = 1;
    private static final int TAG = 2;
    private static final int DATA = 3;
    private static final int VERSION_BITS = 64 - Stamps.BITS;
    private static final long VERSION_MASK = (1L << VERSION_BITS) - 1;
    private static final int MOST_SHARDS = 16;

    /** A range of so few pages is looked up page by page without asking what there is. */
    private static final int FEW_PAGES = 8;

    /**
     * The first ways of so many sets lie one behind the other and fill a page of the host, then
     * their second ways, and so on. Pages of one table are in neighbouring sets, and a cache that
     * is not full has most entries in first ways: so they share cache lines and host pages, however
     * large the cache is.
     */
    private static final int GROUP = 128;

    /** From one way of a set to the next. */
    private static final int STRIDE = GROUP * WORDS;

    // A large array begins 16 bytes into a page of the host; from here on entries do not straddle
    // cache lines.
    private static final int ORIGIN = 510;

    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

    private final Stamps stamps;
    private final long[] words;
    private final SetHints hints;
    private final Shard[] shards;
    private final Placement placement;
    private volatile long sizes;
    private volatile long brokenSizes;
    private volatile int kinds;

    /** What writers of a part of the cache share; its monitor guards that part. */
    private static final class Shard {
        final Chains byTag;
        final Chains byAddress;
        final int number;

        /** How many entries have made room for others. */
        long evictions;

        Shard(int number, int entries, int lists) {
            this.number = number;
            byTag = new Chains(entries, lists);
            byAddress = new Chains(entries, lists);
        }
    }

    TaggedCache(int entries, Stamps stamps) {
        this.stamps = stamps;
        int sets = entries / WAYS;
        words = new long[ORIGIN + Math.max(sets, GROUP) * WAYS * WORDS];
        hints = new SetHints(sets);
        int count = Math.min(MOST_SHARDS, Math.max(1, sets / 64));
        placement = new Placement(Integer.numberOfTrailingZeros(count), sets / count);
        shards = new Shard[count];
        int each = sets / count * WAYS;
        for (int i = 0; i < count; i++) {
            shards[i] = new Shard(i, each, sets / count);
        }
    }

    /**
     * Looks a translation up, first under the tag and then among global entries.
     *
     * @param missed a tag under which it is known not to be there
     * @return what {@link Cached} packs, or 0
     */
    long findAny(long tag, long globalTag, long address, long missed) {
        long found = tag == missed ? 0 : find(tag, address);
        return found == 0 && everHeld(globalTag) ? find(globalTag, address) : found;
    }

    /**
     * Looks a translation up.
     *
     * @return what {@link Cached} packs, or 0
     */
    long find(long tag, long address) {
        return findStamped(tag, stamps.of(tag), address);
    }

    /**
     * Looks a translation up.
     *
     * @param stamp the current stamp of the tag. The caller is in a lane, and took it there: who
     *     makes it obsolete afterwards waits for the lane
     * @return what {@link Cached} packs, or 0
     */
    long findStamped(long tag, long stamp, long address) {
        return find(tag, stamp, address, sizes);
    }

    /** The same, among all sizes but one, which has been looked for. */
    long findOther(long tag, long stamp, long address, int shift) {
        return find(tag, stamp, address, sizes & ~(1L << shift));
    }

    private long find(long tag, long stamp, long address, long among) {
        for (long rest = among; rest != 0; rest &= rest - 1) {
            long found = probe(tag, stamp, address, Long.numberOfTrailingZeros(rest));
            if (found != 0) {
                return found;
            }
        }
        return 0;
    }

    /**
     * Looks a translation of one size up.
     *
     * @return what {@link Cached} packs, or 0
     */
    long probe(long tag, long address, int shift) {
        return probe(tag, stamps.of(tag), address, shift);
    }

    /** The same, with a stamp as for {@link #findStamped}. */
    long probe(long tag, long stamp, long address, int shift) {
        return probe(tag, Placement.turn(tag), stamp, address, shift);
    }

    /**
     * Looks a translation of one size up, for somebody who uses a tag again and again.
     *
     * @param turn {@link Placement#turn} of the tag
     * @param stamp as for {@link #findStamped}
     * @return what {@link Cached} packs, or 0
     */
    long probe(long tag, int turn, long stamp, long address, int shift) {
        long key = Placement.key(address, shift);
        int at = first(placement.set(key, turn));
        long[] held = words; // once: what follows is ordered, so that a field would be read again
        // Without a loop, which would have its bounds looked at before each.
        long found = peek(held, at, key, tag, stamp);
        if (found == 0) {
            found = peek(held, at + STRIDE, key, tag, stamp);
        }
        if (found == 0) {
            found = peek(held, at + 2 * STRIDE, key, tag, stamp);
        }
        return found != 0 ? found : peek(held, at + 3 * STRIDE, key, tag, stamp);
    }

    private static long peek(long[] held, int at, long key, long tag, long stamp) {
        long sequence = (long) ELEMENT.getAcquire(held, at);
        if (held[at + KEY] != key || held[at + TAG] != tag) {
            return 0;
        }
        long data = held[at + DATA];
        return isWhole(held, at, sequence, stamp) ? data : 0;
    }

    /** Whether what was read at a place belongs together, and to this stamp. */
    private static boolean isWhole(long[] held, int place, long sequence, long stamp) {
        VarHandle.loadLoadFence();
        // Neither being written nor of another stamp, and not written meanwhile.
        return ((sequence ^ stamp << VERSION_BITS) & (~VERSION_MASK | 1)) == 0
                && (long) ELEMENT.getOpaque(held, place) == sequence;
    }

    /** Sees entries. */
    interface Visitor {
        /** An entry that a look-up would find, with what {@link Cached} packs. */
        void entry(long tag, long address, long data);
    }

    /** Visits the entries that look-ups would find, as far as they do not change meanwhile. */
    void visit(Visitor visitor) {
        for (int at = ORIGIN; at < words.length; at += WORDS) {
            long key = (long) ELEMENT.getAcquire(words, at + KEY);
            long tag = (long) ELEMENT.getAcquire(words, at + TAG);
            if (key != 0) {
                int shift = (int) key & 0x3f;
                long address = key & -1L << shift;
                long data = probe(tag, address, shift);
                if (data != 0) {
                    visitor.entry(tag, address, data);
                }
            }
        }
    }

    /** Whether there ever was an entry of the tag's kind. */
    private boolean everHeld(long tag) {
        return (kinds & 1 << Tag.kind(tag)) != 0;
    }

    /**
     * Keeps a translation, in the place of an older one if the set is full.
     *
     * @param stamp the stamp of the tag before the walk
     * @param ranges {@link Stamps#ranges()} before the walk
     * @param random any number, to choose what makes room
     */
    void insert(long tag, long address, long data, long stamp, long ranges, int random) {
        int shift = Cached.sizeShift(data);
        int whole = Cached.wholeShift(data);
        if ((sizes & 1L << shift) == 0
                || !everHeld(tag)
                || whole != shift && (brokenSizes & 1L << whole) == 0) {
            remember(shift, whole, tag);
        }
        long key = Placement.key(address, shift);
        int set = placement.set(key, Placement.turn(tag));
        Shard shard = shards[set & shards.length - 1];
        synchronized (shard) {
            if (stamps.ranges() != ranges) {
                return;
            }
            int way = place(shard, set, key, tag, stamp, random);
            int at = first(set) + way * STRIDE;
            int tagList = placement.tagList(tag);
            int addressList = placement.addressList(Placement.key(address, whole), tag);
            chain(shard, entry(set, way), at, tagList, addressList);
            long sequence = words[at];
            ELEMENT.setOpaque(words, at, sequence | 1);
            VarHandle.storeStoreFence();
            ELEMENT.setOpaque(words, at + KEY, key);
            ELEMENT.setOpaque(words, at + TAG, tag);
            ELEMENT.setOpaque(words, at + DATA, data);
            ELEMENT.setRelease(words, at, stamp << VERSION_BITS | sequence + 2 & VERSION_MASK);
            hints.put(set, way, key, tag);
        }
    }

    private synchronized void remember(int shift, int whole, long tag) {
        sizes |= 1L << shift;
        if (whole != shift) {
            brokenSizes |= 1L << whole;
        }
        kinds |= 1 << Tag.kind(tag);
    }

    /** The way of a set that an entry is put in. */
    private int place(Shard shard, int set, long key, long tag, long stamp, int random) {
        int free = -1;
        for (int way = 0, at = first(set); way < WAYS; way++, at += STRIDE) {
            long other = words[at + KEY];
            long otherTag = words[at + TAG];
            if (other == key && otherTag == tag) {
                return way;
            }
            if (free < 0
                    && (other == 0
                            || words[at] >>> VERSION_BITS
                                    != (otherTag == tag ? stamp : stamps.of(otherTag)))) {
                free = way;
            }
        }
        if (free >= 0) {
            return free;
        }
        shard.evictions++;
        return random & WAYS - 1;
    }

    /** How many entries have made room for others. */
    long evictions() {
        long sum = 0;
        for (Shard shard : shards) {
            synchronized (shard) {
                sum += shard.evictions;
            }
        }
        return sum;
    }

    /**
     * Drops the entries of one tag that touch a range. The cost is that of the pages of the range,
     * or of the entries of the tag if they are fewer.
     *
     * @param first first address
     * @param last last address, unsigned, not below {@code first}
     * @param granuleCode only entries of this granule, 0 for all
     * @param level only entries found at this level, 0 for all
     */
    void invalidate(long tag, long first, long last, int granuleCode, int level) {
        if (!everHeld(tag)) {
            return;
        }
        if (pages(first, last, FEW_PAGES) || pages(first, last, population(tag))) {
            for (long rest = sizes; rest != 0; rest &= rest - 1) {
                int shift = Long.numberOfTrailingZeros(rest);
                long steps = (last >>> shift) - (first >>> shift);
                for (long step = 0; step <= steps; step++) {
                    drop(tag, (first >>> shift) + step << shift, shift, granuleCode, level);
                }
            }
            dropBroken(tag, -1L, first, last, granuleCode, level);
            return;
        }
        for (Shard shard : shards) {
            synchronized (shard) {
                int next;
                int list = placement.tagList(tag);
                for (int entry = shard.byTag.first(list); entry >= 0; entry = next) {
                    next = shard.byTag.after(entry);
                    int at = position(shard, entry);
                    if (words[at + TAG] == tag
                            && touches(at, first, last)
                            && matches(words[at + DATA], granuleCode, level)) {
                        clear(shard, entry, at);
                    }
                }
            }
        }
    }

    /** Whether a range has at most that many pages, counting those of every size. */
    private boolean pages(long first, long last, long limit) {
        long left = limit;
        for (long rest = sizes | brokenSizes; rest != 0 && left >= 0; rest &= rest - 1) {
            int shift = Long.numberOfTrailingZeros(rest);
            left -= (last >>> shift) - (first >>> shift) + 1;
        }
        return left >= 0;
    }

    private long population(long tag) {
        int list = placement.tagList(tag);
        long count = 0;
        for (Shard shard : shards) {
            synchronized (shard) {
                count += shard.byTag.length(list);
            }
        }
        return count;
    }

    /**
     * Drops the entries that touch a range, of every tag of a regime and machine.
     *
     * @param machine any tag of the regime and machine
     */
    void invalidateEverySpace(long machine, long first, long last, int granuleCode, int level) {
        long wanted = machine & Tag.MACHINE;
        if (pages(first, last, (long) shards.length * placement.sets())) {
            for (long rest = sizes; rest != 0; rest &= rest - 1) {
                int shift = Long.numberOfTrailingZeros(rest);
                long steps = (last >>> shift) - (first >>> shift);
                for (long step = 0; step <= steps; step++) {
                    long key = Placement.key((first >>> shift) + step << shift, shift);
                    dropChained(
                            shards[placement.shard(key)],
                            key,
                            wanted,
                            Tag.MACHINE,
                            granuleCode,
                            level);
                }
            }
            dropBroken(wanted, Tag.MACHINE, first, last, granuleCode, level);
            return;
        }
        // More pages than the cache has sets: what is not touched belongs to other machines.
        for (Shard shard : shards) {
            synchronized (shard) {
                for (int entry = 0; entry < placement.sets() * WAYS; entry++) {
                    int at = position(shard, entry);
                    if (words[at + KEY] != 0
                            && (words[at + TAG] & Tag.MACHINE) == wanted
                            && touches(at, first, last)
                            && matches(words[at + DATA], granuleCode, level)) {
                        clear(shard, entry, at);
                    }
                }
            }
        }
    }

    /** Drops what is part of something larger that touches the range. */
    private void dropBroken(
            long tag, long tagMask, long first, long last, int granuleCode, int level) {
        for (long rest = brokenSizes; rest != 0; rest &= rest - 1) {
            int shift = Long.numberOfTrailingZeros(rest);
            long steps = (last >>> shift) - (first >>> shift);
            for (long step = 0; step <= steps; step++) {
                long key = Placement.key((first >>> shift) + step << shift, shift);
                for (Shard shard : shards) {
                    dropChained(shard, key, tag, tagMask, granuleCode, level);
                }
            }
        }
    }

    private void dropChained(
            Shard shard, long key, long tag, long tagMask, int granuleCode, int level) {
        synchronized (shard) {
            int next;
            int list = placement.addressList(key, tag);
            for (int entry = shard.byAddress.first(list); entry >= 0; entry = next) {
                next = shard.byAddress.after(entry);
                int at = position(shard, entry);
                if (wholeKey(at) == key
                        && (words[at + TAG] & tagMask) == tag
                        && matches(words[at + DATA], granuleCode, level)) {
                    clear(shard, entry, at);
                }
            }
        }
    }

    private void drop(long tag, long address, int shift, int granuleCode, int level) {
        long key = Placement.key(address, shift);
        int set = placement.set(key, Placement.turn(tag));
        Shard shard = shards[set & shards.length - 1];
        synchronized (shard) {
            if (!hints.mayHold(set, key, tag)) {
                return;
            }
            for (int way = 0, at = first(set); way < WAYS; way++, at += STRIDE) {
                if (words[at + KEY] == key && words[at + TAG] == tag) {
                    if (matches(words[at + DATA], granuleCode, level)) {
                        clear(shard, entry(set, way), at);
                    }
                    return; // there is no other
                }
            }
        }
    }

    /** Where the first way of a set is. */
    private static int first(int set) {
        return ORIGIN + (set + (set & -GROUP) * (WAYS - 1)) * WORDS;
    }

    /** The number by which the lists of a set's shard know an entry. */
    private int entry(int set, int way) {
        return (set >>> placement.shardBits()) * WAYS + way;
    }

    private int set(Shard shard, int entry) {
        return entry / WAYS << placement.shardBits() | shard.number;
    }

    private int position(Shard shard, int entry) {
        return first(set(shard, entry)) + (entry & WAYS - 1) * STRIDE;
    }

    /** The key of what stage 1 maps as one. */
    private long wholeKey(int at) {
        return Placement.key(words[at + KEY] & -1L << 12, Cached.wholeShift(words[at + DATA]));
    }

    private boolean touches(int at, long first, long last) {
        int shift = Cached.wholeShift(words[at + DATA]);
        long start = words[at + KEY] & -1L << shift;
        long end = start + (1L << shift) - 1;
        return Long.compareUnsigned(start, last) <= 0 && Long.compareUnsigned(end, first) >= 0;
    }

    private static boolean matches(long data, int granuleCode, int level) {
        return (granuleCode == 0 || Cached.granuleCode(data) == granuleCode)
                && (level == 0 || Cached.level(data) == level);
    }

    private void clear(Shard shard, int entry, int at) {
        chain(shard, entry, at, Chains.NONE, Chains.NONE);
        long sequence = words[at];
        ELEMENT.setOpaque(words, at, sequence | 1);
        VarHandle.storeStoreFence();
        ELEMENT.setOpaque(words, at + KEY, 0L);
        long version = sequence + 2 & VERSION_MASK;
        ELEMENT.setRelease(words, at, sequence & ~VERSION_MASK | version);
        hints.clear(set(shard, entry), entry & WAYS - 1);
    }

    /** Moves an entry, which still is what it was, into other lists. */
    private void chain(Shard shard, int entry, int at, int tagList, int addressList) {
        boolean occupied = words[at + KEY] != 0;
        long tag = words[at + TAG];
        shard.byTag.move(occupied ? placement.tagList(tag) : Chains.NONE, tagList, entry);
        shard.byAddress.move(
                occupied ? placement.addressList(wholeKey(at), tag) : Chains.NONE,
                addressList,
                entry);
    }
}
