package org.opensva.linux.agent;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.abi.Waiting;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.locks.LockSupport;

/**
 * Starts the first agent as a program and moves the conversation from its standard streams to a
 * socket, over which descriptors can travel.
 *
 * <p>The executable file is an anonymous one, so that nothing is left on a disk whatever happens;
 * where such files may not be executed ({@code vm.memfd_noexec}), it is a temporary file that is
 * removed at once. The socket has an abstract name that nobody can guess, and the peer must be the
 * process that was started.
 */
final class KeeperStart {

    private static final Duration TIME_LIMIT = Duration.ofSeconds(10);
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_EXEC = 0x10;
    private static final int SO_PEERCRED = 17;

    private final SystemCalls kernel;

    KeeperStart(SystemCalls kernel) {
        this.kernel = kernel;
    }

    /** A running first agent. */
    record Started(Process process, AgentChannel channel) {}

    Started start() {
        byte[] image = AgentImage.of(kernel.architecture());
        try {
            return startAnonymous(image);
        } catch (IOException e) {
            try {
                return startFile(image);
            } catch (IOException second) {
                second.addSuppressed(e);
                throw cannotStart(second);
            }
        }
    }

    private static ErrnoException cannotStart(IOException cause) {
        ErrnoException failure =
                new ErrnoException(
                        Errno.EACCES,
                        "start of the agent",
                        cause.getMessage()
                                + "; a folder for temporary files that allows execution, or"
                                + " vm.memfd_noexec=0, would help");
        failure.initCause(cause);
        return failure;
    }

