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
 * Examines this host. Only this Java machine itself is touched: no process is started, nothing is
 * changed, and it takes some milliseconds.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class Doctor {

    private static final int AT_PAGESZ = 6;
    private static final int DEFAULT_PAGE = 4096;

    private final Path proc;
    private final Path sys;

    /** Looks at this host. */
    public Doctor() {
        this(Path.of("/proc"), Path.of("/sys"));
    }

    /**
     * Looks at a host.
     *
     * @param proc where its {@code /proc} is
     * @param sys where its {@code /sys} is
     */
    public Doctor(Path proc, Path sys) {
        this.proc = proc;
        this.sys = sys;
    }

    /**
     * Examines.
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
        steps.add(
                DiagnosticStep.ok(
                        "platform",
                        "Linux %s on %s"
                                .formatted(
                                        System.getProperty("os.version"),
                                        System.getProperty("os.arch"))));
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
        steps.add(events.step());
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
        steps.add(restrictions());
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
     * Looks for accelerators of hardware.
     *
     * @return one diagnosis for all of them
     */
    public Diagnosis accelerators() {
        return new Diagnosis("native accelerators", new AcceleratorProbe(sys).examine());
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
                    ByteBuffer.wrap(Files.readAllBytes(proc.resolve("self/auxv")))
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
        return read("meminfo").lines().anyMatch(line -> line.matches("SwapTotal: *[1-9][0-9]* kB"));
    }

    private boolean hasHugePages() {
        try {
            String enabled =
                    Files.readString(sys.resolve("kernel/mm/transparent_hugepage/enabled"));
            return enabled.contains("[madvise]") || enabled.contains("[always]");
        } catch (IOException e) {
            return false;
        }
    }

    private String read(String file) {
        try {
            return Files.readString(proc.resolve(file));
        } catch (IOException e) {
            return "";
        }
    }

    /** What may keep one process from another's memory; which way is open is tried when it runs. */
    private DiagnosticStep restrictions() {
        String yama = read("sys/kernel/yama/ptrace_scope").strip();
        String seccomp =
                read("self/status")
                        .lines()
                        .filter(line -> line.startsWith("Seccomp:"))
                        .map(line -> line.replaceAll("\\D", ""))
                        .findFirst()
                        .orElse("");
        String found =
                (yama.isEmpty() ? "no Yama" : "Yama scope " + yama)
                        + ", "
                        + (seccomp.equals("0") || seccomp.isEmpty()
                                ? "no seccomp filter"
                                : "seccomp mode " + seccomp);
        return yama.isEmpty() || yama.equals("0") || yama.equals("1")
                ? DiagnosticStep.ok("access-to-children", found)
                : DiagnosticStep.degraded(
                        "access-to-children",
                        found,
                        "descriptors that processes pass themselves are used",
                        "kernel.yama.ptrace_scope of 0 or 1");
    }
}
