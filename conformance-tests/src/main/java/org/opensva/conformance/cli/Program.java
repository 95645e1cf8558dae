package org.opensva.conformance.cli;

import org.opensva.api.backend.BackendException;
import org.opensva.conformance.cli.telemetry.TelemetryException;
import org.opensva.conformance.cli.words.Reason;
import org.opensva.conformance.cli.work.DeviceException;
import org.opensva.conformance.suite.SuiteFault;

import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

import java.io.IOException;
import java.util.List;

/** Parses, runs, and turns every failure into one line and an exit status. */
final class Program {

    private final Context context;
    private final CommandLine commands;

    Program(Context context) {
        this.context = context;
        Console console = context.console();
        this.commands =
                Commands.create(context)
                        .setOut(console.out())
                        .setErr(console.err())
                        .setColorScheme(
                                CommandLine.Help.defaultColorScheme(
                                        console.hasColour() ? Ansi.ON : Ansi.OFF))
                        .setUsageHelpWidth(Math.max(console.width(), 55))
                        .setExpandAtFiles(false)
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .setParameterExceptionHandler((e, args) -> misused(e))
                        .setExecutionExceptionHandler((e, command, result) -> failed(e));
    }

    int run(String... args) {
        int status;
        try {
            status = commands.execute(args);
        } catch (Error e) {
            // Not an exception of the command: the JVM is in trouble, or a plugin's classes are.
            status = fault(e);
        }
        context.console().flush();
        return delivered(status);
    }

    /** What could not be written counts, unless the reader did not want it. */
    private int delivered(int status) {
        IOException failure = context.console().written().failure();
        if (failure == null || WatchedStream.isReaderGone(failure)) {
            return status;
        }
        if (status == ExitStatus.GOOD) {
            context.console().complain("cannot write standard output: " + Reason.of(failure));
            return ExitStatus.USAGE;
        }
        return status;
    }

    private int misused(ParameterException e) {
        String message = e.getMessage() == null ? "wrong usage" : e.getMessage();
        if (e instanceof UnmatchedArgumentException unmatched) {
            List<String> suggestions = unmatched.getSuggestions();
            if (!suggestions.isEmpty()) {
                message += "; did you mean '" + suggestions.getFirst() + "'?";
            }
        }
        context.console()
                .complain(
                        "%s (see '%s --help')"
                                .formatted(
                                        Console.sentence(message),
                                        e.getCommandLine().getCommandSpec().qualifiedName(" ")));
        return ExitStatus.USAGE;
    }

    private int failed(Exception e) {
        debug(e);
        return switch (e) {
            case UsageException _, BackendException _, TelemetryException _ ->
                    complain(message(e), ExitStatus.USAGE);
            case DeviceException _ -> complain(message(e), ExitStatus.FOUND);
            case SuiteFault _ ->
                    complain("fault of the suite: " + message(e) + hint(), ExitStatus.FAULT);
            default -> unexpected(e);
        };
    }

    private int complain(String message, int status) {
        // What was printed before comes first, also where both streams end up in one place.
        context.console().flush();
        context.console().complain(message);
        return status;
    }

    private int fault(Error e) {
        debug(e);
        return unexpected(e);
    }

    private int unexpected(Throwable e) {
        String where =
                e.getStackTrace().length == 0 ? "" : " at " + e.getStackTrace()[0].toString();
        return complain(
                "unexpected %s%s%s%s"
                        .formatted(
                                e.getClass().getSimpleName(),
                                e.getMessage() == null ? "" : ": " + e.getMessage(),
                                where,
                                hint()),
                ExitStatus.FAULT);
    }

    private static String message(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private String hint() {
        return isDebug() ? "" : " (--debug shows more)";
    }

    private boolean isDebug() {
        return commands.getCommandSpec().userObject() instanceof RootCommand root && root.isDebug();
    }

    private void debug(Throwable e) {
        if (isDebug()) {
            e.printStackTrace(context.console().err());
        }
    }
}
