package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class TraceCommandTest {

    @TempDir Path folder;

    @Test
    void theTreeOfARunShowsJobsPageRequestsAndTheirLinks() throws IOException {
        Path input = folder.resolve("notes.txt");
        Files.writeString(input, "notes ".repeat(10_000));
        Shell.Result result = new Shell(folder).type("trace", "run", "crc32c", input.toString());
        assertEquals(ExitStatus.GOOD, result.status(), result.err());
        List<String> lines = result.out().lines().toList();
        assertTrue(lines.getFirst().endsWith(input.toString()), "the command's own output");
        assertTrue(lines.stream().anyMatch(line -> line.matches("\\d+ spans in \\d+ trees")));
        int job = first(lines, "uacce.job ");
        assertTrue(lines.get(job).contains("uacce.operation=crc32c"), lines.get(job));
        assertTrue(lines.get(job + 1).startsWith("`-uacce.execute"), lines.get(job + 1));
        assertTrue(first(lines, "sva.bind ") >= 0);
        assertTrue(first(lines, "mm.release ") >= 0);
    }

    private static int first(List<String> lines, String start) {
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).startsWith(start)) {
                return i;
            }
        }
        throw new AssertionError("no " + start + "in\n" + String.join("\n", lines));
    }

    @Test
    void whatCannotBeTracedIsOneLine() {
        Shell shell = new Shell(folder);
        shell.type("trace", "certify").complaint(ExitStatus.USAGE);
        shell.type("trace", "no-such-file.txt").complaint(ExitStatus.USAGE);
        shell.type("trace").complaint(ExitStatus.USAGE);
        shell.type("trace", "--most", "0", "run", "crc32c", "x").complaint(ExitStatus.USAGE);
        shell.type("trace", "--backend", "emulated", "run", "crc32c", "x")
                .complaint(ExitStatus.USAGE);
    }
}
