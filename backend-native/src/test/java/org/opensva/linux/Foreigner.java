package org.opensva.linux;

import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.abi.Userfaultfd;
import org.opensva.linux.agent.Agent;
import org.opensva.linux.agent.AgentChannel;
import org.opensva.linux.agent.AgentImage;
import org.opensva.linux.agent.Keeper;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A process that the backend under test knows nothing of, and that hands itself over. */
final class Foreigner implements AutoCloseable {

    static final long MAGIC = 0x3141_5653_4e45_504fL;
    static final long MEMORY_READ_WRITE = 0x80002;
    static final long READ_ONLY = 0x80000;

    private static final int PATH = 512;
    private static final int MESSAGE = 1024;
    private static final int DATA = 1280;
    private static final int ANSWER = 1320;

    private final SystemCalls kernel;
    private final Keeper keeper;
    private final Agent agent;
    private long connection = -1;

    Foreigner(SystemCalls kernel) {
        this.kernel = kernel;
        keeper = Keeper.start(kernel);
        agent = keeper.spawn();
    }

    AgentChannel does() {
        return agent.channel();
    }

    int pid() {
        return agent.pid();
    }

    long open(String path, long flags) {
        long name = does().scratch(PATH, path);
        return KernelErrors.check(does().call(SystemCall.OPENAT, -100, name, flags), path);
    }

    long userfaultfd() {
        return does().call(SystemCall.USERFAULTFD, Userfaultfd.FLAGS | Userfaultfd.USER_MODE_ONLY);
    }

    void connect(Path place) {
        byte[] path = place.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer name = ByteBuffer.allocate(3 + path.length).order(ByteOrder.LITTLE_ENDIAN);
        name.putShort((short) 1).put(path);
        long address = does().scratch(PATH, name.array());
        connection = KernelErrors.check(does().call(SystemCall.SOCKET, 1, 0x80001, 0), "socket");
        KernelErrors.check(
                does().call(SystemCall.CONNECT, connection, address, name.capacity()), "connect");
    }

    /** One message with descriptors ({@code struct user_msghdr}, {@code cmsghdr}). */
    void send(long magic, long... descriptors) {
        int control = descriptors.length == 0 ? 0 : 16 + 4 * descriptors.length;
        ByteBuffer bytes = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
        long base = AgentImage.SCRATCH + MESSAGE;
        bytes.putLong(16, base + 64).putLong(24, 1);
        bytes.putLong(32, control == 0 ? 0 : base + 80).putLong(40, control);
        bytes.putLong(64, AgentImage.SCRATCH + DATA).putLong(72, 16);
        if (control > 0) {
            bytes.putLong(80, control).putInt(88, 1).putInt(92, 1);
            for (int i = 0; i < descriptors.length; i++) {
                bytes.putInt(96 + 4 * i, (int) descriptors[i]);
            }
        }
        does().scratch(MESSAGE, bytes.array());
        ByteBuffer text = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(0, magic);
        does().scratch(DATA, text.array());
        KernelErrors.check(does().call(SystemCall.SENDMSG, connection, base, 0), "sendmsg");
    }

    /** What the backend has answered; must have been sent already. */
    long answer() {
        long count =
                does().call(
                                SystemCall.RECVFROM,
                                connection,
                                AgentImage.SCRATCH + ANSWER,
                                8,
                                0x40,
                                0,
                                0);
        KernelErrors.check(count, "recv");
        return does().load(AgentImage.SCRATCH + ANSWER);
    }

    /** As a process does it that means well. */
    boolean handOver(Path place) {
        connect(place);
        long mem = open("/proc/self/mem", MEMORY_READ_WRITE);
        long maps = open("/proc/self/maps", READ_ONLY);
        long events = userfaultfd();
        if (events < 0) {
            send(MAGIC, mem, maps);
        } else {
            send(MAGIC, mem, maps, events);
            closeFile(events);
        }
        closeFile(mem);
        closeFile(maps);
        return events >= 0;
    }

    void closeFile(long fd) {
        KernelErrors.check(does().call(SystemCall.CLOSE, fd), "close");
    }

    void hangUp() {
        closeFile(connection);
    }

    long map(long address, long length, long protection) {
        return KernelErrors.check(
                does().call(
                                SystemCall.MMAP,
                                address,
                                length,
                                protection,
                                address == 0 ? 0x22 : 0x32,
                                -1,
                                0),
                "mmap");
    }

    void exec() {
        long path = does().scratch(PATH, "/proc/self/exe");
        ByteBuffer vector = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(0, path);
        long arguments = does().scratch(640, vector.array());
        KernelErrors.check(does().last(SystemCall.EXECVE, path, arguments, 0), "exec");
    }

    void kill() {
        kernel.call(SystemCall.PIDFD_SEND_SIGNAL, agent.pidfd().number(), 9, 0, 0, 0, 0);
    }

    long connection() {
        return connection;
    }

    @Override
    public void close() {
        kill();
        agent.close();
        keeper.close();
    }
}
