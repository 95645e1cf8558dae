package org.opensva.conformance.soak;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Knows what this Java machine held of the operating system before a machine was opened: its child
 * processes, and descriptors of kinds that backends with real processes open and the platform does
 * not. What a machine has of them must end with it.
 */
final class HostWatch {

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    private static final Map<String, Pattern> KINDS =
            new TreeMap<>(
                    Map.of(
                            "userfaultfds", Pattern.compile("anon_inode:\\[userfaultfd]"),
                            "pidfds", Pattern.compile("(anon_inode:\\[pidfd]|pidfd:.*)"),
                            "memories of processes",
                                    Pattern.compile("/proc/[0-9]+/(mem|maps|pagemap).*"),
                            "memory objects", Pattern.compile("/memfd:.*"),
                            "pipes", Pattern.compile("pipe:.*")));

    private final Map<String, Long> before = look();

    /** Tells whether descriptors can be looked at. */
    static boolean sees() {
        return Files.isDirectory(DESCRIPTORS);
    }

    private static Map<String, Long> look() {
        Map<String, Long> counts = new TreeMap<>();
        counts.put("child processes", ProcessHandle.current().descendants().count());
        if (!sees()) {
            return counts;
        }
        try (DirectoryStream<Path> open = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path descriptor : open) {
                String name = name(descriptor);
                KINDS.forEach((kind, pattern) -> {
                    if (pattern.matcher(name).matches()) {
                        counts.merge(kind, 1L, Long::sum);
                    }
                });
            }
        } catch (IOException e) {
            return counts;
        }
        return counts;
    }

    /** Where a descriptor leads; nowhere if it has been closed meanwhile. */
    private static String name(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return "";
        }
    }

    /** What is left of a machine that was closed; empty if nothing is. */
    String left(Duration settle) {
        long deadline = System.nanoTime() + settle.toNanos();
        String more = more();
        while (!more.isEmpty() && System.nanoTime() - deadline < 0) {
            Thread.yield();
            more = more();
        }
        return more.isEmpty() ? "" : "left behind by the machine: " + more;
    }

    private String more() {
        StringJoiner more = new StringJoiner(", ");
        look().forEach((kind, count) -> {
            long surplus = count - before.getOrDefault(kind, 0L);
            if (surplus > 0) {
                more.add("%d more %s".formatted(surplus, kind));
            }
        });
        return more.toString();
    }
}
