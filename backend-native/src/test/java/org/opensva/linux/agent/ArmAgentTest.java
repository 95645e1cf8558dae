package org.opensva.linux.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.SystemCall;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The agent of 64-bit Arm, run: by QEMU's user mode emulation, which carries out its instructions
 * and makes its system calls on this kernel. It talks over its standard streams, as at its start.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ArmAgentTest {

    private static final long LIMIT_SECONDS = 60;
    private static final long NOWHERE = 0x1000;
    private static final int SIGSEGV = 11;
    private static final int SIGCHLD = 17;

    @TempDir Path folder;

    private Process agent;

    private record Reply(long result, long signal, long address) {}

    private static Optional<Path> emulator() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .flatMap(entry ->
                        Stream.of("qemu-aarch64-static", "qemu-aarch64")
                                .map(name -> Path.of(entry, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @BeforeEach
    void start() throws IOException {
        Optional<Path> emulator = emulator();
        boolean native64 = Architecture.host().filter(Architecture.AARCH64::equals).isPresent();
        assumeTrue(emulator.isPresent() || native64, "no qemu-aarch64 here");
        Path image = folder.resolve("agent");
        Files.write(image, AgentImage.of(Architecture.AARCH64));
        Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("rwx------"));
        agent =
                new ProcessBuilder(
                                native64
                                        ? List.of(image.toString())
                                        : List.of(
                                                emulator.orElseThrow().toString(),
                                                image.toString()))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        ByteBuffer greeting = read(32);
        assertEquals(AgentImage.MAGIC, greeting.getLong());
        assertEquals(agent.pid(), greeting.getLong());
        assertEquals(agent.pid(), greeting.getLong());
        assertEquals(AgentImage.VERSION, greeting.getLong());
    }

    @AfterEach
    void end() throws Exception {
        if (agent != null) {
            try {
                agent.getOutputStream().close();
                assertTrue(agent.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS), "it does not end");
            } finally {
                agent.destroyForcibly();
            }
        }
    }

    private ByteBuffer read(int length) throws IOException {
        byte[] bytes = agent.getInputStream().readNBytes(length);
        assertEquals(length, bytes.length, "the agent has ended");
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] request(long... words) {
        ByteBuffer request = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        for (long word : words) {
            request.putLong(word);
        }
        return request.array();
    }

    private Reply run(byte[] data, long... words) throws IOException {
        agent.getOutputStream().write(request(words));
        agent.getOutputStream().write(data);
        agent.getOutputStream().flush();
        ByteBuffer reply = read(24);
        return new Reply(reply.getLong(), reply.getLong(), reply.getLong());
    }

    private Reply run(long... words) throws IOException {
        return run(new byte[0], words);
    }

    private long call(SystemCall call, long... arguments) throws IOException {
        long[] words = new long[2 + arguments.length];
        words[1] = call.number(Architecture.AARCH64);
        System.arraycopy(arguments, 0, words, 2, arguments.length);
        Reply reply = run(words);
        assertEquals(0, reply.signal());
        return reply.result();
    }

    @Test
    void itMakesSystemCallsWithSixArguments() throws Exception {
        assertEquals(agent.pid(), call(SystemCall.GETPID));
        assertEquals(-9, call(SystemCall.CLOSE, 77));
        long page = call(SystemCall.MMAP, 0, 65536, 3, 0x22, -1, 0);
        assertTrue(page > 0);
        assertEquals(new Reply(0, 0, 0), run(3, page, 0x1122334455667788L));
        assertEquals(new Reply(0x1122334455667788L, 0, 0), run(2, page));
        assertEquals(0, call(SystemCall.MUNMAP, page, 65536));
        assertEquals(new Reply(0, SIGSEGV, page).signal(), run(2, page).signal());
    }

    @Test
    void itMovesBytesOfEveryLength() throws Exception {
        long at = AgentImage.SCRATCH + 3;
        for (int length : new int[] {0, 1, 7, 8, 63, 64, 1000, 4000}) {
            byte[] bytes = new byte[length];
            for (int i = 0; i < length; i++) {
                bytes[i] = (byte) (i * 7 + length);
            }
            assertEquals(new Reply(length, 0, 0), run(bytes, 5, at, length));
            assertEquals(new Reply(length, 0, 0), run(4, at, length));
            assertArrayEquals(bytes, agent.getInputStream().readNBytes(length));
        }
    }

    @Test
    void aFaultIsToldWithItsAddressAndWhatWasDoneBefore() throws Exception {
        assertEquals(SIGSEGV, run(2, NOWHERE).signal());
        assertEquals(NOWHERE, run(2, NOWHERE).address());
        assertEquals(NOWHERE + 8, run(3, NOWHERE + 8, 1).address());
        long end = AgentImage.SCRATCH + AgentImage.SCRATCH_SIZE + AgentImage.BUFFER_SIZE;
        Reply partial = run(4, end - 10, 20);
        assertEquals(new Reply(10, SIGSEGV, end), partial);
        agent.getInputStream().readNBytes(10);
        Reply stored = run(new byte[20], 5, end - 4, 20);
        assertEquals(new Reply(4, SIGSEGV, end), stored);
        assertEquals(agent.pid(), call(SystemCall.GETPID), "it goes on");
    }

    @Test
    void aChildGreetsOnItsOwnChannelAndServesIt() throws Exception {
        long fds = AgentImage.SCRATCH;
        assertEquals(0, call(SystemCall.SOCKETPAIR, 1, 1, 0, fds));
        long both = run(2, fds).result();
        long here = both & 0xffff_ffffL;
        Reply cloned = run(1, SIGCHLD, 0, both >>> 32);
        assertTrue(cloned.result() > 0, cloned.toString());
        call(SystemCall.CLOSE, both >>> 32);
        long buffer = AgentImage.SCRATCH + 512;
        assertEquals(32, call(SystemCall.READ, here, buffer, 32));
        assertEquals(AgentImage.MAGIC, run(2, buffer).result());
        assertEquals(cloned.result(), run(2, buffer + 8).result());
        byte[] getpid = request(0, SystemCall.GETPID.number(Architecture.AARCH64));
        assertEquals(new Reply(64, 0, 0), run(getpid, 5, buffer, 64));
        assertEquals(64, call(SystemCall.WRITE, here, buffer, 64));
        assertEquals(24, call(SystemCall.READ, here, buffer, 24));
        assertEquals(cloned.result(), run(2, buffer).result());
        // The child has a copy of both ends: it does not see this one close.
        byte[] exit = request(0, SystemCall.EXIT_GROUP.number(Architecture.AARCH64), 0);
        assertEquals(new Reply(64, 0, 0), run(exit, 5, buffer, 64));
        assertEquals(64, call(SystemCall.WRITE, here, buffer, 64));
        assertEquals(cloned.result(), call(SystemCall.WAIT4, cloned.result(), 0, 0, 0));
    }

    @Test
    void itEndsAsItIsTold() throws Exception {
        byte[] exit = request(0, SystemCall.EXIT_GROUP.number(Architecture.AARCH64), 7);
        agent.getOutputStream().write(exit);
        agent.getOutputStream().flush();
        assertTrue(agent.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS));
        assertEquals(7, agent.exitValue());
        assertEquals("", new String(agent.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }
}
