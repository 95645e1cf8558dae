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
import org.opensva.api.memory.Access;

import java.util.concurrent.TimeUnit;

/** Invalidate Requests, from their arrival until their completion was sent. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = "-Xmx1g")
@State(Scope.Thread)
public class InvalidationBenchmark {

    private static final int PASID = 3;
    private static final int OTHER = 5;

    /** How many other entries the cache holds. */
    @Param({"1000", "1000000"})
    int others;

    private Bench.Plugged plugged = Bench.plug(1, false);
    private final byte[] buffer = new byte[1];
    private int at;

    /** Fills the cache with another PASID's pages. */
    @Setup
    public void fill() {
        plugged = Bench.plug(1 << 21, false);
        for (int page = 0; page < others; page++) {
            plugged.endpoint().read(OTHER, Access.READ, (long) page << 12, buffer, 0, 1);
        }
        use(PASID, 0);
    }

    private long use(int pasid, long address) {
        return plugged.endpoint().read(pasid, Access.READ, address, buffer, 0, 1);
    }

    private long next() {
        at = (at + 997) & 0xfffff;
        return (long) at << 12;
    }

    /** Invalidates a page that is not cached. */
    @Benchmark
    public void absentPage() {
        plugged.invalidate(PASID, next(), 12);
    }

    /**
     * Fetches a page, to be taken off the next one.
     *
     * @return the result
     */
    @Benchmark
    public long fetchAndPresentPage() {
        long address = next();
        long result = use(PASID, address);
        plugged.invalidate(PASID, address, 12);
        return result;
    }

    /** Invalidates a whole PASID. */
    @Benchmark
    public void pasid() {
        plugged.invalidate(PASID, 0, 64);
    }

    /**
     * Fetches a page and invalidates its whole PASID.
     *
     * @return the result
     */
    @Benchmark
    public long fetchAndPasid() {
        long result = use(PASID, next());
        plugged.invalidate(PASID, 0, 64);
        return result;
    }
}
