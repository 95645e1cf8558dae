package org.opensva.conformance.cli;

import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.opensva.conformance.report.AtomicFiles;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** Rule tests that do to their JVM what a backend may do, and the program that runs them. */
@RuleTests
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class DyingRules {

    /** Where a test says which process it is in. */
    static final String PID_FILE = "opensva.test.pid";

    private DyingRules() {}

    /** What a child JVM runs. */
    public static void main(String[] args) {
        System.exit(
                new Program(
                                new Context(
                                        SystemConsole.open(),
                                        new AtomicFiles(),
                                        System::nanoTime,
                                        new Shell.Own(DyingRules.class, Alone.class),
                                        DyingRules.class))
                        .run(args));
    }

    private static void signal(String name) throws Exception {
        long pid = ProcessHandle.current().pid();
        new ProcessBuilder("kill", "-" + name, String.valueOf(pid)).start().waitFor();
        new CountDownLatch(1).await();
    }

    @Test
    @Order(1)
    @Covers(RuleId.BIND_01)
    void aTestThatHolds() throws IOException {
        System.out.println("the backend prints");
        Files.createTempFile("left", "behind");
    }

    @Test
    @Order(2)
    @Covers(RuleId.BIND_03)
    void aTestThatEndsTheJvm() {
        System.exit(3);
    }

    @Test
    @Order(3)
    @Covers(RuleId.BIND_10)
    void anotherTestThatHolds() {}

    @Test
    @Order(4)
    @Covers(RuleId.UNMAP_01)
    void aTestThatCrashes() throws Exception {
        signal("SEGV");
    }

    @Test
    @Order(5)
    @Covers(RuleId.UACCE_01)
    void aTestWhoseJvmStands() throws Exception {
        signal("STOP");
    }

    @Test
    @Order(6)
    @Covers(RuleId.EXIT_01)
    void aTestInAChapterThatIsGivenUp() {
        Runtime.getRuntime().halt(1);
    }

    @Test
    @Order(7)
    @Covers(RuleId.EXIT_06)
    void anotherInIt() {
        Runtime.getRuntime().halt(2);
    }

    @Test
    @Order(8)
    @Covers(RuleId.EXIT_03)
    void aThirdInIt() {
        Runtime.getRuntime().halt(0);
    }

    @Test
    @Order(9)
    @Covers(RuleId.EXIT_05)
    void oneThatIsNotReached() {}

    /** A test that tells its process and stays. */
    @RuleTests
    static final class Alone {
        @Test
        @Covers(RuleId.FAULT_02)
        void aTestThatStays() throws Exception {
            Path file = Path.of(System.getProperty(PID_FILE));
            Path folder = Path.of(System.getProperty("java.io.tmpdir"));
            Files.writeString(
                    file.resolveSibling("writing"), ProcessHandle.current().pid() + " " + folder);
            Files.move(file.resolveSibling("writing"), file);
            new CountDownLatch(1).await();
        }
    }
}
