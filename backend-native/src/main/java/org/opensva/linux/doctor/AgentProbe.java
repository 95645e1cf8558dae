package org.opensva.linux.doctor;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.opensva.api.backend.DiagnosticStep;
import org.opensva.api.process.ErrnoException;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.Layouts;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.abi.Userfaultfd;
import org.opensva.linux.abi.Waiting;
import org.opensva.linux.agent.Agent;
import org.opensva.linux.agent.AgentChannel;
import org.opensva.linux.agent.AgentGoneException;
import org.opensva.linux.agent.Keeper;
import org.opensva.linux.mm.Transfers;
import org.opensva.linux.process.EventDescriptors;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Tries with a process what the backend does with processes: passing descriptors, both ways into
 * its memory, and an event that keeps {@code munmap} from returning until it has been read. The
 * process ends with the probe; every wait has a limit.
 */
public final class AgentProbe {

    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final int TEXT = 2048;
    private static final String PATTERN = "opensva-probe";
    private static final long AT_FDCWD = -100;
    private static final long O_RDWR_CLOEXEC = 0x80002;
    private static final long PROT_READ = 1;
    private static final long PROT_READ_WRITE = 3;
    private static final long MAP_PRIVATE_ANONYMOUS = 0x22;

    private final SystemCalls kernel;
    private final EventDescriptors events;
    private final int pageSize;

    /**
     * Prepares.
     *
     * @param kernel the kernel
     * @param facts what is known of this host
     */
    public AgentProbe(SystemCalls kernel, HostFacts facts) {
        this.kernel = kernel;
        this.events = facts.events();
        this.pageSize = facts.pageSize();
    }

    /**
     * Tries with a keeper of its own, which ends with the probe.
     *
     * @return one step for each thing tried
     */
    List<DiagnosticStep> examine() {
        try (Keeper keeper = Keeper.start(kernel)) {
            return examine(keeper);
        } catch (ErrnoException e) {
            return List.of(noAgent(e));
        }
    }

    private static DiagnosticStep noAgent(RuntimeException why) {
        return DiagnosticStep.missing(
                "agent",
                "no process can be started and driven: " + why.getMessage(),
                "a folder for temporary files without noexec, vm.memfd_noexec=0, and a policy that"
                        + " allows programs from there");
    }

    /**
     * Tries with a process of a running keeper.
     *
     * @param keeper who starts it
     * @return one step for each thing tried
     */
    public List<DiagnosticStep> examine(Keeper keeper) {
        List<DiagnosticStep> steps = new ArrayList<>();
        Agent agent;
        try {
            agent = keeper.spawn();
        } catch (ErrnoException e) {
            return List.of(noAgent(e));
        }
        try {
            steps.add(DiagnosticStep.ok("agent", "processes start, and do what they are told"));
            steps.addAll(memory(agent));
            if (events != EventDescriptors.NONE) {
                steps.add(delivery(agent));
            }
        } catch (AgentGoneException | ErrnoException e) {
            steps.add(noAgent(e));
        } finally {
            kernel.call(SystemCall.PIDFD_SEND_SIGNAL, agent.pidfd().number(), 9, 0, 0, 0, 0);
            Waiting.poll(kernel, agent.pidfd(), LIMIT);
            keeper.reap(agent.pid());
            agent.close();
        }
        return steps;
    }

    private List<DiagnosticStep> memory(Agent agent) {
        AgentChannel channel = agent.channel();
        List<DiagnosticStep> steps = new ArrayList<>();
        long text = channel.scratch(TEXT, PATTERN);
        try (Descriptor mem = open(channel)) {
            steps.add(
                    DiagnosticStep.ok(
                            "descriptor-passing", "SCM_RIGHTS carries descriptors both ways"));
            long moved = pread(mem, text);
            if (moved != PATTERN.length()) {
                steps.add(
                        DiagnosticStep.missing(
                                "proc-mem",
                                "/proc/PID/mem that a process has passed cannot be read: "
                                        + (moved < 0 ? KernelErrors.name(moved) : "wrong bytes"),
                                "a mounted /proc, and a policy that lets a process read itself"));
                return steps;
            }
            steps.add(procMem(channel, mem));
        } catch (ErrnoException e) {
            steps.add(
                    DiagnosticStep.missing(
                            "descriptor-passing",
                            "a process cannot pass its /proc/self/mem: " + e.getMessage(),
                            "a mounted /proc, and a policy that allows SCM_RIGHTS"));
            return steps;
        }
        long reached = Transfers.reach(kernel, agent.pid());
        steps.add(
                reached == 0
                        ? DiagnosticStep.ok(
                                "process-vm",
                                "process_vm_readv reaches children, and obeys protections")
                        : DiagnosticStep.degraded(
                                "process-vm",
                                "process_vm_readv of a child is refused: "
                                        + KernelErrors.name(reached),
                                "bytes travel by the /proc/PID/mem that processes pass, with the"
                                        + " mapping looked at first",
                                "kernel.yama.ptrace_scope of 0 or 1, a seccomp profile that allows"
                                        + " it, or CAP_SYS_PTRACE"));
        return steps;
    }

