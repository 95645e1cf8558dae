package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.Backend;
import org.opensva.conformance.cli.telemetry.Telemetry;
import org.opensva.conformance.cli.telemetry.TelemetryOptions;
import org.opensva.conformance.cli.work.AcceleratorSession;
import org.opensva.conformance.cli.work.BadDataException;
import org.opensva.conformance.cli.work.StreamWork;
import org.opensva.conformance.cli.work.Task;
import org.opensva.conformance.cli.work.WorkRequest;
import org.opensva.conformance.cli.work.WorkResult;

import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.concurrent.Callable;

/** {@code opensva run}: accelerators work on a file in a process's memory. */
@Command(
        name = "run",
        header = "Have accelerators work on a file.",
        description =
                "%nA process is spawned on the backend, the file is put into its memory window by"
                    + " window, and the devices read and write it there, by the process's own"
                    + " addresses, several queues at a time.%n%nFiles may be of any size. gzip"
                    + " writes one member for each window. Digests and HMACs are printed as"
                    + " sha256sum does, and its --check reads them. compare prints where two files"
                    + " differ first, and ends with 1 then.%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva run gzip notes.txt                 writes notes.txt.gz",
            "  opensva run gunzip notes.txt.gz copy.txt   restores it under another name",
            "  opensva run sha256 disk.iso > SUM          sha256sum --check SUM reads it",
            "  opensva run crc32c --stats notes.txt       the CRC-32C, and what it took",
            "  opensva run aes-gcm --key k secret.txt secret.enc",
            "  opensva run aes-gcm --key k --decrypt secret.enc -",
            "  tar c . | opensva run gzip - > all.tar.gz"
        })
final class RunCommand implements Callable<Integer> {

    private final Context context;

    @Parameters(
            index = "0",
            paramLabel = "OPERATION",
            converter = TaskName.class,
            completionCandidates = TaskNames.class,
            description = "One of: ${COMPLETION-CANDIDATES}.")
    private @Nullable Task given;

    @Parameters(
            index = "1",
            paramLabel = "INPUT",
            description = "The file to read, - for standard input; for fill, the file to write.")
    private String input = "";

    @Parameters(
            index = "2",
            arity = "0..1",
            paramLabel = "OUTPUT",
            description =
                    "The file to write, - for standard output; for compare, the other file to"
                            + " read. By default INPUT with .gz, .zz or .deflate added or taken"
                            + " away; standard output if INPUT is standard input. Digests and"
                            + " checksums write no file.")
    private @Nullable String output;

    @Mixin private BackendOptions backends = new BackendOptions();

    @Mixin private TelemetryOptions telemetry = new TelemetryOptions();

    @Mixin private RunOptions options = new RunOptions();

    @Option(
            names = "--backend",
            paramLabel = "NAME[:VARIANT]",
            description = "Where to run (default: the machine of --profile, or emulated).")
    private @Nullable String backend;

    @Option(
            names = {"-f", "--force"},
            description = "Replace OUTPUT if it exists; write compressed data to a terminal.")
    private boolean force;

    @Option(
            names = "--stats",
            description = "Print on standard error what hardware and kernel did.")
    private boolean stats;

    RunCommand(Context context) {
        this.context = context;
    }

    /** The tasks by name. */
    static final class TaskNames extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        TaskNames() {
            super(Task.all().stream().map(Task::id).toList());
        }
    }

    /** Reads the name of a task. */
    static final class TaskName implements ITypeConverter<Task> {

        /** Needed by picocli. */
        TaskName() {}

        @Override
        public Task convert(String text) {
            return Task.of(text)
                    .orElseThrow(() ->
                            new TypeConversionException("'%s' is no operation".formatted(text)));
        }
    }

    @Override
    public Integer call() {
        Task task = given;
        if (task == null) {
            throw new UsageException("OPERATION is missing");
        }
        WorkRequest request = options.request(task);
        OutputName target = OutputName.of(task, input, output);
        Console console = context.console();
        if (target.isStandard() && isBinary(task) && console.isTerminal() && !force) {
            throw new UsageException(
                    "compressed data is not written to a terminal; name a file or use --force");
        }
        boolean fill = task.shape() == Task.Shape.FILL;
        try (Input source = fill ? Input.none() : Input.open(input, console);
                Input other = other(task);
                Output sink = open(target, source);
                Plugins plugins = backends.load();
                Telemetry told = context.telemetry().apply(telemetry);
                Backend opened =
                        plugins.catalog()
                                .open(
                                        selector(plugins),
                                        telemetry.options(backends.options()),
                                        told.api())) {
            return work(opened, request, source, other, sink);
        }
    }

    private static boolean isBinary(Task task) {
        return switch (task.id()) {
            case "gzip", "zlib", "deflate", "aes-gcm", "aes-ctr" -> true;
            default -> false;
        };
    }

    private Input other(Task task) {
        if (task.shape() != Task.Shape.COMPARE) {
            return Input.none();
        }
        if (output == null) {
            throw new UsageException("compare needs two files");
        }
        if (output.equals(Input.STANDARD) && input.equals(Input.STANDARD)) {
            throw new UsageException("standard input cannot be both files");
        }
        return Input.open(output, context.console());
    }

    private String selector(Plugins plugins) {
        return backend == null ? backends.profiledOr("emulated", plugins) : backend;
    }

    private Output open(OutputName target, Input source) {
        if (target.isStandard()) {
            return Output.standard(context.console());
        }
        return target.path().isEmpty()
                ? Output.none()
                : Output.file(Input.path(target.path().get()), source, context.files(), force);
    }

    private int work(Backend opened, WorkRequest request, Input source, Input other, Output sink) {
        WorkStatistics before = WorkStatistics.of(opened);
        String id = request.task().id();
        WorkResult result;
        try (AcceleratorSession session = AcceleratorSession.open(opened, request);
                ProgressLine line = new ProgressLine(context.console(), context.nanoTime())) {
            long size = request.length() > 0 ? request.length() : source.size();
            WorkProgress progress = new WorkProgress(id, size, line, context.nanoTime());
            result =
                    new StreamWork(session, request, progress)
                            .run(source.stream(), other.stream(), sink.stream());
            line.show(id + ": writing");
            sink.commit();
        } catch (Input.ReadException e) {
            throw new UsageException("cannot read %s: %s".formatted(source.name(), e.reason()), e);
        } catch (IOException e) {
            UsageException failure = sink.explain(e);
            if (failure == null) {
                // Whoever reads standard output has seen enough.
                return ExitStatus.USAGE;
            }
            throw failure;
        } catch (BadDataException e) {
            throw new UsageException(source.name() + " " + e.getMessage(), e);
        }
        int status = print(request.task(), result);
        if (stats) {
            context.console().flush();
            WorkStatistics.of(opened).print(context.console(), before, result);
        }
        return status;
    }

    private int print(Task task, WorkResult result) {
        if (task.shape() == Task.Shape.COMPARE) {
            if (result.mismatch() < 0) {
                return ExitStatus.GOOD;
            }
            context.console()
                    .out()
                    .println(
                            "%s %s differ: byte %d"
                                    .formatted(input, output, result.mismatch() + 1));
            return ExitStatus.FOUND;
        }
        if (task.printsResult()) {
            context.console().out().println(sum(result.digest(), input));
        }
        return ExitStatus.GOOD;
    }

    /** A line as sha256sum prints it: a name that would break the line is escaped, and says so. */
    private static String sum(String digest, String name) {
        String escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
        return (escaped.equals(name) ? "" : "\\") + digest + "  " + escaped;
    }
}
