package org.opensva.linux.process;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.agent.AgentChannel;

import java.nio.file.Path;

/**
 * System calls on device nodes that a process has to make itself, because the kernel looks at whose
 * memory the caller runs in: opening, which binds that memory, and writing to a work queue.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class NodeCalls {

    private static final long AT_FDCWD = -100;
    private static final long O_RDWR_CLOEXEC = 0x80002;
    private static final int PATH = 1280;
    private static final int DATA = 2048;

    private NodeCalls() {}

    /**
     * Has a process open a node. The descriptor is this side's alone: the process has none, so that
     * nothing of it is inherited.
     *
     * @param process who opens
     * @param node which node, an absolute path of plain ASCII
     * @return the descriptor, close-on-exec
     * @throws ErrnoException what the kernel answers; {@code ESRCH} if the process has ended
     */
    public static Descriptor open(SvaProcess process, Path node) {
        String call = "open(" + node + ")";
        return host(process, call)
                .agent(
                        call,
                        agent -> {
                            AgentChannel channel = agent.channel();
                            long path = channel.scratch(PATH, checked(node, call));
                            long fd =
                                    KernelErrors.check(
                                            channel.call(
                                                    SystemCall.OPENAT,
                                                    AT_FDCWD,
                                                    path,
                                                    O_RDWR_CLOEXEC),
                                            call);
                            try {
                                return channel.take(fd);
                            } finally {
                                channel.call(SystemCall.CLOSE, fd);
                            }
                        });
    }

    private static String checked(Path node, String call) {
        String text = node.toAbsolutePath().toString();
        if (text.length() >= DATA - PATH || !text.matches("[\\x21-\\x7e]*")) {
            throw new ErrnoException(Errno.EINVAL, call, "that is no path of a device node");
        }
        return text;
    }

    /**
     * Has a process write to a node.
     *
     * @param process who writes
     * @param node where, a descriptor of this side
     * @param bytes what, at most 2048 bytes
     * @return how many bytes the kernel took, or a negative error number
     * @throws ErrnoException {@code ESRCH} if the process has ended
     */
    public static long write(SvaProcess process, Descriptor node, byte[] bytes) {
        return with(
                process,
                "write",
                node,
                (channel, fd) -> {
                    long data = channel.scratch(DATA, bytes);
                    return channel.call(SystemCall.WRITE, fd, data, bytes.length);
                });
    }

    /**
     * Has a process give a command to a node, with an argument of its own.
     *
     * @param process who asks
     * @param node of which, a descriptor of this side
     * @param command its number
     * @param argument often an address in the process
     * @return what the kernel answers, negative for an error
     * @throws ErrnoException {@code ESRCH} if the process has ended
     */
    public static long command(SvaProcess process, Descriptor node, int command, long argument) {
        return with(
                process,
                "ioctl",
                node,
                (channel, fd) ->
                        channel.call(
                                SystemCall.IOCTL, fd, Integer.toUnsignedLong(command), argument));
    }

    private interface Call {
        long make(AgentChannel channel, long fd);
    }

    /** The process has the descriptor for one call only, and no child is made meanwhile. */
    private static long with(SvaProcess process, String call, Descriptor node, Call action) {
        return host(process, call)
                .agent(
                        call,
                        agent -> {
                            AgentChannel channel = agent.channel();
                            long fd = KernelErrors.check(channel.give(node.number(), true), call);
                            try {
                                return action.make(channel, fd);
                            } finally {
                                channel.call(SystemCall.CLOSE, fd);
                            }
                        });
    }

    private static HostProcess host(SvaProcess process, String call) {
        if (process instanceof HostProcess host) {
            return host;
        }
        throw new ErrnoException(Errno.EINVAL, call, "the process belongs to another backend");
    }
}
