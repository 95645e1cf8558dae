package org.opensva.linux.agent;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Signal;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * The conversation with one agent: each method is one request and its answer.
 *
 * <p>An agent that does not answer in time, or whose socket is closed, is gone for good: every
 * later request is refused too.
 *
 * <p><b>Threading.</b> Any thread may call; requests take turns.
 */
public final class AgentChannel implements AutoCloseable {

    private static final int SYSTEM_CALL = 0;
    private static final int CLONE = 1;
    private static final int LOAD = 2;
    private static final int STORE = 3;
    private static final int FETCH = 4;
    private static final int PUT = 5;

    private static final int REQUEST = 64;
    private static final int REPLY = 24;
    private static final int GREETING = 32;

    private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;

    private final SystemCalls kernel;
    private final AgentSocket socket;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment reply = arena.allocate(GREETING, 8);

    /** A request, and the bytes that follow it or the answer. */
    private final MemorySegment message = arena.allocate(REQUEST + AgentImage.BUFFER_SIZE, 8);

    private final MemorySegment request = message.asSlice(0, REQUEST);
    private final MemorySegment data = message.asSlice(REQUEST);
    private boolean gone;
    private boolean closed;

    /**
     * Takes over the Java side's end of a socket.
     *
     * @param kernel the kernel
     * @param socket a connected stream socket whose other end the agent serves, or will
     */
    AgentChannel(SystemCalls kernel, Descriptor socket) {
        this.kernel = kernel;
        this.socket = new AgentSocket(kernel, socket);
    }

    /**
     * Receives the greeting: at the start, after exec, and in a new child.
     *
     * @return the process id of the agent
     * @throws AgentGoneException if it does not greet
     */
    public synchronized int greeting() {
        return (int)
                run(() -> {
                    socket.receive(reply, 0, GREETING);
                    if (reply.get(JAVA_LONG, 0) != AgentImage.MAGIC
                            || reply.get(JAVA_LONG, 24) != AgentImage.VERSION) {
                        throw new AgentGoneException("its greeting is not that of this version");
                    }
                    return reply.get(JAVA_LONG, 8);
                });
    }

    /**
     * The agent makes a system call.
     *
     * @param call which one
     * @param arguments up to six; missing ones are 0
     * @return the kernel's result, negative for an error
     * @throws AgentGoneException if it does not answer
     */
    public synchronized long call(SystemCall call, long... arguments) {
        return run(() -> {
            send(call, arguments);
            return answer();
        });
    }

    /**
     * The agent makes a system call that may not return.
     *
     * @param call exit, or exec
     * @param arguments up to six
     * @return the kernel's refusal, negative; 0 if the call did not return
     * @throws AgentGoneException if the request cannot even be sent
     */
    public synchronized long last(SystemCall call, long... arguments) {
        return run(() -> {
            send(call, arguments);
            if (call == SystemCall.EXIT_GROUP) {
                return 0L;
            }
            // The new program greets; the old one answers. A greeting is longer than an answer.
            socket.receive(reply, 0, REPLY);
            if (reply.get(JAVA_LONG, 0) == AgentImage.MAGIC) {
                socket.receive(reply, REPLY, GREETING);
                return 0L;
            }
            return reply.get(JAVA_LONG, 0);
        });
    }

    private void send(SystemCall call, long... arguments) {
        request(SYSTEM_CALL, call.number(kernel.architecture()), 0, 0);
        for (int i = 0; i < arguments.length; i++) {
            request.set(JAVA_LONG, 16 + i * 8L, arguments[i]);
        }
        socket.send(request, REQUEST);
    }

    private void request(int operation, long a, long b, long c) {
        request.fill((byte) 0);
        request.set(JAVA_LONG, 0, operation);
        request.set(JAVA_LONG, 8, a);
        request.set(JAVA_LONG, 16, b);
        request.set(JAVA_LONG, 24, c);
    }

