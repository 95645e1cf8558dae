package org.opensva.linux.adopt;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.jspecify.annotations.Nullable;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.Layouts;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.mm.MemoryHandles;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Receives and checks what a process hands over. Whoever sends is not trusted: a descriptor is
 * looked at by ways that ask no file system (its name and the device that it is on), because the
 * file system behind it could be one that never answers.
 */
final class HandedOver {

    /** {@code "OPENSVA1"} as a little-endian word. */
    static final long MAGIC = 0x3141_5653_4e45_504fL;

    /** Magic and a word that is 0. */
    static final int MESSAGE = 16;

    private static final String CALL = "handover";
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_CTRUNC = 8;
    private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;
    private static final int CONTROL_HEADER = 16;
    private static final int CONTROL_SIZE = 64;
    private static final int IOVEC = 64;
    private static final int CONTROL = 80;
    private static final int DATA = CONTROL + CONTROL_SIZE;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int O_ACCMODE = 3;
    private static final int O_RDWR = 2;
    private static final int O_NONBLOCK = 0x800;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int AT_STATX_DONT_SYNC = 0x4000;
    private static final int STATX_BASIC = 0x7ff;
    private static final int STATX_DEV = 136;
    private static final String EVENTS = "anon_inode:[userfaultfd]";

    private final SystemCalls kernel;

    HandedOver(SystemCalls kernel) {
        this.kernel = kernel;
    }

    /**
     * Receives one message, which must be there already.
     *
     * @param pid who has connected
     * @throws ErrnoException if it cannot be used; everything received is closed then
     */
    MemoryHandles receive(Descriptor connection, long pid) {
        List<Descriptor> received = new ArrayList<>();
        boolean done = false;
        try {
            message(connection, received);
            MemoryHandles handles = check(received, pid);
            done = true;
            return handles;
        } finally {
            if (!done) {
                received.forEach(Descriptor::close);
            }
        }
    }

