package org.opensva.smmuv3.model;

import org.opensva.smmuv3.model.ReferenceRules.Claims;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;

/**
 * Random structures and descriptors. Descriptors come into being where a walk looks for them, and
 * lead to a small pool of tables, so that they refer to each other in every way.
 */
final class RandomTables implements ReferenceWalker.Tables {

    static final long FIRST_POOL = TestMachine.RAM + (256L << 20);
    private static final int TABLES = 96;

    static final long POOL_BYTES = (TABLES + 1L) << 16;

    private final Random random;
    private final TestMemory memory;
    private final long contexts;
    private final long secondPool;
    private final Set<Long> contextLines = new HashSet<>();
    private Claims claims;
    private boolean nested;
    private int intermediateBits = 48;

    /** A guest has found the tables that translate its own. */
    static final class Aliased extends RuntimeException {
        private static final long serialVersionUID = 1;

        Aliased() {
            super("stage 1 reads what stage 2 is made of", null, false, false);
        }
    }

    private void checkAlias(long at) {
        // Hardware updates of one stage would change what the other has cached.
        if (at >= secondPool) {
            throw new Aliased();
        }
    }

    /** Made for a context table, which is 64 KB aligned. */
    RandomTables(Random random, TestMemory memory, long contexts, Claims claims) {
        this.random = random;
        this.memory = memory;
        this.contexts = contexts;
        this.claims = claims;
        secondPool = secondPool(claims);
    }

    /** Beyond the reach of the largest block, so that hardly a guest finds its tables in there. */
    static long secondPool(Claims claims) {
        return claims.oas() < 48 ? 1L << 38 : 1L << 44;
    }