    private static Descriptor open(AgentChannel channel) {
        long name = channel.scratch(0, "/proc/self/mem");
        long fd =
                KernelErrors.check(
                        channel.call(SystemCall.OPENAT, AT_FDCWD, name, O_RDWR_CLOEXEC),
                        "open /proc/self/mem");
        try {
            return channel.take(fd);
        } finally {
            channel.call(SystemCall.CLOSE, fd);
        }
    }

    /** The number of bytes of the pattern, or an error. */
    private long pread(Descriptor mem, long address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(PATTERN.length());
            long moved =
                    kernel.call(
                            SystemCall.PREAD64,
                            mem.number(),
                            bytes.address(),
                            PATTERN.length(),
                            address,
                            0,
                            0);
            return moved == PATTERN.length()
                            && MemorySegment.ofArray(PATTERN.getBytes(US_ASCII)).mismatch(bytes)
                                    == -1
                    ? moved
                    : Math.min(moved, 0);
        }
    }

    /** {@code proc_mem.restrict_write} and the like make it obey protections (Linux 6.12). */
    private DiagnosticStep procMem(AgentChannel channel, Descriptor mem) {
        long page =
                KernelErrors.check(
                        channel.call(
                                SystemCall.MMAP,
                                0,
                                pageSize,
                                PROT_READ,
                                MAP_PRIVATE_ANONYMOUS,
                                -1,
                                0),
                        "mmap");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocate(1);
            long forced =
                    kernel.call(SystemCall.PWRITE64, mem.number(), one.address(), 1, page, 0, 0);
            return DiagnosticStep.ok(
                    "proc-mem",
                    forced == 1
                            ? "/proc/PID/mem can be passed; it ignores protections, so the mapping"
                                    + " is looked at first"
                            : "/proc/PID/mem can be passed; it obeys protections");
        } finally {
            channel.call(SystemCall.MUNMAP, page, pageSize);
        }
    }

    /** What all promises about caches rest on: munmap does not return before its event is read. */
    private DiagnosticStep delivery(Agent agent) {
        AgentChannel channel = agent.channel();
        Descriptor taken = events.take(channel);
        if (taken == null) {
            return undelivered("a process cannot open or pass its userfaultfd");
        }
        try (taken) {
            long result = Userfaultfd.configure(kernel, taken, Userfaultfd.NEEDED);
            if (result < 0) {
                return undelivered("UFFDIO_API of a process: " + KernelErrors.name(result));
            }
            long page =
                    KernelErrors.check(
                            channel.call(
                                    SystemCall.MMAP,
                                    0,
                                    pageSize,
                                    PROT_READ_WRITE,
                                    MAP_PRIVATE_ANONYMOUS,
                                    -1,
                                    0),
                            "mmap");
            result = Userfaultfd.register(kernel, taken, page, pageSize);
            if (result < 0) {
                return undelivered("UFFDIO_REGISTER in a process: " + KernelErrors.name(result));
            }
            FutureTask<Long> unmap =
                    new FutureTask<>(() -> channel.call(SystemCall.MUNMAP, page, pageSize));
            Thread.ofPlatform().daemon().name("opensva-native-probe").start(unmap);
            if (Waiting.poll(kernel, taken, LIMIT) != Waiting.POLLIN) {
                return undelivered("munmap in a process is not reported");
            }
            boolean early = unmap.isDone();
            drain(taken);
            long unmapped = unmap.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            return early || unmapped != 0
                    ? undelivered("munmap does not wait until its event is read")
                    : DiagnosticStep.ok(
                            "event-delivery",
                            "munmap in a process waits until its event is read here");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return undelivered("the probe was interrupted");
        } catch (ExecutionException | TimeoutException e) {
            return undelivered("munmap in a process does not return");
        }
    }

    private void drain(Descriptor taken) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocate(Layouts.UFFD_MSG);
            while (kernel.call(
                            SystemCall.READ, taken.number(), message.address(), message.byteSize())
                    > 0) {
                // One event for each mapping that went.
            }
        }
    }

    private static DiagnosticStep undelivered(String found) {
        return DiagnosticStep.degraded(
                "event-delivery",
                found,
                "what devices cache is not invalidated in time; use --option events=off",
                "--option events=off");
    }
}
