package org.opensva.conformance.cli.inspect;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.util.function.Consumer;

/** {@code opensva inspect}: the state of an IOMMU; each kind of IOMMU is a command below it. */
@Command(
        name = "inspect",
        description = "Decode a dump of an IOMMU, and explain a translation.",
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva inspect smmuv3 --registers registers.json --memory memory.json.gz",
            "  opensva inspect vtd --registers registers.json --memory memory.json.gz"
        })
public final class InspectCommand implements Runnable {

    @Spec private @Nullable CommandSpec spec;

    private InspectCommand() {}

    /**
     * Creates the command with those below it.
     *
     * @param out where results go
     * @param complaint takes one line about what is wrong with the input
     * @return the command
     */
    public static CommandLine create(PrintWriter out, Consumer<String> complaint) {
        return new CommandLine(new InspectCommand())
                .addSubcommand(new SmmuV3Command(out, complaint))
                .addSubcommand(new VtdCommand(out, complaint));
    }

    @Override
    public void run() {
        CommandSpec own = spec;
        if (own == null) {
            throw new IllegalStateException("not run by picocli");
        }
        throw new ParameterException(own.commandLine(), "the kind of IOMMU is missing");
    }
}
