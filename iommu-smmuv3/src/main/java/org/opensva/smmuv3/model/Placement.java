package org.opensva.smmuv3.model;

/**
 * Where in a {@link TaggedCache} a translation belongs: its key, the shard and the set that it is
 * in, and the lists that it is chained in. The address alone chooses the shard, and the tag moves a
 * page within its shard only.
 *
 * @param shardBits log2 of how many shards there are, 0 to 4
 * @param sets how many sets each of them has, and as many lists of each kind; a power of two
 */
record Placement(int shardBits, int sets) {

    private static final long OCCUPIED = 1 << 6;

    /** A table has 2^9 pages, as far as this is about. */
    private static final int TABLE_SHIFT = 9;

    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final long SILVER = 0xc2b2ae3d27d4eb4fL;

    /** The address of a page and its size; never 0. */
    static long key(long address, int shift) {
        return address & -1L << shift | OCCUPIED | shift;
    }

    /** Where the sets of a tag begin, within each shard. */
    static int turn(long tag) {
        return (int) (tag * SILVER >>> 32);
    }

    /** The number of a page's shard. */
    int shard(long key) {
        long page = page(key);
        return shard(page, scatter(page));
    }

    /** Neighbours are in different shards, so that address spaces alike fill all of them. */
    private int shard(long page, int scattered) {
        return (int) page + (scattered >>> 28) & (1 << shardBits) - 1;
    }

    /**
     * The number of a page's set among those of all shards; its lowest bits are the shard. The
     * pages of one table are in neighbouring sets, so that a buffer does not evict itself.
     *
     * @param turn {@link #turn} of the tag
     */
    int set(long key, int turn) {
        long page = page(key);
        int scattered = scatter(page);
        int within = scattered + (int) (page >>> shardBits) + turn & sets - 1;
        return within << shardBits | shard(page, scattered);
    }

    /** The list of a tag's entries, in each shard. */
    int tagList(long tag) {
        return (int) (tag * SILVER >>> 40) & sets - 1;
    }

    /** The list of the entries of a page of all tags of a machine, in the page's shard. */
    int addressList(long key, long tag) {
        long hash = (key ^ key >>> 17) * GOLDEN + (tag & Tag.MACHINE) * SILVER;
        return (int) (hash >>> 30) & sets - 1;
    }

    private static long page(long key) {
        return key >>> (int) key; // by the size, which are its lowest bits
    }

    /** What the pages of one table have in common. */
    private static int scatter(long page) {
        return ((int) (page >>> TABLE_SHIFT) + (int) (page >>> 29)) * 0x9e3779b1;
    }
}
