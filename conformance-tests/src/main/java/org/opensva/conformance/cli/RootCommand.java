package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code opensva} without a command: help and version. */
@Command(
        name = "opensva",
        scope = ScopeType.INHERIT,
        mixinStandardHelpOptions = true,
        versionProvider = SuiteVersion.class,
        synopsisSubcommandLabel = "COMMAND",
        sortOptions = false,
        usageHelpAutoWidth = false,
        description = "Shared Virtual Addressing: reference machines and their certification.",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:good",
            "1:something was found: a rule was broken, a backend failed at its work",
            "2:wrong usage or input; one line on standard error says why",
            "3:inconclusive: a mandatory rule could not be judged on this machine",
            "70:a fault of the suite itself"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva backends              what there is to certify",
            "  opensva certify               certify every emulated machine",
            "  opensva run gzip notes.txt    have an accelerator compress a file",
            "  opensva certify --help        more about a command"
        })
final class RootCommand implements Runnable {

    @Spec private @Nullable CommandSpec spec;

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "On failure, print the stack trace too.")
    private boolean debug;

    boolean isDebug() {
        return debug;
    }

    @Override
    public void run() {
        CommandSpec own = spec;
        if (own == null) {
            throw new IllegalStateException("not run by picocli");
        }
        throw new ParameterException(own.commandLine(), "a command is missing");
    }
}
