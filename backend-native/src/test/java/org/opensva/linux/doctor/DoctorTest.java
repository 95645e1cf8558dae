package org.opensva.linux.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.api.backend.DiagnosticStep;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the doctor says of this host, and of others. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class DoctorTest {

    @TempDir Path root;

    private String line(String step) {
        return new Doctor(root.resolve("proc"), root.resolve("sys"))
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
    void everyStepIsOneLineAndWhatIsAbsentSaysWhatWouldHelp() {
        Examination found = new Doctor().examine();
        for (DiagnosticStep step : found.steps()) {
            assertEquals(1, step.line().lines().count(), step.line());
            assertFalse(step.finding().isEmpty());
            assertEquals(
                    step.outcome() == DiagnosticStep.Outcome.OK,
                    step.remedy().isEmpty(),
                    step.line());
        }
        assertEquals(found.obstacle().isEmpty(), found.facts().isPresent());
    }

    @Test
    void yamaIsRead() throws IOException {
        assertTrue(line("access-to-children").contains("no Yama"));
        file("proc/sys/kernel/yama/ptrace_scope", "2\n");
        assertTrue(line("access-to-children").contains("degraded: Yama scope 2"));
        file("proc/sys/kernel/yama/ptrace_scope", "1\n");
        assertTrue(line("access-to-children").contains("ok: Yama scope 1"));
    }

    private String uacce() {
        return new Doctor(root.resolve("proc"), root.resolve("sys"))
                .accelerators().steps().stream()
                        .filter(each -> each.name().equals("uacce"))
                        .findFirst()
                        .orElseThrow()
                        .line();
    }

    @Test
    void acceleratorsAreNamed() throws IOException {
        assertTrue(uacce().contains("missing: /sys/class/uacce does not exist"));
        Files.createDirectories(root.resolve("sys/class/uacce"));
        assertTrue(uacce().contains("is empty"));
        file("sys/class/uacce/hisi_zip-0/api", "hisi_qm_v3\n");
        file("sys/class/uacce/hisi_sec2-1/api", "hisi_qm_v3\n");
        assertEquals("ok: hisi_sec2-1, hisi_zip-0", uacce());
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
        assertEquals(65536, new Doctor(root.resolve("proc"), root).pageSize());
        Files.write(file, new byte[7]);
        assertEquals(4096, new Doctor(root.resolve("proc"), root).pageSize());
    }
}
