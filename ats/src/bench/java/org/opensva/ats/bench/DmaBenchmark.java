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

/** Accesses that move their bytes, with the copies alone beside them. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@State(Scope.Thread)
public class DmaBenchmark {

    /** How many bytes. */
    @Param({"64", "4096", "1048576"})
    int length;

    private final Bench.Plugged plugged = Bench.plug(1 << 12, true);
    private final byte[] memory = new byte[4096];
    private byte[] buffer = {};
    private int[] order = {};
    private int at;

    /** Fills the cache. */
    @Setup
    public void fill() {
        buffer = new byte[length];
        order = Bench.order(1000);
        byte[] one = new byte[1];
        for (int page = 0; page < 1000 + (1 << 8); page++) {
            plugged.endpoint().read(3, Access.READ, (long) page << 12, one, 0, 1);
        }
    }

    private long next() {
        at = (at + 1) & (Bench.ORDER - 1);
        return (long) order[at] << 12;
    }

    /**
     * A device reads memory.
     *
     * @return the result
     */
    @Benchmark
    public long read() {
        return plugged.endpoint().read(3, Access.READ, next(), buffer, 0, length);
    }

    /**
     * A device writes memory.
     *
     * @return the result
     */
    @Benchmark
    public long write() {
        return plugged.endpoint().write(3, Access.WRITE, next(), buffer, 0, length);
    }

    /**
     * The copies alone, page by page as the agent makes them: the limit.
     *
     * @return something that depends on them
     */
    @Benchmark
    public long limit() {
        long address = next();
        int piece = Math.min(length, 4096);
        for (int done = 0; done < length; done += piece) {
            System.arraycopy(memory, 0, buffer, done, piece);
        }
        return address + buffer[length - 1];
    }
}