    private void message(Descriptor connection, List<Descriptor> received) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(DATA + MESSAGE, 8);
            long base = memory.address();
            memory.set(JAVA_LONG, Layouts.offset(Layouts.MSGHDR, "iov"), base + IOVEC);
            memory.set(JAVA_LONG, Layouts.offset(Layouts.MSGHDR, "iovlen"), 1);
            memory.set(JAVA_LONG, Layouts.offset(Layouts.MSGHDR, "control"), base + CONTROL);
            memory.set(JAVA_LONG, Layouts.offset(Layouts.MSGHDR, "controllen"), CONTROL_SIZE);
            memory.set(JAVA_LONG, IOVEC, base + DATA);
            memory.set(JAVA_LONG, IOVEC + 8, MESSAGE);
            long count =
                    kernel.call(
                            SystemCall.RECVMSG,
                            connection.number(),
                            base,
                            MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
            // First what must be closed whatever comes of it.
            if (count >= 0) {
                collect(memory, received);
            }
            int flags = memory.get(JAVA_INT, Layouts.offset(Layouts.MSGHDR, "flags"));
            if (count != MESSAGE
                    || memory.get(JAVA_LONG, DATA) != MAGIC
                    || memory.get(JAVA_LONG, DATA + 8) != 0) {
                throw refused(Errno.EINVAL, "the message is not that of version 1");
            }
            if ((flags & MSG_CTRUNC) != 0 || received.size() < 2 || received.size() > 3) {
                throw refused(Errno.EINVAL, "two or three descriptors are expected");
            }
        }
    }

    private void collect(MemorySegment memory, List<Descriptor> received) {
        long end = memory.get(JAVA_LONG, Layouts.offset(Layouts.MSGHDR, "controllen"));
        long at = 0;
        while (at + CONTROL_HEADER <= end) {
            long length = memory.get(JAVA_LONG, CONTROL + at);
            if (length < CONTROL_HEADER || at + length > end) {
                return;
            }
            if (memory.get(JAVA_INT, CONTROL + at + 8) == SOL_SOCKET
                    && memory.get(JAVA_INT, CONTROL + at + 12) == SCM_RIGHTS) {
                for (long fd = CONTROL_HEADER; fd + 4 <= length; fd += 4) {
                    received.add(new Descriptor(kernel, memory.get(JAVA_INT, CONTROL + at + fd)));
                }
            }
            at += length + 7 & -8;
        }
    }

    private MemoryHandles check(List<Descriptor> received, long pid) {
        Descriptor mem = received.get(0);
        Descriptor maps = received.get(1);
        requireProc(mem, pid, "mem");
        requireProc(maps, pid, "maps");
        if ((flags(mem) & O_ACCMODE) != O_RDWR) {
            throw refused(Errno.EACCES, "/proc/self/mem is not open for reading and writing");
        }
        return new MemoryHandles(mem, maps, received.size() > 2 ? events(received.get(2)) : null);
    }

    private @Nullable Descriptor events(Descriptor descriptor) {
        if (!name(descriptor).equals(EVENTS)) {
            throw refused(Errno.EINVAL, "the third descriptor is not a userfaultfd");
        }
        // Nobody may wait in a read: the flag belongs to the open file, which both sides have.
        long set =
                kernel.call(
                        SystemCall.FCNTL,
                        descriptor.number(),
                        F_SETFL,
                        flags(descriptor) | O_NONBLOCK);
        if (set < 0) {
            throw refused(Errno.EINVAL, "the userfaultfd cannot be made non-blocking");
        }
        return descriptor;
    }

    private long flags(Descriptor descriptor) {
        return Math.max(0, kernel.call(SystemCall.FCNTL, descriptor.number(), F_GETFL, 0));
    }

    /** It is the process's own, and of the {@code /proc} that this Java machine sees. */
    private void requireProc(Descriptor descriptor, long pid, String file) {
        String name = name(descriptor);
        if (!name.matches("/proc/" + pid + "(/task/[0-9]+)?/" + file)) {
            throw refused(
                    Errno.EINVAL,
                    "a descriptor is not /proc/%d/%s but %s"
                            .formatted(pid, file, name.replaceAll("[^ -~]", "?")));
        }
        if (device(descriptor.number(), "", AT_EMPTY_PATH)
                != device(-100, "/proc/self/" + file, 0)) {
            throw refused(Errno.EINVAL, name + " is one of another /proc");
        }
    }

    private static String name(Descriptor descriptor) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor.number()))
                    .toString();
        } catch (IOException e) {
            return "";
        }
    }

    private long device(long folder, String path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment stat = arena.allocate(256, 8);
            MemorySegment name = arena.allocateFrom(path);
            long result =
                    kernel.call(
                            SystemCall.STATX,
                            folder,
                            name.address(),
                            flags | AT_STATX_DONT_SYNC,
                            STATX_BASIC,
                            stat.address(),
                            0);
            return result < 0 ? result : stat.get(JAVA_LONG, STATX_DEV);
        }
    }

    /** Says how it went: 0, or a negative error number, in one word. */
    void answer(Descriptor connection, long result) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment word = arena.allocate(8, 8);
            word.set(JAVA_LONG, 0, result);
            int dontWaitNoSignal = MSG_DONTWAIT | 0x4000;
            kernel.call(
                    SystemCall.SENDTO,
                    connection.number(),
                    word.address(),
                    8,
                    dontWaitNoSignal,
                    0,
                    0);
        }
    }

    /**
     * Looks once at what has been said since. Nothing is expected, so that only the end matters;
     * who says more is looked at again, but keeps nobody here.
     */
    boolean hasHungUp(Descriptor connection) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment some = arena.allocate(JAVA_BYTE, 64);
            long count;
            do {
                count =
                        kernel.call(
                                SystemCall.RECVFROM,
                                connection.number(),
                                some.address(),
                                some.byteSize(),
                                MSG_DONTWAIT,
                                0,
                                0);
            } while (count == -KernelErrors.EINTR);
            return count == 0 || count < 0 && count != -KernelErrors.EAGAIN;
        }
    }

    static ErrnoException refused(Errno errno, String why) {
        return new ErrnoException(errno, CALL, why);
    }
}
