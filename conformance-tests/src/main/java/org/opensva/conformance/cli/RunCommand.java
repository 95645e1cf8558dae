package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.backend.Backend;
import org.opensva.conformance.cli.telemetry.Telemetry;
import org.opensva.conformance.cli.telemetry.TelemetryOptions;
import org.opensva.conformance.cli.work.AcceleratorSession;
import org.opensva.conformance.cli.work.BadDataException;
import org.opensva.conformance.cli.work.StreamWork;
import org.opensva.conformance.cli.work.WorkResult;

import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code opensva run}: an accelerator works on a file in a process's memory. */
@Command(
        name = "run",
        header = "Have an accelerator work on a file.",
        description =
                "%nA process is spawned on the backend, the file is put into its memory window by"
                    + " window, and the device reads and writes it there, by the process's own"
                    + " addresses.%n%ngzip, copy and crc32c work on files of any size; gzip writes"
                    + " one member for each window. gunzip takes any number of members, but each"
                    + " one, together with what it expands to, must fit into the memory of the"
                    + " backend.%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva run gzip notes.txt                 writes notes.txt.gz",
            "  opensva run gunzip notes.txt.gz copy.txt   restores it under another name",
            "  opensva run crc32c --stats notes.txt       the CRC-32C, and what it took",
            "  tar c . | opensva run gzip - > all.tar.gz"
        })
final class RunCommand implements Callable<Integer> {

    private static final List<Operation> KNOWN =
            List.of(Operation.GZIP, Operation.GUNZIP, Operation.COPY, Operation.CRC32C);

    private final Context context;

    @Parameters(
            index = "0",
            paramLabel = "OPERATION",
            converter = OperationName.class,
            completionCandidates = OperationNames.class,
            description = "One of: ${COMPLETION-CANDIDATES}.")
    private Operation operation = Operation.NOP;

    @Parameters(
            index = "1",
            paramLabel = "INPUT",
            description = "The file to read; - for standard input.")
    private String input = "";

    @Parameters(
            index = "2",
            arity = "0..1",
            paramLabel = "OUTPUT",
            description =
                    "The file to write; - for standard output. By default INPUT.gz for gzip, and"
                            + " INPUT without .gz for gunzip; standard output if INPUT is standard"
                            + " input. crc32c writes no file.")
    private @Nullable String output;

    @Mixin private BackendOptions given = new BackendOptions();
    @Mixin private TelemetryOptions telemetry = new TelemetryOptions();

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

    @Option(
            names = "--window",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "Bytes given to the device at once, 4K to 256M (default: 4M).")
    private int window = 1 << 22;

    RunCommand(Context context) {
        this.context = context;
    }

    /** The operations by name. */
    static final class OperationNames extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        OperationNames() {
            super(KNOWN.stream().map(Operation::id).toList());
        }
    }

    /** Reads the name of an operation. */
    static final class OperationName implements ITypeConverter<Operation> {

        /** Needed by picocli. */
        OperationName() {}

        @Override
        public Operation convert(String text) {
            return KNOWN.stream()
                    .filter(known -> known.id().equals(text))
                    .findFirst()
                    .orElseThrow(() ->
                            new TypeConversionException(
                                    "'%s' is none of: %s"
                                            .formatted(
                                                    text,
                                                    String.join(", ", new OperationNames()))));
        }
    }

    @Override
    public Integer call() {
        OutputName target = OutputName.of(operation, input, output);
        Console console = context.console();
        if (target.isStandard() && operation == Operation.GZIP && console.isTerminal() && !force) {
            throw new UsageException(
                    "compressed data is not written to a terminal; name a file or use --force");
        }
        try (Input source = Input.open(input, console);
                Output sink = open(target, source);
                Plugins plugins = given.load();
                Telemetry told = context.telemetry().apply(telemetry);
                Backend opened =
                        plugins.catalog()
                                .open(
                                        selector(plugins),
                                        telemetry.options(given.options()),
                                        told.api())) {
            int status = work(opened, source, sink);
            told.flush();
            return status;
        }
    }

    private String selector(Plugins plugins) {
        return backend == null ? given.profiledOr("emulated", plugins) : backend;
    }

    private Output open(OutputName target, Input source) {
        if (target.isStandard()) {
            return Output.standard(context.console());
        }
        return target.path().isEmpty()
                ? Output.none()
                : Output.file(Input.path(target.path().get()), source, context.files(), force);
    }

    private int work(Backend opened, Input source, Output sink) {
        WorkStatistics before = WorkStatistics.of(opened);
        WorkResult result;
        try (AcceleratorSession session = AcceleratorSession.open(opened, operation);
                ProgressLine line = new ProgressLine(context.console(), context.nanoTime())) {
            WorkProgress progress =
                    new WorkProgress(operation.id(), source.size(), line, context.nanoTime());
            result = new StreamWork(session, window, progress).run(source.stream(), sink.stream());
            line.show(operation.id() + ": writing");
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
        if (operation == Operation.CRC32C) {
            String name = source.path().isEmpty() ? Input.STANDARD : input;
            context.console().out().println("%08x  %s".formatted(result.value(), name));
        }
        if (stats) {
            context.console().flush();
            WorkStatistics.of(opened).print(context.console(), before, result);
        }
        return ExitStatus.GOOD;
    }
}
