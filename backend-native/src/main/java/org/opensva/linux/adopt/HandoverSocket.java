package org.opensva.linux.adopt;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.Handover;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.abi.Waiting;
import org.opensva.linux.mm.HostMemory;
import org.opensva.linux.mm.MemoryHandles;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The place where processes hand themselves over.
 *
 * <p>A process connects a close-on-exec stream socket and sends, in one {@code sendmsg(2)}, sixteen
 * bytes (the text {@code OPENSVA1} and eight zeros) with two or three descriptors ({@code
 * SCM_RIGHTS}), all opened by itself:
 *
 * <ol>
 *   <li>{@code /proc/self/mem}, for reading and writing;
 *   <li>{@code /proc/self/maps};
 *   <li>a userfaultfd with {@code UFFD_USER_MODE_ONLY}, not configured, of which it closes its own
 *       copy afterwards: only with it an unmapping waits for the devices, and with a copy left the
 *       process would wait for a monitor that has died.
 * </ol>
 *
 * <p>It is answered eight bytes: 0, or a negative error number. It keeps the connection for as long
 * as devices may work in its memory; a child closes its copy.
 *
 * <p>Only processes of this user or of root are taken in. {@code /proc/PID/mem} of another process
 * than the one that has connected is refused.
 */
public final class HandoverSocket implements Handover {

    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM_CLOEXEC = 0x80001;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;
    private static final int BACKLOG = 64;
    private static final int MAX_PATH = 107;

    private final SystemCalls kernel;
    private final HostMemory memory;
    private final int pageSize;
    private final AdoptedProcess.Background background;
    private final Path address;
    private final Descriptor listener;
    private final int ownUser;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Set<AdoptedProcess> adopted = ConcurrentHashMap.newKeySet();

    /**
     * Listens.
     *
     * @param kernel the kernel
     * @param memory what address spaces have in common
     * @param pageSize page size of processes in bytes
     * @param background runs what must not run in a thread that waits for events
     * @param address the file of the socket, which must not exist
     * @throws ErrnoException {@code EEXIST}, {@code EINVAL} for an address that is too long, {@code
     *     EACCES}
     */
    public HandoverSocket(
            SystemCalls kernel,
            HostMemory memory,
            int pageSize,
            Executor background,
            Path address) {
        this.kernel = kernel;
        this.memory = memory;
        this.pageSize = pageSize;
        this.background = background::execute;
        this.address = address;
        ownUser = ownUser();
        byte[] path = address.toString().getBytes(StandardCharsets.UTF_8);
        if (path.length == 0 || path.length > MAX_PATH) {
            throw HandedOver.refused(
                    Errno.EINVAL, "the address of a socket has 1 to %d bytes".formatted(MAX_PATH));
        }
        if (Files.exists(address, LinkOption.NOFOLLOW_LINKS)) {
            throw HandedOver.refused(Errno.EEXIST, address + " exists");
        }
        listener = listen(path);
    }

    private static int ownUser() {
        try {
            return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        } catch (IOException | UnsupportedOperationException e) {
            throw HandedOver.refused(Errno.EACCES, "/proc/self cannot be looked at");
        }
    }

