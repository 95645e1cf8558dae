package org.opensva.ats.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.opensva.api.memory.Access;

import java.util.concurrent.TimeUnit;

/** Accesses of one byte that is not moved: what the guard, the look-up and the fill cost. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
public class CacheBenchmark {

    /** One thread's place in its order of accesses, and its buffer. */
    @State(Scope.Thread)
    public static class User {
        private final byte[] buffer = new byte[64];
        private int at;

        private int next() {
            at = (at + 1) & (Bench.ORDER - 1);
            return at;
        }
    }

    /** A working set that fits the cache. */
    @State(Scope.Benchmark)
    public static class Pages {

        /** How many pages. */
        @Param({"1", "1000", "100000"})
        int pages;

        private Bench.Plugged plugged = Bench.plug(1, false);
        private int[] order = {};

        /** Fills the cache. */
        @Setup
        public void fill() {
            plugged = Bench.plug(1 << 18, false);
            order = Bench.order(pages);
            byte[] buffer = new byte[1];
            for (int page = 0; page < pages; page++) {
                plugged.endpoint().read(3, Access.READ, (long) page << 12, buffer, 0, 1);
            }
        }
    }

    /** As many pages of as many address spaces. */
    @State(Scope.Benchmark)
    public static class Spaces {

        private final Bench.Plugged plugged = Bench.plug(1 << 18, false);
        private final int[] order = Bench.order(1024 * 64);

        /** Fills the cache with 64 pages of each of 1 024 PASIDs. */
        @Setup
        public void fill() {
            byte[] buffer = new byte[1];
            for (int i = 0; i < 1024 * 64; i++) {
                plugged.endpoint().read(i & 1023, Access.READ, (long) i >> 10 << 12, buffer, 0, 1);
            }
        }
    }

    /** A working set of which next to nothing fits. */
    @State(Scope.Benchmark)
    public static class Misses {

        private final Bench.Plugged plugged = Bench.plug(64, false);
        private final int[] order = Bench.order(1 << 20);
    }

    /**
     * An access whose translation is cached.
     *
     * @param set the pages
     * @param user the thread
     * @return the result
     */
    @Benchmark
    public long hit(Pages set, User user) {
        long address = (long) set.order[user.next()] << 12;
        return set.plugged.endpoint().read(3, Access.READ, address, user.buffer, 0, 1);
    }

    /**
     * The same from two threads.
     *
     * @param set the pages
     * @param user the thread
     * @return the result
     */
    @Benchmark
    @Threads(2)
    public long hitByTwo(Pages set, User user) {
        return hit(set, user);
    }

    /**
     * The order and an array look-up alone: the limit.
     *
     * @param set the pages
     * @param user the thread
     * @return the result
     */
    @Benchmark
    public long limit(Pages set, User user) {
        int number = set.order[user.next()];
        return set.order[number & (Bench.ORDER - 1)];
    }

    /**
     * An access whose translation is cached, of one of 1 024 PASIDs.
     *
     * @param set the pages
     * @param user the thread
     * @return the result
     */
    @Benchmark
    public long hitOfManySpaces(Spaces set, User user) {
        int number = set.order[user.next()];
        long address = (long) number >> 10 << 12;
        return set.plugged.endpoint().read(number & 1023, Access.READ, address, user.buffer, 0, 1);
    }

    /**
     * A translation request, a fill that evicts, and the access.
     *
     * @param set the pages
     * @param user the thread
     * @return the result
     */
    @Benchmark
    public long missAndFill(Misses set, User user) {
        long address = (long) set.order[user.next()] << 12;
        return set.plugged.endpoint().read(3, Access.READ, address, user.buffer, 0, 1);
    }
}
