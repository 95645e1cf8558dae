package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.cli.telemetry.SpanTree;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;

/** {@code opensva trace}: what one run did, as trees of spans. */
@Command(
        name = "trace",
        header = "Print what one run did as trees of spans, with times, faults and links.",
        description = {
            "Runs 'opensva run ...' or 'opensva explore ...', or the program in a text file as"
                + " 'opensva explore --program' does, and then prints its spans: when each began,"
                + " how long it took, [its number], its lane and attributes, and -> the numbers of"
                + " the spans that it is linked with. '*' marks an event, '!' a log event."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva trace run crc32c notes.txt",
            "  opensva trace --backend emulated:vtd found.txt"
        })
final class TraceCommand implements Callable<Integer> {

    /** The commands whose work is worth a trace and ends by itself. */
    private static final Set<String> TRACED = Set.of("run", "explore");

    private final Context context;

    @Option(
            names = "--backend",
            paramLabel = "NAME[:VARIANT]",
            description = "The backend of a program in a text file.")
    private @Nullable String backend;

    @Option(
            names = "--most",
            paramLabel = "N",
            description = "Print at most N trees; default ${DEFAULT-VALUE}.",
            defaultValue = "100")
    private int most = 100;

    @Parameters(
            paramLabel = "run ARGS | FILE",
            arity = "1..*",
            description = "A command with its arguments, or a program in a text file.")
    private List<String> words = List.of();

    TraceCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        if (most < 1) {
            throw new UsageException("--most %d is less than 1".formatted(most));
        }
        SpanTree tree = new SpanTree();
        Context traced =
                context.with(options ->
                        options.open(
                                context.console().environment(),
                                context.console()::complain,
                                tree));
        int status = new Program(traced).run(command().toArray(String[]::new));
        if (status != ExitStatus.USAGE) {
            tree.print(context.console().out(), most);
        }
        return status;
    }

    private List<String> command() {
        List<String> all = new ArrayList<>();
        if (TRACED.contains(words.getFirst())) {
            if (backend != null) {
                throw new UsageException(
                        "--backend belongs behind '%s'".formatted(words.getFirst()));
            }
            all.addAll(words);
            return all;
        }
        if (words.size() > 1) {
            throw new UsageException(
                    "'%s' is none of: run, explore; and a file is followed by nothing"
                            .formatted(words.getFirst()));
        }
        all.addAll(List.of("explore", "--program", words.getFirst()));
        if (backend != null) {
            all.addAll(List.of("--backend", backend));
        }
        return all;
    }
}