    private long answer() {
        socket.receive(reply, 0, REPLY);
        return reply.get(JAVA_LONG, 0);
    }

    /** Turns the fault that the last answer tells of into an exception. */
    private void checkFault(long address, long done) {
        long signal = reply.get(JAVA_LONG, 8);
        if (signal != 0) {
            long reported = reply.get(JAVA_LONG, 16);
            // A non-canonical address is reported as 0 (general protection on x86).
            long at = reported == 0 ? address + done : reported;
            throw new CpuFaultException(
                    signal == Signal.SIGBUS.number() ? Signal.SIGBUS : Signal.SIGSEGV, at);
        }
    }

    /**
     * The agent clones itself; the clone greets on a channel of its own.
     *
     * @param flags flags of {@code clone(2)} with the exit signal
     * @param stack the clone's stack pointer, or 0 for a copy of the agent's own
     * @param channel a descriptor of the agent, more than 1
     * @return the process id of the clone, or a negative error number
     * @throws AgentGoneException if it does not answer
     */
    public synchronized long clone(long flags, long stack, long channel) {
        return run(() -> {
            request(CLONE, flags, stack, channel);
            socket.send(request, REQUEST);
            return answer();
        });
    }

    /**
     * The processor loads eight bytes with acquire semantics.
     *
     * @param address a multiple of 8
     * @return the value
     * @throws CpuFaultException if the page tables refuse
     * @throws AgentGoneException if it does not answer
     */
    public synchronized long load(long address) {
        return run(() -> {
            request(LOAD, address, 0, 0);
            socket.send(request, REQUEST);
            long value = answer();
            checkFault(address, 0);
            return value;
        });
    }

    /**
     * The processor stores eight bytes with release semantics.
     *
     * @param address a multiple of 8
     * @param value the value
     * @throws CpuFaultException if the page tables refuse
     * @throws AgentGoneException if it does not answer
     */
    public synchronized void store(long address, long value) {
        run(() -> {
            request(STORE, address, value, 0);
            socket.send(request, REQUEST);
            answer();
            checkFault(address, 0);
            return 0L;
        });
    }

    /**
     * The processor loads bytes.
     *
     * @param address the first one
     * @param target where they go
     * @param offset first index
     * @param length how many, at most {@link AgentImage#BUFFER_SIZE}
     * @throws CpuFaultException if the page tables refuse; bytes before are in the array
     * @throws AgentGoneException if it does not answer
     */
    public synchronized void fetch(long address, byte[] target, int offset, int length) {
        checkLength(length);
        run(() -> {
            request(FETCH, address, length, 0);
            socket.send(request, REQUEST);
            long count = answer();
            if (count < 0 || count > length) {
                throw new AgentGoneException("it fetched " + count + " bytes of " + length);
            }
            socket.receive(data, 0, count);
            MemorySegment.copy(data, JAVA_BYTE, 0, target, offset, (int) count);
            checkFault(address, count);
            return count;
        });
    }

    /**
     * The processor stores bytes.
     *
     * @param address the first one
     * @param source where they come from
     * @param offset first index
     * @param length how many, at most {@link AgentImage#BUFFER_SIZE}
     * @throws CpuFaultException if the page tables refuse; bytes before have been stored
     * @throws AgentGoneException if it does not answer
     */
    public synchronized void put(long address, byte[] source, int offset, int length) {
        checkLength(length);
        run(() -> {
            request(PUT, address, length, 0);
            MemorySegment.copy(source, offset, data, JAVA_BYTE, 0, length);
            // At once: by two messages the agent would be woken for half of it.
            socket.send(message, REQUEST + (long) length);
            long count = answer();
            checkFault(address, count);
            return count;
        });
    }

    private static void checkLength(int length) {
        Objects.checkIndex(length, AgentImage.BUFFER_SIZE + 1);
    }

