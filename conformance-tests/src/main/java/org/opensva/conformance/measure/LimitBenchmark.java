package org.opensva.conformance.measure;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

import java.util.Random;
import java.util.concurrent.TimeUnit;

/** What the machine that runs this can do at best: the other figures are judged beside these. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LimitBenchmark {

    private static final int LEVELS = 4;
    private static final int WAYS = 512;

    /** Numbers of pages and an answer for each. */
    @State(Scope.Benchmark)
    public static class Answers {

        /** How many pages. */
        @Param({"1", "1000", "100000", "1000000"})
        int pages;

        private final int[] order = new int[WorkingSet.ORDER];
        private long[] answers = {};

        /** Four levels of tables in one array, each entry the place of the next table. */
        private long[] tables = {};

        /** Makes both. */
        @Setup(Level.Trial)
        public void make() {
            Random random = new Random(42);
            for (int i = 0; i < order.length; i++) {
                order[i] = random.nextInt(pages);
            }
            answers = random.longs(pages).toArray();
            int lastLevel = (pages + WAYS - 1) / WAYS;
            int thirdLevel = (lastLevel + WAYS - 1) / WAYS;
            tables = new long[WAYS * (2 + thirdLevel + lastLevel)];
            tables[0] = WAYS;
            for (int i = 0; i < thirdLevel; i++) {
                tables[WAYS + i] = (long) WAYS * (2 + i);
            }
            for (int i = 0; i < lastLevel; i++) {
                tables[WAYS * 2 + i] = (long) WAYS * (2 + thirdLevel + i);
            }
        }
    }

    /** Two buffers that are in no cache together with the next two. */
    @State(Scope.Benchmark)
    public static class Buffers {

        /** How many bytes are copied. */
        @Param({"64", "4096", "1048576"})
        int bytes;

        private static final int POOL = 1 << 23;

        private final byte[] from = new byte[POOL];
        private final byte[] to = new byte[POOL];
    }

    /**
     * A look-up in an array: no translation can be cheaper.
     *
     * @param set the pages
     * @param stroll the thread
     * @return the answer
     */
    @Benchmark
    public long arrayLookup(Answers set, Stroll stroll) {
        return set.answers[set.order[stroll.next()]];
    }

    /**
     * Four loads, each of which needs the one before: no walk can be cheaper.
     *
     * @param set the pages
     * @param stroll the thread
     * @return the last
     */
    @Benchmark
    public long fourDependentLoads(Answers set, Stroll stroll) {
        int page = set.order[stroll.next()];
        long table = 0;
        for (int level = LEVELS - 1; level >= 0; level--) {
            table = set.tables[(int) table + (page >>> 9 * level & WAYS - 1)];
        }
        return table;
    }

    /**
     * A copy between two arrays.
     *
     * @param buffers the arrays
     * @param stroll the thread
     * @return a byte of it
     */
    @Benchmark
    public byte bulkCopy(Buffers buffers, Stroll stroll) {
        int place = stroll.next() * 4096 & Buffers.POOL - 1 & -buffers.bytes;
        System.arraycopy(buffers.from, place, buffers.to, place, buffers.bytes);
        return buffers.to[place];
    }
}