    private Started startAnonymous(byte[] image) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom("opensva-agent");
            long created =
                    kernel.call(SystemCall.MEMFD_CREATE, name.address(), MFD_CLOEXEC | MFD_EXEC, 0);
            if (created < 0) {
                // Before Linux 6.3 the second flag is unknown, and nothing has to be asked for.
                created = kernel.call(SystemCall.MEMFD_CREATE, name.address(), MFD_CLOEXEC, 0);
            }
            if (created < 0) {
                throw new IOException("memfd_create is refused");
            }
            try (Descriptor file = new Descriptor(kernel, created)) {
                MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, image);
                long written =
                        kernel.call(
                                SystemCall.PWRITE64,
                                file.number(),
                                bytes.address(),
                                image.length,
                                0,
                                0,
                                0);
                if (written != image.length) {
                    throw new IOException("the anonymous file cannot be written");
                }
                long self = ProcessHandle.current().pid();
                return launch("/proc/" + self + "/fd/" + file.number());
            }
        }
    }

    private Started startFile(byte[] image) throws IOException {
        Path file =
                Files.createTempFile(
                        "opensva-agent",
                        "",
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
        try {
            Files.write(file, image);
            return launch(file.toString());
        } finally {
            Files.delete(file);
        }
    }

    private Started launch(String program) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = name(arena);
            try (Descriptor listener = listen(name)) {
                ProcessBuilder builder = new ProcessBuilder(program);
                builder.environment().clear();
                builder.redirectError(ProcessBuilder.Redirect.DISCARD);
                Process process = builder.start();
                boolean done = false;
                try {
                    AgentChannel channel = converse(process, listener, name);
                    done = true;
                    return new Started(process, channel);
                } finally {
                    if (!done) {
                        process.destroyForcibly();
                    }
                }
            }
        }
    }

    /** {@code struct sockaddr_un} with a name in the abstract space: it begins with a zero. */
    private static MemorySegment name(Arena arena) {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        byte[] text =
                ("opensva-" + HexFormat.of().formatHex(random)).getBytes(StandardCharsets.US_ASCII);
        ByteBuffer address = ByteBuffer.allocate(3 + text.length).order(ByteOrder.nativeOrder());
        address.putShort((short) AgentSocket.AF_UNIX).put((byte) 0).put(text);
        return arena.allocateFrom(JAVA_BYTE, address.array());
    }

    private Descriptor listen(MemorySegment name) {
        Descriptor listener =
                Descriptor.of(
                        kernel,
                        kernel.call(
                                SystemCall.SOCKET,
                                AgentSocket.AF_UNIX,
                                AgentSocket.SOCK_STREAM | AgentSocket.SOCK_CLOEXEC,
                                0),
                        "socket(AF_UNIX)");
        boolean done = false;
        try {
            KernelErrors.check(
                    kernel.call(
                            SystemCall.BIND, listener.number(), name.address(), name.byteSize()),
                    "bind");
            KernelErrors.check(kernel.call(SystemCall.LISTEN, listener.number(), 1, 0), "listen");
            done = true;
            return listener;
        } finally {
            if (!done) {
                listener.close();
            }
        }
    }

    private AgentChannel converse(Process process, Descriptor listener, MemorySegment name)
            throws IOException {
        Pipes pipes = new Pipes(process);
        ByteBuffer greeting = pipes.read(32);
        if (greeting.getLong(0) != AgentImage.MAGIC || greeting.getLong(8) != process.pid()) {
            throw new IOException("the agent does not greet as it should");
        }
        pipes.put(AgentImage.SCRATCH, name.toArray(JAVA_BYTE));
        long socket =
                KernelErrors.check(
                        pipes.call(
                                kernel,
                                SystemCall.SOCKET,
                                AgentSocket.AF_UNIX,
                                AgentSocket.SOCK_STREAM,
                                0),
                        "socket in the agent");
        KernelErrors.check(
                pipes.call(kernel, SystemCall.CONNECT, socket, AgentImage.SCRATCH, name.byteSize()),
                "connect in the agent");
        AgentChannel channel = new AgentChannel(kernel, accept(listener, process.pid()));
        boolean done = false;
        try {
            // Requests come from the socket after the first, answers go there after the second.
            KernelErrors.check(
                    pipes.call(kernel, SystemCall.DUP3, socket, 0, 0), "dup3 in the agent");
            KernelErrors.check(channel.call(SystemCall.DUP3, socket, 1), "dup3 in the agent");
            channel.call(SystemCall.CLOSE, socket);
            pipes.close();
            done = true;
            return channel;
        } catch (AgentGoneException e) {
            throw new IOException("the agent has gone: " + e.getMessage(), e);
        } finally {
            if (!done) {
                channel.close();
            }
        }
    }

    private Descriptor accept(Descriptor listener, long pid) throws IOException {
        if (Waiting.poll(kernel, listener, TIME_LIMIT) == 0) {
            throw new IOException("the agent does not connect");
        }
        Descriptor socket =
                Descriptor.of(
                        kernel,
                        kernel.call(
                                SystemCall.ACCEPT4,
                                listener.number(),
                                0,
                                0,
                                AgentSocket.SOCK_CLOEXEC,
                                0,
                                0),
                        "accept4");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment peer = arena.allocate(16, 8);
            peer.set(JAVA_INT, 12, 12);
            long result =
                    kernel.call(
                            SystemCall.GETSOCKOPT,
                            socket.number(),
                            AgentSocket.SOL_SOCKET,
                            SO_PEERCRED,
                            peer.address(),
                            peer.address() + 12,
                            0);
            if (result < 0 || peer.get(JAVA_INT, 0) != pid) {
                socket.close();
                throw new IOException("somebody else has connected");
            }
        }
        return socket;
    }

    /** The conversation over standard streams, before there is a socket. */
    private record Pipes(Process process) {

        ByteBuffer read(int length) throws IOException {
            InputStream in = process.getInputStream();
            long deadline = System.nanoTime() + TIME_LIMIT.toNanos();
            while (in.available() < length) {
                if (System.nanoTime() - deadline > 0 || !process.isAlive()) {
                    throw new IOException("the agent does not answer");
                }
                LockSupport.parkNanos(50_000);
            }
            return ByteBuffer.wrap(in.readNBytes(length)).order(ByteOrder.LITTLE_ENDIAN);
        }

        private long request(byte[] data, long... words) throws IOException {
            ByteBuffer request =
                    ByteBuffer.allocate(64 + data.length).order(ByteOrder.LITTLE_ENDIAN);
            for (long word : words) {
                request.putLong(word);
            }
            request.position(64).put(data);
            process.getOutputStream().write(request.array());
            process.getOutputStream().flush();
            return read(24).getLong(0);
        }

        long call(SystemCalls kernel, SystemCall call, long a, long b, long c) throws IOException {
            return request(new byte[0], 0, call.number(kernel.architecture()), a, b, c);
        }

        void put(long address, byte[] data) throws IOException {
            request(data, 5, address, data.length);
        }

        void close() throws IOException {
            process.getOutputStream().close();
            process.getInputStream().close();
        }
    }
}
