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
import org.openjdk.jmh.annotations.TearDown;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** What the machine that runs this can do at best: the other figures are judged beside these. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LimitBenchmark {

    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle BYTES =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int LEVELS = 4;
    private static final int WAYS = 512;

    /** Numbers of pages and an answer for each. */
    @State(Scope.Benchmark)
    public static class Answers {

        /** How many pages. */
        @Param({"1", "1000", "10000", "100000", "1000000"})
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

    /**
     * Memory in pages as a machine of this project has it, one word for each that says where it is,
     * and one place that is entered and left.
     */
    abstract static class PagedMemory {

        private static final int WORDS = 512;

        private final long[] order = new long[WorkingSet.ORDER];
        private final long[] guard = new long[32];
        private long[] entries = {};
        private long[][] frames = {};

        final void make(int pages, int frameCount) {
            Random random = new Random(42);
            for (int i = 0; i < order.length; i++) {
                order[i] = random.nextInt(pages);
            }
            frames = new long[frameCount][WORDS];
            entries = new long[pages];
            for (int page = 0; page < pages; page++) {
                entries[page] = page % frameCount;
            }
        }

        final long load(Stroll stroll) {
            int page = (int) order[stroll.next()];
            int frame = (int) (long) ELEMENT.getAcquire(entries, page);
            BYTES.set(stroll.buffer, 0, (long) ELEMENT.getAcquire(frames[frame], 0));
            return frame;
        }

        final long guardedLoad(Stroll stroll) {
            long turn = guard[16];
            if ((turn & 1) != 0 || !ELEMENT.compareAndSet(guard, 16, turn, turn + 1)) {
                throw new IllegalStateException("one thread measures");
            }
            long frame = load(stroll);
            ELEMENT.setRelease(guard, 16, turn + 2);
            return frame;
        }
    }

    /** Pages of one address space. */
    @State(Scope.Benchmark)
    public static class Pages extends PagedMemory {

        /** How many pages. */
        @Param({"1", "1000", "10000", "100000", "1000000"})
        int pages;

        /** Makes the pages, on as many frames as a working set has. */
        @Setup(Level.Trial)
        public void make() {
            make(pages, Math.min(pages, WorkingSet.FRAMES));
        }
    }

    /** Pages of many address spaces that share their frames. */
    @State(Scope.Benchmark)
    public static class SharedPages extends PagedMemory {

        /** Makes the pages, on as many frames as those of 1 024 address spaces have. */
        @Setup(Level.Trial)
        public void make() {
            make(SpacesBenchmark.PAGES, SpacesBenchmark.PAGES / 1024);
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

    /** Pages of a memory, each an array of its own, as many as DMA moves bytes in. */
    @State(Scope.Benchmark)
    public static class Frames {

        /** How many bytes are copied. */
        @Param({"64", "4096", "1048576"})
        int bytes;

        private static final int PAGE = 4096;

        private final byte[][] frames = new byte[DmaBenchmark.PAGES][PAGE];

        private void copy(int first, byte[] to) {
            for (int done = 0; done < bytes; done += PAGE) {
                byte[] frame = frames[first + done / PAGE & frames.length - 1];
                System.arraycopy(frame, 0, to, done, Math.min(PAGE, bytes - done));
            }
        }
    }

    /** A thread that answers as fast as it can. */
    @State(Scope.Benchmark)
    public static class Partner {

        private static final int ASKED = 16;
        private static final int ANSWERED = 32;
        private static final int LOOKS = 1000;

        private final long[] words = new long[48];
        private volatile boolean stopped;
        private final Thread thread = new Thread(this::answer, "partner");

        /** Starts it. */
        @Setup(Level.Trial)
        public void start() {
            thread.setDaemon(true);
            thread.start();
        }

        /**
         * Ends it.
         *
         * @throws InterruptedException if this thread is to end
         */
        @TearDown(Level.Trial)
        public void stop() throws InterruptedException {
            stopped = true;
            thread.join();
        }

        private void answer() {
            int looks = 0;
            while (!stopped) {
                long asked = (long) ELEMENT.getAcquire(words, ASKED);
                if (asked == words[ANSWERED]) {
                    lookAgain(++looks);
                } else {
                    looks = 0;
                    ELEMENT.setRelease(words, ANSWERED, asked);
                }
            }
        }

        /** The other may be waiting for the only processor that nobody else uses. */
        private static void lookAgain(int looks) {
            if (looks < LOOKS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }

        private long ask() {
            long question = words[ASKED] + 1;
            ELEMENT.setRelease(words, ASKED, question);
            for (int looks = 0; (long) ELEMENT.getAcquire(words, ANSWERED) != question; looks++) {
                lookAgain(looks);
            }
            return question;
        }
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
     * A word of a page, found by an entry in an array: what an access does if nothing is checked,
     * counted or guarded.
     *
     * @param set the pages
     * @param stroll the thread
     * @return the frame
     */
    @Benchmark
    public long loadOfPage(Pages set, Stroll stroll) {
        return set.load(stroll);
    }

    /**
     * The same inside the cheapest guard that an invalidation can wait for: a compare-and-set
     * before, a release behind. No access that is safe from an unmapping can be cheaper.
     *
     * @param set the pages
     * @param stroll the thread
     * @return the frame
     */
    @Benchmark
    public long guardedLoadOfPage(Pages set, Stroll stroll) {
        return set.guardedLoad(stroll);
    }

    /**
     * The same for 100 000 pages of many address spaces that share some hundred frames.
     *
     * @param set the pages
     * @param stroll the thread
     * @return the frame
     */
    @Benchmark
    public long guardedLoadOfSharedPage(SharedPages set, Stroll stroll) {
        return set.guardedLoad(stroll);
    }

    /**
     * One reading of the clock: what is timed one by one contains one.
     *
     * @return nanoseconds
     */
    @Benchmark
    public long clock() {
        return System.nanoTime();
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

    /**
     * A copy from pages that lie each somewhere else, as DMA may find them, to one buffer: no DMA
     * of such pages can be cheaper.
     *
     * @param set the pages
     * @param stroll the thread
     * @return a byte of it
     */
    @Benchmark
    public byte copyOfPages(Frames set, Stroll stroll) {
        set.copy(stroll.next() & -Math.max(1, set.bytes / Frames.PAGE), stroll.buffer);
        return stroll.buffer[0];
    }

    /**
     * A word goes to another thread and comes back, both of them looking for it all the time: what
     * needs the answer of another thread cannot be cheaper.
     *
     * @param partner the other thread
     * @return the word
     */
    @Benchmark
    public long handOver(Partner partner) {
        return partner.ask();
    }
}
