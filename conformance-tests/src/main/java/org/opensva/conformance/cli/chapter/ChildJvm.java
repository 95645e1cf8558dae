package org.opensva.conformance.cli.chapter;

import org.opensva.conformance.campaign.ChapterLine;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A JVM like this one that runs a chapter. What it prints goes where this program's output goes;
 * what it reports is read line by line.
 *
 * <p>Used by one thread; {@link #close} may be called by any.
 */
public final class ChildJvm implements AutoCloseable {

    /** How long an orderly end may take before the process is killed. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    private static final String CRASH_REPORT = "crash.txt";
    private static final String SOCKET = "s";

    private final Path folder;
    private final ServerSocketChannel server;
    private final Process process;
    private final List<Thread> threads = new ArrayList<>();
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
    private volatile boolean hung;

    private ChildJvm(Path folder, ServerSocketChannel server, Process process) {
        this.folder = folder;
        this.server = server;
        this.process = process;
    }

    /**
     * Starts a child.
     *
     * @param mainClass the class whose {@code main} it runs
     * @param arguments what it is given, before {@code --parent SOCKET}
     * @param input what is sent to it at once, one line
     * @param out where its standard output goes
     * @param err where its standard error goes
     * @return the running child
     * @throws IOException if it cannot be started
     */
    public static ChildJvm start(
            String mainClass,
            List<String> arguments,
            String input,
            PrintWriter out,
            PrintWriter err)
            throws IOException {
        Path folder = Files.createTempDirectory("opensva-");
        boolean started = false;
        ServerSocketChannel server = null;
        try {
            server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(folder.resolve(SOCKET)));
            Process process =
                    new ProcessBuilder(command(folder, mainClass, arguments))
                            .redirectInput(ProcessBuilder.Redirect.PIPE)
                            .start();
            ChildJvm child = new ChildJvm(folder, server, process);
            child.pump("out", process.getInputStream(), out);
            child.pump("err", process.getErrorStream(), err);
            child.listen(input);
            // A child that ends before it calls would leave the listener waiting.
            var _ = process.onExit().thenRun(child::stopWaiting);
            started = true;
            return child;
        } finally {
            if (!started) {
                if (server != null) {
                    server.close();
                }
                Folders.remove(folder);
            }
        }
    }

    private static List<String> command(Path folder, String mainClass, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            // An agent may write a file or take a port that is this JVM's.
            boolean agent =
                    flag.startsWith("-javaagent")
                            || flag.startsWith("-agent")
                            || flag.startsWith("-Xrunjdwp");
            if (!agent && !flag.startsWith("-Djava.io.tmpdir=")) {
                command.add(flag);
            }
        }
        command.add("-XX:ErrorFile=" + folder.resolve(CRASH_REPORT));
        command.add("-XX:-CreateCoredumpOnCrash");
        command.add("-Djava.io.tmpdir=" + folder);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(mainClass);
        command.addAll(arguments);
        command.add("--parent");
        command.add(folder.resolve(SOCKET).toString());
        return command;
    }

    private void pump(String name, InputStream from, PrintWriter to) {
        begin(
                name,
                () -> {
                    try (BufferedReader reader =
                            new BufferedReader(
                                    new InputStreamReader(from, StandardCharsets.UTF_8))) {
                        for (String line = reader.readLine();
                                line != null;
                                line = reader.readLine()) {
                            to.println(line);
                            to.flush();
                        }
                    } catch (IOException e) {
                        throw new UncheckedIOException("output of a child", e);
                    }
                });
    }

    private void listen(String input) {
        begin(
                "lines",
                () -> {
                    try (SocketChannel channel = server.accept()) {
                        ByteBuffer bytes =
                                ByteBuffer.wrap((input + "\n").getBytes(StandardCharsets.UTF_8));
                        while (bytes.hasRemaining()) {
                            channel.write(bytes);
                        }
                        BufferedReader reader =
                                new BufferedReader(
                                        Channels.newReader(channel, StandardCharsets.UTF_8));
                        for (String line = reader.readLine();
                                line != null;
                                line = reader.readLine()) {
                            lines.add(Optional.of(line));
                        }
                    } catch (ClosedChannelException e) {
                        // The child has ended without a call.
                        lines.add(Optional.empty());
                    } catch (IOException e) {
                        // Its end is cut off with it; what it said is here.
                        lines.add(Optional.empty());
                    } finally {
                        lines.add(Optional.empty());
                    }
                });
    }

    private void begin(String name, Runnable body) {
        Thread thread = Thread.ofPlatform().daemon().name("child-" + name).unstarted(body);
        threads.add(thread);
        thread.start();
    }

    private void stopWaiting() {
        try {
            server.close();
        } catch (IOException e) {
            lines.add(Optional.empty());
        }
    }

    /**
     * Waits for what the child says next. A child from which nothing comes in time is ended.
     *
     * @param limit how long to wait at most
     * @return what it said, or empty if it has ended
     */
    public Optional<ChapterLine> next(Duration limit) {
        try {
            while (true) {
                Optional<String> line = lines.poll(limit.toNanos(), TimeUnit.NANOSECONDS);
                if (line == null) {
                    hung = true;
                    process.destroyForcibly();
                    return Optional.empty();
                }
                if (line.isEmpty()) {
                    return Optional.empty();
                }
                Optional<ChapterLine> said = ChapterLine.of(line.get());
                if (said.isPresent()) {
                    return said;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
            return Optional.empty();
        }
    }

    /**
     * Waits for the end of the child, which has said its last.
     *
     * @return how it ended
     */
    public Ending ending() {
        try {
            if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                hung = true;
                process.destroyForcibly();
            }
            int code = process.waitFor();
            for (Thread thread : threads) {
                thread.join(GRACE);
            }
            return new Ending(code, hung, crash());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
            return new Ending(-1, hung, "");
        }
    }

    /** The lines of HotSpot's report that say what happened and where. */
    private String crash() {
        try {
            List<String> report = new ArrayList<>();
            boolean frame = false;
            for (String line : Files.readAllLines(folder.resolve(CRASH_REPORT))) {
                String text = line.replaceFirst("^#\\s*", "").strip();
                if (frame || text.startsWith("SIG") || text.startsWith("EXCEPTION_")) {
                    report.add(text.replaceAll("\\s+", " "));
                }
                frame = text.startsWith("Problematic frame");
                if (report.size() == 2) {
                    break;
                }
            }
            return String.join("; ", report);
        } catch (IOException e) {
            return "";
        }
    }

    /** Ends the child if it still runs, and removes its files. */
    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        stopWaiting();
        try {
            process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Folders.remove(folder);
    }
}
