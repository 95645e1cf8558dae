package org.opensva.conformance.measure;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;

/**
 * The work of the jobs of {@link JobBenchmark} when the program calls the JDK itself: what a job
 * costs more is the price of the queue, the translations and the completion.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class WorkBenchmark {

    private static final int BYTES = 4096;

    /** A page, and room for another. */
    @State(Scope.Benchmark)
    public static class Pages {

        private final byte[] from = new byte[BYTES];
        private final byte[] to = new byte[BYTES];
        private final CRC32C sum = new CRC32C();
        private MessageDigest digest;

        /**
         * Makes what computes.
         *
         * @throws NoSuchAlgorithmException if the JDK has no SHA-256
         */
        @Setup(Level.Trial)
        public void make() throws NoSuchAlgorithmException {
            digest = MessageDigest.getInstance("SHA-256");
        }
    }

    /**
     * A copy of 4 KiB.
     *
     * @param set the pages
     * @return where it went
     */
    @Benchmark
    public byte[] copyByJdk(Pages set) {
        System.arraycopy(set.from, 0, set.to, 0, BYTES);
        return set.to;
    }

    /**
     * A CRC-32C of 4 KiB.
     *
     * @param set the pages
     * @return the sum
     */
    @Benchmark
    public long crc32cByJdk(Pages set) {
        set.sum.reset();
        set.sum.update(set.from, 0, BYTES);
        return set.sum.getValue();
    }

    /**
     * A SHA-256 of 4 KiB.
     *
     * @param set the pages
     * @return the length of the digest
     * @throws DigestException never
     */
    @Benchmark
    public int sha256ByJdk(Pages set) throws DigestException {
        set.digest.update(set.from, 0, BYTES);
        return set.digest.digest(set.to, 0, BYTES);
    }
}
