package org.opensva.linux.doctor;

import org.opensva.api.backend.DiagnosticStep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * Reads what the system says of itself: version, container, rights, filters, settings. None of it
 * decides anything, because each way is tried; it is what explains a way that is closed.
 *
 * @param root where the file system begins
 */
record PolicyProbe(Path root) {

    /** {@code include/uapi/linux/capability.h}. */
    private static final Map<Integer, String> RIGHTS = rights();

    private static final int FEW_DESCRIPTORS = 256;

    private static Map<Integer, String> rights() {
        Map<Integer, String> rights = new LinkedHashMap<>();
        rights.put(19, "CAP_SYS_PTRACE");
        rights.put(21, "CAP_SYS_ADMIN");
        rights.put(24, "CAP_SYS_RESOURCE");
        return rights;
    }

    List<DiagnosticStep> examine() {
        return List.of(
                kernel(), container(), rightsHeld(), seccomp(), yama(), unprivileged(), limit());
    }

    /** The text of a file of the system; empty if it cannot be read. */
    String read(String path) {
        try {
            return Files.readString(root.resolve(path)).strip();
        } catch (IOException e) {
            return "";
        }
    }

    private DiagnosticStep kernel() {
        String release = read("proc/sys/kernel/osrelease");
        return DiagnosticStep.ok(
                "kernel",
                (release.isEmpty() ? "its version is not told" : "Linux " + release)
                        + "; what it can do is tried, not concluded");
    }

    private DiagnosticStep container() {
        List<String> signs = new ArrayList<>();
        for (String mark : List.of(".dockerenv", "run/.containerenv", "run/systemd/container")) {
            if (Files.exists(root.resolve(mark))) {
                signs.add("/" + mark);
            }
        }
        String users = read("proc/self/uid_map").replaceAll("\\s+", " ");
        if (!users.isEmpty() && !users.equals("0 0 4294967295")) {
            signs.add("a user namespace (uid_map " + users + ")");
        }
        return DiagnosticStep.ok(
                "container",
                signs.isEmpty() ? "no sign of one" : "signs of one: " + String.join(", ", signs));
    }

    private Optional<String> status(String key) {
        return read("proc/self/status")
                .lines()
                .filter(line -> line.startsWith(key + ":"))
                .map(line -> line.substring(key.length() + 1).strip())
                .findFirst();
    }

    private DiagnosticStep rightsHeld() {
        String user = status("Uid").map(ids -> ids.split("\\s+", 2)[0]).orElse("unknown");
        String mask = status("CapEff").orElse("");
        StringJoiner held = new StringJoiner(", ").setEmptyValue("none that would matter");
        if (mask.matches("[0-9a-fA-F]{1,16}")) {
            long bits = Long.parseUnsignedLong(mask, 16);
            RIGHTS.forEach((bit, name) -> {
                if ((bits >>> bit & 1) != 0) {
                    held.add(name);
                }
            });
        }
        return DiagnosticStep.ok(
                "rights",
                "user id %s, capabilities: %s; none is needed%s"
                        .formatted(
                                user,
                                held,
                                status("NoNewPrivs").orElse("0").equals("1")
                                        ? "; no_new_privs"
                                        : ""));
    }

    private DiagnosticStep seccomp() {
        String mode = status("Seccomp").orElse("");
        return DiagnosticStep.ok(
                "seccomp",
                switch (mode) {
                    case "" -> "the kernel does not tell";
                    case "0" -> "no filter";
                    default ->
                            "mode %s, %s filters; what they refuse is found out below"
                                    .formatted(mode, status("Seccomp_filters").orElse("some"));
                });
    }

    /** {@code Documentation/admin-guide/LSM/Yama.rst}. */
    private DiagnosticStep yama() {
        String scope = read("proc/sys/kernel/yama/ptrace_scope");
        String meaning =
                switch (scope) {
                    case "" -> "no Yama";
                    case "0" -> "scope 0: processes of one user reach each other";
                    case "1" -> "scope 1: parents reach their descendants";
                    case "2" -> "scope 2: only CAP_SYS_PTRACE reaches others";
                    case "3" -> "scope 3: nobody reaches others";
                    default -> "scope " + scope;
                };
        return DiagnosticStep.ok("yama", meaning);
    }

    /** {@code Documentation/admin-guide/sysctl/vm.rst}: it concerns faults of the kernel only. */
    private DiagnosticStep unprivileged() {
        String value = read("proc/sys/vm/unprivileged_userfaultfd");
        return DiagnosticStep.ok(
                "unprivileged-userfaultfd",
                value.isEmpty()
                        ? "vm.unprivileged_userfaultfd does not exist"
                        : "vm.unprivileged_userfaultfd=%s; faults of user mode are enough"
                                .formatted(value));
    }

    private DiagnosticStep limit() {
        String[] limits =
                read("proc/self/limits")
                        .lines()
                        .filter(line -> line.startsWith("Max open files"))
                        .map(line -> line.substring("Max open files".length()).strip())
                        .findFirst()
                        .orElse("")
                        .split("\\s+", 2);
        String soft = limits[0];
        if (soft.matches("[0-9]{1,9}") && Integer.parseInt(soft) < FEW_DESCRIPTORS) {
            return DiagnosticStep.degraded(
                    "descriptors",
                    "at most %s open files".formatted(soft),
                    "EMFILE with more than %d processes".formatted(Integer.parseInt(soft) / 8),
                    "ulimit -n 1024");
        }
        return DiagnosticStep.ok(
                "descriptors",
                soft.isEmpty() ? "their limit is not told" : "at most %s open".formatted(soft));
    }
}
