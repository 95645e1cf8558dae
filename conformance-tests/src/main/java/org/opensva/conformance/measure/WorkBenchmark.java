package org.opensva.conformance.measure;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
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

    /** A thread that sends back what it gets. */
    @State(Scope.Benchmark)
    public static class Echo {

        private final ByteBuffer sent = ByteBuffer.allocateDirect(1);
        private SocketChannel socket;
        private Thread thread;

        /**
         * Connects.
         *
         * @throws IOException if this system has no such sockets
         */
        @Setup(Level.Trial)
        public void open() throws IOException {
            Path folder = Files.createTempDirectory("opensva-echo");
            Path name = folder.resolve("socket");
            UnixDomainSocketAddress address = UnixDomainSocketAddress.of(name);
            SocketChannel other;
            try (ServerSocketChannel server =
                    ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address)) {
                socket = SocketChannel.open(address);
                other = server.accept();
            } finally {
                Files.deleteIfExists(name);
                Files.delete(folder);
            }
            thread = Thread.ofPlatform().daemon().start(() -> echo(other));
        }

        private static void echo(SocketChannel socket) {
            ByteBuffer got = ByteBuffer.allocateDirect(1);
            try (socket) {
                while (socket.read(got.clear()) == 1) {
                    socket.write(got.flip());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private int roundTrip() throws IOException {
            socket.write(sent.clear());
            return socket.read(sent.clear());
        }

        /**
         * Disconnects.
         *
         * @throws IOException if that fails
         * @throws InterruptedException if this thread is to end
         */
        @TearDown(Level.Trial)
        public void close() throws IOException, InterruptedException {
            socket.close();
            thread.join();
        }
    }

    /**
     * A byte goes through a socket to a thread that sleeps until it comes, and back: one message to
     * another process cannot be cheaper, of which a job of {@code native:host} has six.
     *
     * @param echo the other thread
     * @return the number of bytes
     * @throws IOException never
     */
    @Benchmark
    public int socketRoundTrip(Echo echo) throws IOException {
        return echo.roundTrip();
    }
}
