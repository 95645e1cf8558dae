package org.opensva.linux.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.api.backend.Diagnosis;
import org.opensva.api.backend.DiagnosticStep;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What the doctor says of this host, and of others. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class DoctorTest {

    @TempDir Path root;

    private String line(String step) {
        return new Doctor(root)
                .examine().steps().stream()
                        .filter(each -> each.name().equals(step))
                        .findFirst()
                        .orElseThrow()
                        .line();
    }

    private void file(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    @Test
    void everyStepIsOneLineAndWhatIsAbsentSaysWhatIsLostAndWhatWouldHelp() {
        Doctor doctor = new Doctor();
        Diagnosis whole = doctor.diagnose("native:host");
        Set<String> names = new HashSet<>();
        for (DiagnosticStep step : whole.steps()) {
            assertTrue(names.add(step.name()), step.name() + " is there twice");
            assertTrue(step.name().matches("[a-z0-9-]+"), step.name());
            assertEquals(1, step.line().lines().count(), step.line());
            assertFalse(step.finding().isEmpty());
            assertEquals(
                    step.outcome() == DiagnosticStep.Outcome.OK,
                    step.remedy().isEmpty(),
                    step.line());
            assertEquals(
                    step.outcome() == DiagnosticStep.Outcome.DEGRADED,
                    !step.consequence().isEmpty(),
                    step.line());
        }
        Examination found = doctor.examine();
        assertEquals(found.obstacle().isEmpty(), found.facts().isPresent());
        if (found.facts().isPresent()) {
            for (String name :
                    List.of(
                            "kernel",
                            "container",
                            "rights",
                            "seccomp",
                            "yama",
                            "unprivileged-userfaultfd",
                            "userfaultfd",
                            "dev-userfaultfd",
                            "pidfd",
                            "memory-objects",
                            "agent",
                            "descriptor-passing",
                            "proc-mem",
                            "process-vm")) {
                assertTrue(names.contains(name), name + " is not looked at");
            }
        }
    }

    @Test
    void whatTheSystemSaysOfItselfIsRead() throws IOException {
        assertEquals("ok: no Yama", line("yama"));
        file("proc/sys/kernel/yama/ptrace_scope", "2\n");
        assertTrue(line("yama").contains("scope 2: only CAP_SYS_PTRACE"));
        assertEquals("ok: no sign of one", line("container"));
        file(".dockerenv", "");
        file("proc/self/uid_map", "         0       1000          1\n");
        assertEquals(
                "ok: signs of one: /.dockerenv, a user namespace (uid_map 0 1000 1)",
                line("container"));
        file(
                "proc/self/status",
                "Name:\tjava\nUid:\t65534\t65534\t65534\t65534\nCapEff:\t0000000000080000\n"
                        + "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n");
        assertTrue(line("rights").contains("user id 65534, capabilities: CAP_SYS_PTRACE;"));
        assertTrue(line("rights").endsWith("no_new_privs"));
        assertTrue(line("seccomp").contains("mode 2, 3 filters"));
        file("proc/sys/vm/unprivileged_userfaultfd", "0\n");
        assertTrue(line("unprivileged-userfaultfd").contains("vm.unprivileged_userfaultfd=0"));
        file("proc/self/limits", "Limit  Soft Limit\nMax open files            64   4096  files\n");
        assertTrue(line("descriptors").startsWith("degraded: at most 64 open files"));
        file("proc/self/limits", "Max open files            unlimited unlimited  files\n");
        assertEquals("ok: at most unlimited open", line("descriptors"));
        file("proc/sys/kernel/osrelease", "5.10.0-odd\n");
        assertTrue(line("kernel").contains("Linux 5.10.0-odd"));
    }

    @Test
    void nonsenseInTheFilesOfTheSystemIsNoTrouble() throws IOException {
        for (String text : List.of("", "\0\0", "Uid:\nCapEff:\tzz\nSeccomp:\n", ":\n:", "-1")) {
            for (String path :
                    List.of(
                            "proc/self/status",
                            "proc/self/limits",
                            "proc/self/uid_map",
                            "proc/meminfo",
                            "proc/sys/kernel/yama/ptrace_scope",
                            "proc/sys/kernel/osrelease",
                            "sys/kernel/mm/transparent_hugepage/enabled")) {
                file(path, text);
            }
            assertFalse(new Doctor(root).examine().steps().isEmpty());
        }
    }

    @Test
    void swapAndHugePagesAreRead() throws IOException {
        file("proc/meminfo", "MemTotal: 1 kB\nSwapTotal:   0 kB\n");
        assertTrue(line("reclaim").contains("degraded:"));
        file("proc/meminfo", "MemTotal: 1 kB\nSwapTotal:   77 kB\n");
        assertTrue(line("reclaim").contains("ok:"));
        file("sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
        assertTrue(line("huge-pages").contains("degraded:"));
        file("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
        assertTrue(line("huge-pages").contains("ok:"));
    }

    @Test
    void thePageSizeIsWhatTheKernelTellsPrograms() throws IOException {
        ByteBuffer vector = ByteBuffer.allocate(48).order(ByteOrder.nativeOrder());
        vector.putLong(3).putLong(1).putLong(6).putLong(65536).putLong(0).putLong(0);
        Path file = root.resolve("proc/self/auxv");
        Files.createDirectories(file.getParent());
        Files.write(file, vector.array());
        assertEquals(65536, new Doctor(root).pageSize());
        Files.write(file, new byte[7]);
        assertEquals(4096, new Doctor(root).pageSize());
    }
}
