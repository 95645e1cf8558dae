package org.opensva.conformance.cli;

import org.opensva.conformance.cli.bench.BenchCommand;
import org.opensva.conformance.cli.certificate.DiffCommand;
import org.opensva.conformance.cli.certificate.MergeCommand;
import org.opensva.conformance.cli.certificate.VerifyCommand;
import org.opensva.conformance.cli.inspect.InspectCommand;
import org.opensva.conformance.cli.project.NewBackendCommand;
import org.opensva.conformance.cli.replay.ReplayCommand;

import picocli.CommandLine;

import java.util.List;

/** The commands of the program, in the order of the help. A new command is one line here. */
final class Commands {

    private Commands() {}

    /** Makes the command line with every command. */
    static CommandLine create(Context context) {
        CommandLine root = new CommandLine(new RootCommand());
        for (Object command : all(context)) {
            root.addSubcommand(command);
        }
        root.addSubcommand(new CompletionCommand(context, root));
        root.addSubcommand(new ChapterCommand(context));
        return root;
    }

    private static List<Object> all(Context context) {
        Console console = context.console();
        return List.of(
                new BackendsCommand(context),
                new CertifyCommand(context),
                new RunCommand(context),
                new ExploreCommand(context),
                new CompareCommand(context),
                new NewBackendCommand(console.out(), console::complain, SuiteVersion.current()),
                // What follows the name of the traced command is its own.
                new CommandLine(new TraceCommand(context)).setStopAtPositional(true),
                new VerifyCommand(console.out(), console::complain),
                new DiffCommand(console.out(), console::complain),
                new SoakCommand(context),
                new MergeCommand(console.out(), console::complain, context.files()),
                new ReplayCommand(console.out(), console::complain),
                InspectCommand.create(console.out(), console::complain),
                bench(context));
    }

    private static CommandLine bench(Context context) {
        Console console = context.console();
        ProgressLine line = new ProgressLine(console, context.nanoTime());
        BackendOptions given = new BackendOptions();
        CommandLine bench =
                new CommandLine(
                        new BenchCommand(
                                console.out(),
                                console::complain,
                                text -> {
                                    if (text.isEmpty()) {
                                        line.clear();
                                    } else {
                                        line.show(text);
                                    }
                                },
                                context.files(),
                                given::measured));
        bench.addMixin("backend", given);
        return bench;
    }
}
