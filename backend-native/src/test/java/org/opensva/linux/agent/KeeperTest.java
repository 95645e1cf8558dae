package org.opensva.linux.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Signal;
import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.abi.Waiting;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Agents as real processes. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class KeeperTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int PAGE = 65536;
    private static final long RW = 3;
    private static final long READ = 1;
    private static final long PRIVATE_ANONYMOUS = 0x22;

    private SystemCalls kernel;
    private Keeper keeper;

    @BeforeEach
    void start() {
        kernel = new SystemCalls(Architecture.host().orElseThrow());
        keeper = Keeper.start(kernel);
    }

    @AfterEach
    void stop() {
        keeper.close();
        assertFalse(keeper.isAlive());
    }

    private static long map(Agent agent, long protection) {
        return agent.channel().call(SystemCall.MMAP, 0, PAGE, protection, PRIVATE_ANONYMOUS, -1, 0);
    }

    private void ended(Agent agent) {
        assertNotEquals(0, Waiting.poll(kernel, agent.pidfd(), LIMIT), "it has not ended");
        agent.close();
        keeper.reap(agent.pid());
    }

    @Test
    void loadsAndStoresAreThoseOfTheProcess() {
        Agent agent = keeper.spawn();
        long page = map(agent, RW);
        agent.channel().store(page + 8, 0x1122_3344_5566_7788L);
        assertEquals(0x1122_3344_5566_7788L, agent.channel().load(page + 8));
        assertEquals(0, agent.channel().load(page));
        byte[] text = "shared virtual addressing".getBytes(StandardCharsets.US_ASCII);
        agent.channel().put(page + 100, text, 0, text.length);
        byte[] back = new byte[text.length];
        agent.channel().fetch(page + 100, back, 0, back.length);
        assertArrayEquals(text, back);
        agent.channel().close();
        ended(agent);
    }

    @Test
    void aFaultNamesItsAddressAndTheProcessLivesOn() {
        Agent agent = keeper.spawn();
        long page = map(agent, READ);
        CpuFaultException store =
                assertThrows(CpuFaultException.class, () -> agent.channel().store(page, 1));
        assertEquals(page, store.address());
        assertEquals(Signal.SIGSEGV, store.signal());
        CpuFaultException load =
                assertThrows(CpuFaultException.class, () -> agent.channel().load(8));
        assertEquals(8, load.address());
        CpuFaultException far =
                assertThrows(
                        CpuFaultException.class,
                        () -> agent.channel().load(0x8000_0000_0000_0000L));
        assertEquals(0x8000_0000_0000_0000L, far.address());
        long writable = map(agent, RW);
        agent.channel().call(SystemCall.MUNMAP, writable + PAGE / 2, PAGE / 2);
        byte[] across = new byte[200];
        long edge = writable + PAGE / 2;
        CpuFaultException end =
                assertThrows(
                        CpuFaultException.class,
                        () -> agent.channel().put(edge - 100, across, 0, across.length));
        assertEquals(edge, end.address());
        CpuFaultException fetched =
                assertThrows(
                        CpuFaultException.class,
                        () -> agent.channel().fetch(edge - 100, across, 0, across.length));
        assertEquals(edge, fetched.address());
        assertEquals(0, agent.channel().load(page));
        agent.channel().close();
        ended(agent);
    }

    @Test
    void aSignalFromOutsideIsNotAFaultOfTheAgent() {
        Agent agent = keeper.spawn();
        long page = map(agent, RW);
        for (int i = 0; i < 50; i++) {
            assertEquals(
                    0,
                    kernel.call(
                            SystemCall.PIDFD_SEND_SIGNAL,
                            agent.pidfd().number(),
                            Signal.SIGSEGV.number(),
                            0));
            agent.channel().store(page, i);
            assertEquals(i, agent.channel().load(page));
        }
        agent.channel().close();
        ended(agent);
    }

    @Test
    void aChildHasACopyOfTheMemoryAndAChannelOfItsOwn() {
        Agent parent = keeper.spawn();
        long page = map(parent, RW);
        parent.channel().store(page, 1);
        Agent child = keeper.fork(parent.channel());
        assertNotEquals(parent.pid(), child.pid());
        child.channel().store(page, 2);
        assertEquals(1, parent.channel().load(page));
        assertEquals(2, child.channel().load(page));
        parent.channel().close();
        ended(parent);
        assertEquals(2, child.channel().load(page));
        child.channel().close();
        ended(child);
    }

    @Test
    void execReplacesTheProgramAndTheConversationGoesOn() {
        Agent agent = keeper.spawn();
        long page = map(agent, RW);
        agent.channel().store(page, 1);
        long path = agent.channel().scratch(0, "/proc/self/exe");
        byte[] argv = new byte[16];
        for (int i = 0; i < 8; i++) {
            argv[i] = (byte) (path >>> 8 * i);
        }
        long vector = agent.channel().scratch(64, argv);
        assertEquals(0, agent.channel().last(SystemCall.EXECVE, path, vector, 0));
        assertEquals(agent.pid(), agent.channel().call(SystemCall.GETPID));
        assertThrows(CpuFaultException.class, () -> agent.channel().load(page));
        agent.channel().close();
        ended(agent);
    }

    @Test
    void descriptorsTravelBothWays() {
        Agent agent = keeper.spawn();
        Agent other = keeper.spawn();
        long name = agent.channel().scratch(512, "window");
        long memory = agent.channel().call(SystemCall.MEMFD_CREATE, name, 0);
        assertEquals(0, agent.channel().call(SystemCall.FTRUNCATE, memory, PAGE));
        try (Descriptor here = agent.channel().take(memory)) {
            long there = other.channel().give(here.number(), true);
            assertTrue(there >= 2, "descriptor " + there);
            long a = agent.channel().call(SystemCall.MMAP, 0, PAGE, RW, 1, memory, 0);
            long b = other.channel().call(SystemCall.MMAP, 0, PAGE, RW, 1, there, 0);
            agent.channel().store(a, 77);
            assertEquals(77, other.channel().load(b));
        }
        assertThrows(org.opensva.api.process.ErrnoException.class, () -> agent.channel().take(999));
        assertEquals(agent.pid(), agent.channel().call(SystemCall.GETPID));
        agent.channel().close();
        other.channel().close();
        ended(agent);
        ended(other);
    }

    @Test
    void anAgentThatIsKilledIsGone() {
        Agent agent = keeper.spawn();
        kernel.call(SystemCall.PIDFD_SEND_SIGNAL, agent.pidfd().number(), 9, 0);
        assertNotEquals(0, Waiting.poll(kernel, agent.pidfd(), LIMIT));
        assertThrows(AgentGoneException.class, () -> agent.channel().call(SystemCall.GETPID));
        ended(agent);
    }

    @Test
    void whenTheKeeperIsKilledItsAgentsLiveOnAndNoneIsStarted() {
        Agent agent = keeper.spawn();
        ProcessHandle.of(keeper.pid()).orElseThrow().destroyForcibly();
        assertThrows(
                org.opensva.api.process.ErrnoException.class,
                () -> {
                    // Death is not waited for: it may start one more.
                    while (true) {
                        keeper.spawn().close();
                    }
                });
        assertEquals(agent.pid(), agent.channel().call(SystemCall.GETPID));
        agent.channel().close();
        ended(agent);
    }
}
