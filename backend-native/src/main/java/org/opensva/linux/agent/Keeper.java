package org.opensva.linux.agent;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

/**
 * The parent of all agents of one backend: an agent that was started as a program, from which the
 * others are cloned, and which reaps them when it is told to.
 *
 * <p>A process that has ended therefore keeps its id until {@link #reap}: no stranger can get the
 * number of a process that a device is still bound to. When this Java machine dies, however it
 * dies, every agent finds its socket closed and ends.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class Keeper implements AutoCloseable {

    private static final long SIGCHLD = 17;
    private static final long CLONE_PARENT = 0x8000;
    private static final int WNOHANG = 1;
    private static final long FIRST_FILE = 2;
    private static final long ALL = 0xffff_ffffL;

    private final SystemCalls kernel;
    private final Process process;
    private final AgentChannel channel;

    private Keeper(SystemCalls kernel, KeeperStart.Started started) {
        this.kernel = kernel;
        this.process = started.process();
        this.channel = started.channel();
    }

    /**
     * Starts a keeper.
     *
     * @param kernel the kernel
     * @return the keeper
     * @throws ErrnoException {@code EACCES} if programs cannot be started here, {@code EMFILE}
     */
    public static Keeper start(SystemCalls kernel) {
        return new Keeper(kernel, new KeeperStart(kernel).start());
    }

    /**
     * Starts an agent with no open files but its channel.
     *
     * @return the agent, after its greeting
     * @throws ErrnoException {@code EAGAIN} if the keeper is gone or there are too many processes,
     *     {@code ENOMEM}, {@code EMFILE}
     */
    public Agent spawn() {
        Agent agent;
        try {
            agent = clone(channel, SIGCHLD, 0);
        } catch (AgentGoneException e) {
            throw new ErrnoException(Errno.EAGAIN, "spawn", "the keeper: " + e.getMessage());
        }
        agent.channel().call(SystemCall.CLOSE_RANGE, FIRST_FILE, ALL);
        return agent;
    }

    /**
     * Forks an agent. The child is a child of the keeper, too.
     *
     * @param parent who forks
     * @return the child, after its greeting
     * @throws ErrnoException {@code EAGAIN}, {@code ENOMEM}, {@code EMFILE}
     * @throws AgentGoneException if the parent is gone
     */
    public Agent fork(AgentChannel parent) {
        return clone(parent, SIGCHLD | CLONE_PARENT, 0);
    }

    private Agent clone(AgentChannel parent, long flags, long stack) {
        Descriptor[] pair = pair();
        boolean done = false;
        AgentChannel mine = new AgentChannel(kernel, pair[0]);
        try {
            long there =
                    KernelErrors.check(parent.give(pair[1].number(), false), "channel of a child");
            // From here on only the agents have that end: when they are gone, it is closed.
            pair[1].close();
            long pid;
            try {
                pid = parent.clone(flags, stack, there);
            } finally {
                parent.call(SystemCall.CLOSE, there);
            }
            KernelErrors.check(pid, "fork");
            Agent agent = greeted(mine, Math.toIntExact(pid));
            done = true;
            return agent;
        } finally {
            if (!done) {
                pair[1].close();
                mine.close();
            }
        }
    }

    private Agent greeted(AgentChannel mine, int pid) {
        Descriptor pidfd =
                Descriptor.of(kernel, kernel.call(SystemCall.PIDFD_OPEN, pid, 0, 0), "pidfd_open");
        boolean done = false;
        try {
            if (mine.greeting() != pid) {
                throw new ErrnoException(Errno.EAGAIN, "fork", "another process has greeted");
            }
            done = true;
            return new Agent(pid, pidfd, mine);
        } finally {
            if (!done) {
                pidfd.close();
                reap(pid);
            }
        }
    }

    private Descriptor[] pair() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment fds = arena.allocate(8, 8);
            KernelErrors.check(
                    kernel.call(
                            SystemCall.SOCKETPAIR,
                            AgentSocket.AF_UNIX,
                            AgentSocket.SOCK_STREAM | AgentSocket.SOCK_CLOEXEC,
                            0,
                            fds.address(),
                            0,
                            0),
                    "socketpair");
            return new Descriptor[] {
                new Descriptor(kernel, fds.get(JAVA_INT, 0)),
                new Descriptor(kernel, fds.get(JAVA_INT, 4))
            };
        }
    }

    /**
     * Reaps a process that has ended. Afterwards its id may belong to anybody.
     *
     * @param pid the process id of an agent
     */
    public void reap(int pid) {
        try {
            channel.call(SystemCall.WAIT4, pid, 0, WNOHANG, 0);
        } catch (AgentGoneException e) {
            // Without a keeper the system's own init reaps.
            return;
        }
    }

    /**
     * Tells whether the keeper can still start processes.
     *
     * @return false after {@link #close}, or if somebody has killed it
     */
    public boolean isAlive() {
        return process.isAlive();
    }

    /**
     * The keeper's process id.
     *
     * @return a positive number
     */
    public long pid() {
        return process.pid();
    }

    /** Ends the keeper. Agents that are left end when their own sockets are closed. */
    @Override
    public void close() {
        channel.close();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
