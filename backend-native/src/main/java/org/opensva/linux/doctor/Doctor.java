package org.opensva.linux.doctor;

import org.opensva.api.backend.Diagnosis;
import org.opensva.api.backend.DiagnosticStep;
import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.mm.Mappings;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Examines this host. Nothing is changed, and no wait is longer than some seconds.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class Doctor {

    private static final int AT_PAGESZ = 6;
    private static final int DEFAULT_PAGE = 4096;

    private final Path root;
    private final PolicyProbe policy;

    /** Looks at this host. */
    public Doctor() {
        this(Path.of("/"));
    }

    /**
     * Looks at a host.
     *
     * @param root where its file system begins; what is found out by trying is always of this host
     */
    public Doctor(Path root) {
        this.root = root;
        policy = new PolicyProbe(root);
    }

    /**
     * Examines without starting a process.
     *
     * @return what was found
     */
    public Examination examine() {
        List<DiagnosticStep> steps = new ArrayList<>();
        Optional<Architecture> architecture = Architecture.host();
        if (architecture.isEmpty()) {
            steps.add(
                    DiagnosticStep.missing(
                            "platform",
                            System.getProperty("os.name") + " on " + System.getProperty("os.arch"),
                            "Linux on x86-64 or 64-bit Arm"));
            return new Examination(steps, Optional.empty());
        }
        SystemCalls kernel = new SystemCalls(architecture.get());
        steps.add(DiagnosticStep.ok("platform", "Linux on " + System.getProperty("os.arch")));
        steps.addAll(policy.examine());
        steps.add(call(kernel, "pidfd", SystemCall.PIDFD_OPEN, ownPid(), 0, "Linux 5.3 or later"));
        steps.add(memoryObjects(kernel));
        boolean query = Mappings.canQuery(kernel);
        steps.add(
                query
                        ? DiagnosticStep.ok("mapping-queries", "PROCMAP_QUERY")
                        : DiagnosticStep.degraded(
                                "mapping-queries",
                                "no PROCMAP_QUERY",
                                "/proc/PID/maps is read as text, slower",
                                "Linux 6.11 or later"));
        EventProbe events = EventProbe.examine(kernel, pageSize());
        steps.addAll(events.steps());
        boolean swap = hasSwap();
        steps.add(
                swap
                        ? DiagnosticStep.ok("reclaim", "swap space")
                        : DiagnosticStep.degraded(
                                "reclaim",
                                "no swap space",
                                "no anonymous page is reclaimed, no pageout",
                                "swapon"));
        boolean hugePages = hasHugePages();
        steps.add(
                hugePages
                        ? DiagnosticStep.ok(
                                "huge-pages", "transparent huge pages, at least by advice")
                        : DiagnosticStep.degraded(
                                "huge-pages",
                                "no transparent huge pages",
                                "rules about huge pages are not applicable",
                                "/sys/kernel/mm/transparent_hugepage/enabled of madvise or"
                                        + " always"));
        Examination soFar = new Examination(steps, Optional.empty());
        return soFar.obstacle().isEmpty()
                ? new Examination(
                        steps,
                        Optional.of(
                                new HostFacts(
                                        pageSize(),
                                        query,
                                        events.way(),
                                        events.features(),
                                        swap,
                                        hugePages)))
                : soFar;
    }

    /**
     * Examines, and tries with a process what the backend does with processes.
     *
     * @param subject what is examined, as users write it
     * @return all steps
     */
    public Diagnosis diagnose(String subject) {
        Examination found = examine();
        List<DiagnosticStep> steps = new ArrayList<>(found.steps());
        found.facts()
                .ifPresent(facts ->
                        steps.addAll(
                                new AgentProbe(
                                                new SystemCalls(Architecture.host().orElseThrow()),
                                                facts)
                                        .examine()));
        return new Diagnosis(subject, steps);
    }

    /**
     * Looks for accelerators of hardware, and for what keeps them from sharing memory.
     *
     * @return one diagnosis for each family of devices, and one for each device
     */
    public List<Diagnosis> accelerators() {
        SvaProbe probe = new SvaProbe(root);
        List<Diagnosis> all = new ArrayList<>(probe.uacce());
        all.addAll(probe.idxd());
        return all;
    }

    private static long ownPid() {
        return ProcessHandle.current().pid();
    }

    private static DiagnosticStep call(
            SystemCalls kernel, String name, SystemCall call, long a, long b, String remedy) {
        long result = kernel.call(call, a, b, 0);
        if (result < 0) {
            return DiagnosticStep.missing(
                    name,
                    call.name().toLowerCase(java.util.Locale.ROOT)
                            + " is refused: "
                            + KernelErrors.name(result),
                    remedy);
        }
        kernel.call(SystemCall.CLOSE, result, 0, 0);
        return DiagnosticStep.ok(name, call.name().toLowerCase(java.util.Locale.ROOT));
    }

    private static DiagnosticStep memoryObjects(SystemCalls kernel) {
        try (Arena arena = Arena.ofConfined()) {
            return call(
                    kernel,
                    "memory-objects",
                    SystemCall.MEMFD_CREATE,
                    arena.allocateFrom("opensva-probe").address(),
                    1,
                    "Linux 3.17 or later; a seccomp profile that allows memfd_create");
        }
    }

    /** The page size that the kernel tells every program ({@code getauxval(3)}). */
    int pageSize() {
        try {
            ByteBuffer vector =
                    ByteBuffer.wrap(Files.readAllBytes(root.resolve("proc/self/auxv")))
                            .order(ByteOrder.nativeOrder());
            while (vector.remaining() >= 16) {
                long key = vector.getLong();
                long value = vector.getLong();
                if (key == AT_PAGESZ) {
                    return (int) value;
                }
            }
        } catch (IOException e) {
            return DEFAULT_PAGE;
        }
        return DEFAULT_PAGE;
    }

    private boolean hasSwap() {
        return policy.read("proc/meminfo")
                .lines()
                .anyMatch(line -> line.matches("SwapTotal: *[1-9][0-9]* kB"));
    }

    private boolean hasHugePages() {
        try {
            String enabled =
                    Files.readString(root.resolve("sys/kernel/mm/transparent_hugepage/enabled"));
            return enabled.contains("[madvise]") || enabled.contains("[always]");
        } catch (IOException e) {
            return false;
        }
    }
}