    private Descriptor listen(byte[] path) {
        Descriptor socket =
                Descriptor.of(
                        kernel,
                        kernel.call(SystemCall.SOCKET, AF_UNIX, SOCK_STREAM_CLOEXEC, 0),
                        "socket(AF_UNIX)");
        boolean done = false;
        try (Arena arena = Arena.ofConfined()) {
            ByteBuffer name = ByteBuffer.allocate(3 + path.length).order(ByteOrder.nativeOrder());
            name.putShort((short) AF_UNIX).put(path);
            MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, name.array());
            KernelErrors.check(
                    kernel.call(
                            SystemCall.BIND, socket.number(), bytes.address(), bytes.byteSize()),
                    "bind " + address);
            KernelErrors.check(
                    kernel.call(SystemCall.LISTEN, socket.number(), BACKLOG, 0), "listen");
            done = true;
            return socket;
        } finally {
            if (!done) {
                socket.close();
            }
        }
    }

    @Override
    public Path address() {
        return address;
    }

    @Override
    public synchronized SvaProcess accept(String name, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        if (closed.get()) {
            throw HandedOver.refused(Errno.EINVAL, "the place is closed");
        }
        if (Waiting.poll(kernel, listener, limit) == 0) {
            throw HandedOver.refused(Errno.EAGAIN, "no process has connected in time");
        }
        Descriptor connection =
                Descriptor.of(
                        kernel,
                        kernel.call(
                                SystemCall.ACCEPT4, listener.number(), 0, 0, SOCK_CLOEXEC, 0, 0),
                        "accept4");
        HandedOver protocol = new HandedOver(kernel);
        boolean done = false;
        try {
            AdoptedProcess process = take(protocol, name, connection, deadline);
            try {
                process.watch();
                protocol.answer(connection, 0);
                done = true;
                return process;
            } finally {
                if (!done) {
                    process.close();
                }
            }
        } catch (ErrnoException e) {
            if (!done) {
                protocol.answer(connection, -e.errno().number());
            }
            throw e;
        } finally {
            if (!done) {
                connection.close();
            }
        }
    }

    private AdoptedProcess take(
            HandedOver protocol, String name, Descriptor connection, long deadline) {
        int pid = peer(connection);
        if (Waiting.poll(
                        kernel,
                        connection,
                        Duration.ofNanos(Math.max(0, deadline - System.nanoTime())))
                == 0) {
            throw HandedOver.refused(Errno.EAGAIN, "process %d says nothing".formatted(pid));
        }
        MemoryHandles handles = protocol.receive(connection, pid);
        Descriptor pidfd = null;
        boolean done = false;
        try {
            pidfd =
                    Descriptor.of(
                            kernel, kernel.call(SystemCall.PIDFD_OPEN, pid, 0, 0), "pidfd_open");
            // Alive after the pidfd was opened: it is that process, whatever the number was before.
            if (!memory.isAlive(handles.mem()) || Waiting.poll(kernel, pidfd, Duration.ZERO) != 0) {
                throw HandedOver.refused(Errno.ESRCH, "process %d has ended".formatted(pid));
            }
            AdoptedProcess process =
                    new AdoptedProcess(
                            kernel,
                            memory,
                            pageSize,
                            name,
                            pid,
                            pidfd,
                            connection,
                            handles,
                            background,
                            adopted::remove);
            adopted.add(process);
            done = true;
            return process;
        } finally {
            if (!done) {
                handles.close();
                if (pidfd != null) {
                    pidfd.close();
                }
            }
        }
    }

    /** The process that has connected, {@code unix(7)}. */
    private int peer(Descriptor connection) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment peer = arena.allocate(16, 8);
            peer.set(JAVA_INT, 12, 12);
            KernelErrors.check(
                    kernel.call(
                            SystemCall.GETSOCKOPT,
                            connection.number(),
                            SOL_SOCKET,
                            SO_PEERCRED,
                            peer.address(),
                            peer.address() + 12,
                            0),
                    "getsockopt(SO_PEERCRED)");
            int user = peer.get(JAVA_INT, 4);
            if (user != ownUser && user != 0) {
                throw HandedOver.refused(
                        Errno.EPERM, "user %d is neither this user nor root".formatted(user));
            }
            int pid = peer.get(JAVA_INT, 0);
            if (pid <= 0) {
                throw HandedOver.refused(Errno.EPERM, "the process is not visible from here");
            }
            return pid;
        }
    }

    /** Ends the place; processes that have been taken in stay. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        listener.close();
        try {
            Files.deleteIfExists(address);
        } catch (IOException e) {
            throw HandedOver.refused(Errno.EACCES, address + " cannot be removed");
        }
    }

    /**
     * How many processes have been taken in and are not over.
     *
     * @return a count
     */
    public int processes() {
        return adopted.size();
    }

    /** Ends the place, and gives back every process that was taken in. */
    public void closeAll() {
        try {
            close();
        } finally {
            adopted.forEach(AdoptedProcess::close);
        }
    }
}