    /**
     * Puts a text with its terminating zero into the scratch memory.
     *
     * @param offset where in the scratch memory
     * @param text plain ASCII
     * @return its address in the agent
     */
    public long scratch(int offset, String text) {
        byte[] bytes = (text + "\0").getBytes(StandardCharsets.US_ASCII);
        return scratch(offset, bytes);
    }

    /**
     * Puts bytes into the scratch memory.
     *
     * @param offset where in the scratch memory
     * @param bytes the bytes
     * @return their address in the agent
     */
    public long scratch(int offset, byte[] bytes) {
        Objects.checkFromIndexSize(offset, bytes.length, AgentImage.SCRATCH_SIZE);
        put(AgentImage.SCRATCH + offset, bytes, 0, bytes.length);
        return AgentImage.SCRATCH + offset;
    }

    /**
     * Gives the agent a descriptor ({@code SCM_RIGHTS}).
     *
     * @param descriptor a descriptor of this Java machine
     * @param closeOnExec true to have the agent's copy closed by exec
     * @return the lowest free number in the agent, or a negative error number
     * @throws AgentGoneException if it does not answer
     */
    public synchronized long give(int descriptor, boolean closeOnExec) {
        long message = describeMessage(-1);
        return run(() -> {
            send(SystemCall.RECVMSG, 0, message, closeOnExec ? MSG_CMSG_CLOEXEC : 0);
            socket.sendDescriptor(descriptor);
            long result = answer();
            if (result < 0) {
                return result;
            }
            byte[] control = new byte[24];
            request(FETCH, message + AgentSocket.CONTROL, control.length, 0);
            socket.send(request, REQUEST);
            socket.receive(data, 0, answer());
            // A receiver without a free number gets the byte and an empty control message.
            boolean rights = data.get(JAVA_INT, 12) == 1 && data.get(JAVA_INT, 16) >= 0;
            return rights ? (long) data.get(JAVA_INT, 16) : -KernelErrors.EMFILE;
        });
    }

    /**
     * Takes a copy of a descriptor of the agent.
     *
     * @param descriptor its number there
     * @return the copy, close-on-exec
     * @throws org.opensva.api.process.ErrnoException if the agent cannot send it
     * @throws AgentGoneException if it does not answer
     */
    public synchronized Descriptor take(long descriptor) {
        long message = describeMessage((int) descriptor);
        long taken =
                run(() -> {
                    send(SystemCall.SENDMSG, 0, message, 0);
                    long received = socket.receiveDescriptor();
                    if (received >= 0) {
                        answer();
                        return received;
                    }
                    if (received == AgentSocket.LOST) {
                        answer();
                        return -KernelErrors.EMFILE;
                    }
                    // No descriptor: that byte was the first of the answer.
                    reply.set(JAVA_BYTE, 0, (byte) (-1L - received));
                    socket.receive(reply, 1, REPLY);
                    return Math.min(reply.get(JAVA_LONG, 0), -1L);
                });
        return Descriptor.of(kernel, taken, "sendmsg(SCM_RIGHTS, " + descriptor + ")");
    }

    private long describeMessage(int descriptor) {
        byte[] bytes = new byte[AgentSocket.MESSAGE_SIZE];
        AgentSocket.describe(
                data.asSlice(0, bytes.length).fill((byte) 0), AgentImage.SCRATCH, descriptor);
        MemorySegment.copy(data, JAVA_BYTE, 0, bytes, 0, bytes.length);
        return scratch(0, bytes);
    }

    /** A request and its answer. */
    private interface Exchange {
        long run();
    }

    private long run(Exchange exchange) {
        if (gone || closed) {
            throw new AgentGoneException("it has ended");
        }
        boolean well = false;
        try {
            long result = exchange.run();
            well = true;
            return result;
        } catch (CpuFaultException e) {
            well = true;
            throw e;
        } finally {
            // Whatever was half said cannot be taken back.
            gone |= !well;
        }
    }

    /** Closes the socket, upon which the agent ends. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            socket.close();
            arena.close();
        }
    }
}
