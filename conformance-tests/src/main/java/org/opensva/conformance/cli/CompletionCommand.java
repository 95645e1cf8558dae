package org.opensva.conformance.cli;

import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;

import java.util.concurrent.Callable;

/** {@code opensva completion}: a script for the shell. */
@Command(
        name = "completion",
        description = "Print a script that completes this command line in bash and zsh.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  source <(opensva completion)",
            "  opensva completion > /etc/bash_completion.d/opensva"
        })
final class CompletionCommand implements Callable<Integer> {

    private final Context context;
    private final CommandLine root;

    CompletionCommand(Context context, CommandLine root) {
        this.context = context;
        this.root = root;
    }

    @Override
    public Integer call() {
        context.console().out().print(AutoComplete.bash("opensva", root));
        return ExitStatus.GOOD;
    }
}