    void claims(Claims changed) {
        claims = changed;
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private static void put(long[] words, int high, int low, long value) {
        long mask = -1L >>> 63 - (high - low);
        words[low / 64] &= ~(mask << low % 64);
        words[low / 64] |= (value & mask) << low % 64;
    }

    private void flip(long[] words, int oneIn, int... bits) {
        for (int bit : bits) {
            put(words, bit, bit, chance(oneIn) ? 1 : 0);
        }
    }

    /** A stream table entry, now and then with a bit wrong. */
    long[] entry() {
        contextLines.clear();
        long[] ste = new long[8];
        int config = chance(20) ? 4 : 5 + random.nextInt(claims.s2p() ? 3 : 1);
        nested = config == 7;
        put(ste, 0, 0, 1);
        put(ste, 3, 1, config);
        put(ste, 5, 4, chance(2) ? 0 : 3);
        put(ste, 63, 59, random.nextInt(3));
        put(ste, 65, 64, chance(4) ? random.nextInt(4) : 2);
        put(ste, 93, 92, random.nextInt(2));
        put(ste, 95, 94, chance(20) ? random.nextInt(4) : 2 * random.nextInt(2));
        put(ste, 115, 96, random.nextInt());
        flip(ste, 3, 89, 181, 184);
        flip(ste, claims.httu() == 2 ? 3 : 10, 183);
        flip(ste, 10, 182, 186);
        put(ste, 143, 128, number(claims.idr0() >>> 18));
        put(ste, 173, 168, random.nextInt());
        put(ste, 178, 176, chance(6) ? random.nextInt(8) : 6);
        put(ste, 179, 179, 1);
        secondStage(ste);
        long context = contexts;
        if (nested) {
            context = intermediate(1L << 16);
        }
        put(ste, 55, 6, context >>> 6);
        if (chance(8)) {
            int bit = random.nextInt(8 * 64);
            boolean format = bit == 4 || bit == 5 || bit >= 59 && bit < 64;
            if (!format) {
                ste[bit / 64] ^= 1L << bit % 64;
            }
        }
        return ste;
    }

    private void secondStage(long[] ste) {
        int[] pages = {12, 16, 14};
        int tg = random.nextInt(3);
        int pageBits = pages[tg];
        boolean ds = claims.ds() && chance(2);
        put(ste, 175, 174, tg);
        put(ste, 195, 195, ds ? 1 : 0);
        boolean wide = pageBits == 16 || ds;
        int most = Math.min(claims.oas(), wide ? 52 : 48);
        int least = !claims.stt() ? 25 : pageBits == 16 ? 17 : 16;
        int bits = chance(4) ? most : least + random.nextInt(most - least + 1);
        intermediateBits = bits;
        put(ste, 165, 160, 64 - bits);
        int attempts = chance(8) ? 1 : 40; // now and then levels that do not fit
        for (int tries = 0; tries < attempts; tries++) {
            put(ste, 167, 166, random.nextInt(4));
            put(ste, 194, 194, random.nextInt(2));
            int level = ReferenceRules.startLevel(ste, claims);
            int smallest = (3 - level) * (pageBits - 3) + pageBits + 1;
            if (level != 9 && bits >= smallest && bits <= smallest + pageBits) {
                break;
            }
        }
        put(ste, 247, 196, base(secondPool));
    }

    /** A tag, which is mostly as long as the claim says. */
    private long number(long wide) {
        return (wide & 1) == 1 || chance(8) ? random.nextInt() : random.nextInt(256);
    }

    /** A context descriptor, now and then with a bit wrong. */
    long[] context(int asid) {
        long[] cd = new long[8];
        boolean ds = claims.ds() && chance(2);
        put(cd, 31, 31, 1);
        put(cd, 41, 41, 1);
        put(cd, 46, 46, 1);
        put(cd, 186, 186, ds ? 1 : 0);
        int tg0 = random.nextInt(3);
        int tg1 = 1 + random.nextInt(3);
        put(cd, 7, 6, tg0);
        put(cd, 23, 22, tg1);
        put(cd, 5, 0, size(tg0 == 1, ds));
        put(cd, 21, 16, size(tg1 == 3, ds));
        flip(cd, 8, 14, 30, 66, 130);
        flip(cd, 2, 38, 39, 36, 40, 43, 35, 37, 47, 65, 129, 123);
        flip(cd, claims.httu() == 2 ? 2 : 10, 42);
        put(cd, 13, 8, random.nextInt());
        put(cd, 29, 24, random.nextInt());
        // Small sizes make address size faults; the tables themselves must stay within.
        put(cd, 34, 32, chance(4) ? 0 : 2 + random.nextInt(5));
        put(cd, 63, 48, (claims.idr0() >>> 12 & 1) == 1 || chance(8) ? asid : asid & 0xff);
        put(cd, 119, 68, base(FIRST_POOL));
        put(cd, 183, 132, base(FIRST_POOL));
        cd[3] = random.nextLong();
        if (chance(8)) {
            int bit = random.nextInt(4 * 64);
            cd[bit / 64] ^= 1L << bit % 64;
        }
        return cd;
    }

    private int size(boolean large, boolean ds) {
        boolean wide = (claims.idr5() >>> 10 & 3) != 0 && (large || ds);
        int least = wide ? 12 : 16;
        int most = !claims.stt() ? 39 : large ? 47 : 48;
        return least + random.nextInt(most - least + 1);
    }

    /** An input address for a context, mostly within its ranges. */
    long address(long[] ste, long[] cd) {
        boolean one = (ste[0] >>> 1 & 1) == 1;
        if (!one) {
            int bits = chance(10) ? 60 : intermediateBits;
            return random.nextLong() & (1L << bits) - 1;
        }
        boolean high = random.nextBoolean();
        int bits = 64 - (int) (high ? cd[0] >>> 16 & 63 : cd[0] & 63);
        long va = random.nextLong() & (1L << Math.min(63, bits)) - 1;
        if (high) {
            va |= -1L << bits;
        }
        if (chance(8)) {
            va ^= (long) random.nextInt(256) << 56;
        }
        return chance(30) ? va ^ 1L << bits : va;
    }

    /** The address of a table; an intermediate one if stage 2 comes after. */
    private long table(long pool) {
        if (nested && pool == FIRST_POOL) {
            return intermediate(1L << 16);
        }
        return pool + (random.nextInt(TABLES) << 16);
    }

    /** The field of a table's address, now and then with bits that alignment takes away. */
    private long base(long pool) {
        if (chance(40)) {
            return 1L << 34 + random.nextInt(18); // beyond what some formats reach
        }
        return table(pool) >>> 4 | (chance(3) ? random.nextInt(64) : 0);
    }

    /** One of a few intermediate addresses. */
    private long intermediate(long alignment) {
        long among = random.nextInt(24) * 0x1_0000L;
        long far = chance(3) ? 1L << intermediateBits - 1 : 0;
        return (among | far) & (1L << intermediateBits) - 1 & -alignment;
    }

    @Override
    public void context(long at) {
        checkAlias(at);
        contextLines.add(at >>> 6);
    }

    /** Whether a context descriptor has been read there, which may be in use by now. */
    boolean isContext(long at) {
        return contextLines.contains(at >>> 6);
    }

    @Override
    public long read(long at, int stage, int level, int pageBits, boolean wide, int purpose) {
        if (stage == 1) {
            checkAlias(at);
        }
        long descriptor = memory.readLong(at);
        if (descriptor == 0 && !isContext(at)) {
            descriptor = descriptor(stage, level, pageBits, wide, purpose);
            memory.writeLong(at, descriptor);
        }
        return descriptor;
    }

    private long descriptor(int stage, int level, int pageBits, boolean wide, int purpose) {
        long noise = random.nextLong() & ~0xffff_ffff_f003L;
        if (wide && pageBits != 16) {
            noise &= ~(3L << 48 | 3L << 8);
        }
        if (!chance(3)) {
            noise |= 1L << 10;
        }
        if (stage == 2 && (purpose != 2 || !chance(3))) {
            noise |= 3L << 6; // most of stage 2 can be read and written
        }
        int kind = random.nextInt(100);
        if (kind < 2) {
            return noise & ~1L | 2;
        }
        boolean toContext = stage == 2 && purpose == 0;
        if (level < 3 && (kind < 85 || toContext)) {
            noise &= chance(3) ? -1L : ~(0x1fL << 59);
            long next =
                    switch (random.nextInt(120)) {
                        case 0 -> TestMachine.NO_MEMORY;
                        case 1 -> 1L << 45;
                        case 2 -> 1L << 49;
                        default -> table(stage == 1 ? FIRST_POOL : secondPool);
                    };
            return noise | place(next, pageBits, wide) | 3;
        }
        long target;
        if (toContext) {
            target = contexts;
        } else if (stage == 2 && purpose == 1) {
            target = FIRST_POOL + (random.nextInt(TABLES) << 16);
        } else if (stage == 1 && nested) {
            target = intermediate(1L << pageBits);
        } else {
            target =
                    chance(20)
                            ? random.nextLong() & (1L << 52) - 1
                            : TestMachine.RAM + (random.nextInt(1 << 16) << 12);
        }
        int type = chance(20) && !toContext ? 1 : level == 3 ? 3 : 1;
        return noise | place(target, pageBits, wide) | type;
    }

    private static long place(long address, int pageBits, boolean wide) {
        long low = address & 0xffff_ffff_f000L & -1L << pageBits;
        if (!wide) {
            return low;
        }
        return pageBits == 16
                ? low | (address >>> 48 & 15) << 12
                : low | (address >>> 48 & 3) << 48 | (address >>> 50 & 3) << 8;
    }
}
