package org.opensva.linux.agent;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.Layouts;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * This side's end of a stream socket: bytes and descriptors, each wait bounded by the socket's own
 * time limit. Not thread-safe.
 */
final class AgentSocket implements AutoCloseable {

    static final int AF_UNIX = 1;
    static final int SOCK_STREAM = 1;
    static final int SOCK_CLOEXEC = 0x80000;
    static final int SOL_SOCKET = 1;

    private static final int SO_RCVTIMEO = 20;
    private static final int SO_SNDTIMEO = 21;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CTRUNC = 8;
    private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;

    /** Length of a control message with one descriptor, without and with its padding. */
    private static final int RIGHTS_LENGTH = 20;

    private static final int RIGHTS_SPACE = 24;

    /** What {@link #receiveDescriptor} answers if there is no free number. */
    static final long LOST = Long.MIN_VALUE;

    /** How long an agent may take for one request; the longest is the exit of a large memory. */
    static final long TIME_LIMIT_SECONDS = 30;

    /** How often this side looks, and lets others run, before it sleeps; the agent does, too. */
    private static final int LOOKS = 64;

    private final SystemCalls kernel;
    private final Descriptor socket;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment message;

    AgentSocket(SystemCalls kernel, Descriptor socket) {
        this.kernel = kernel;
        this.socket = socket;
        message = arena.allocate(256, 8);
        limit(SO_RCVTIMEO);
        limit(SO_SNDTIMEO);
    }

    private void limit(int option) {
        message.set(JAVA_LONG, 0, TIME_LIMIT_SECONDS);
        message.set(JAVA_LONG, 8, 0);
        KernelErrors.check(
                kernel.call(
                        SystemCall.SETSOCKOPT,
                        socket.number(),
                        SOL_SOCKET,
                        option,
                        message.address(),
                        16,
                        0),
                "setsockopt");
    }

    void send(MemorySegment bytes, long length) {
        long sent = 0;
        while (sent < length) {
            sent +=
                    progress(
                            kernel.call(
                                    SystemCall.SENDTO,
                                    socket.number(),
                                    bytes.address() + sent,
                                    length - sent,
                                    MSG_NOSIGNAL,
                                    0,
                                    0));
        }
    }

    /**
     * Looks for what is awaited for some microseconds first: to be woken takes longer than that.
     */
    void receive(MemorySegment bytes, long from, long length) {
        long received = from;
        int looks = LOOKS;
        while (received < length) {
            long result =
                    kernel.call(
                            SystemCall.RECVFROM,
                            socket.number(),
                            bytes.address() + received,
                            length - received,
                            looks > 0 ? MSG_DONTWAIT : 0,
                            0,
                            0);
            if (result == -KernelErrors.EAGAIN && looks > 0) {
                looks--;
                Thread.yield();
            } else {
                received += progress(result);
            }
        }
    }

    private static long progress(long result) {
        if (result > 0) {
            return result;
        }
        if (result == -KernelErrors.EINTR) {
            return 0;
        }
        throw new AgentGoneException(
                result == 0
                        ? "its socket is closed"
                        : result == -KernelErrors.EAGAIN
                                ? "no answer within " + TIME_LIMIT_SECONDS + " s"
                                : "its socket says " + KernelErrors.name(result));
    }

    /** Writes the header of a message with one byte and one descriptor, as it lies in a process. */
    static void describe(MemorySegment where, long address, int descriptor) {
        where.set(JAVA_LONG, Layouts.offset(Layouts.MSGHDR, "name"), 0);
        where.set(JAVA_INT, Layouts.offset(Layouts.MSGHDR, "namelen"), 0);
        where.set(JAVA_LONG, Layouts.offset(Layouts.MSGHDR, "iov"), address + IOVEC);
        where.set(JAVA_LONG, Layouts.offset(Layouts.MSGHDR, "iovlen"), 1);
        where.set(JAVA_LONG, Layouts.offset(Layouts.MSGHDR, "control"), address + CONTROL);
        where.set(JAVA_LONG, Layouts.offset(Layouts.MSGHDR, "controllen"), RIGHTS_SPACE);
        where.set(JAVA_INT, Layouts.offset(Layouts.MSGHDR, "flags"), 0);
        where.set(JAVA_LONG, IOVEC, address + BYTE);
        where.set(JAVA_LONG, IOVEC + Layouts.offset(Layouts.IOVEC, "len"), 1);
        where.set(JAVA_LONG, CONTROL, RIGHTS_LENGTH);
        where.set(JAVA_INT, CONTROL + Layouts.offset(Layouts.RIGHTS, "level"), SOL_SOCKET);
        where.set(JAVA_INT, CONTROL + Layouts.offset(Layouts.RIGHTS, "type"), SCM_RIGHTS);
        where.set(JAVA_INT, CONTROL + Layouts.offset(Layouts.RIGHTS, "fd"), descriptor);
    }

    /** Where the parts of such a message are. */
    static final int IOVEC = 64;

    static final int BYTE = 80;
    static final int CONTROL = 96;
    static final int MESSAGE_SIZE = CONTROL + RIGHTS_SPACE;

    /** Where the descriptor is in a control message. */
    static final int CONTROL_DESCRIPTOR = 16;

    void sendDescriptor(int descriptor) {
        describe(message, message.address(), descriptor);
        progress(kernel.call(SystemCall.SENDMSG, socket.number(), message.address(), MSG_NOSIGNAL));
    }

    /**
     * Receives a byte, and the descriptor that may come with it.
     *
     * @return the descriptor, -1 - byte if none was sent, or {@link #LOST} if one was sent and this
     *     side has no number for it
     */
    long receiveDescriptor() {
        describe(message, message.address(), -1);
        long result;
        do {
            result =
                    kernel.call(
                            SystemCall.RECVMSG,
                            socket.number(),
                            message.address(),
                            MSG_CMSG_CLOEXEC);
        } while (result == -KernelErrors.EINTR);
        progress(result);
        int flags = message.get(JAVA_INT, Layouts.offset(Layouts.MSGHDR, "flags"));
        if ((flags & MSG_CTRUNC) != 0) {
            return LOST;
        }
        boolean rights =
                message.get(JAVA_LONG, Layouts.offset(Layouts.MSGHDR, "controllen"))
                                >= RIGHTS_LENGTH
                        && message.get(JAVA_INT, CONTROL + Layouts.offset(Layouts.RIGHTS, "type"))
                                == SCM_RIGHTS;
        return rights
                ? message.get(JAVA_INT, CONTROL + CONTROL_DESCRIPTOR)
                : -1L - (message.get(JAVA_BYTE, BYTE) & 0xff);
    }

    int number() {
        return socket.number();
    }

    @Override
    public void close() {
        socket.close();
        arena.close();
    }
}
