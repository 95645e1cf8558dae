package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.cli.work.Task;

import java.util.Optional;

/**
 * Where the result of an operation goes.
 *
 * @param path the file, or {@code -} for standard output; empty if the operation has no output
 */
record OutputName(Optional<String> path) {

    /** Chooses as gzip does where the user named nothing. */
    static OutputName of(Task task, String input, @Nullable String output) {
        if (task.printsResult()) {
            if (output != null && task.shape() != Task.Shape.COMPARE) {
                throw new UsageException(
                        "%s prints its result and takes no OUTPUT ('%s')"
                                .formatted(task.id(), output));
            }
            return new OutputName(Optional.empty());
        }
        if (task.shape() == Task.Shape.FILL) {
            if (output != null) {
                throw new UsageException(
                        "fill reads nothing: name only the OUTPUT ('%s')".formatted(output));
            }
            return new OutputName(Optional.of(input));
        }
        if (output != null) {
            return new OutputName(Optional.of(output));
        }
        if (input.equals(Input.STANDARD)) {
            return new OutputName(Optional.of(Output.STANDARD));
        }
        return new OutputName(Optional.of(derive(task, input)));
    }

    private static String derive(Task task, String input) {
        return switch (task.id()) {
            case "gzip" -> input + ".gz";
            case "zlib" -> input + ".zz";
            case "deflate" -> input + ".deflate";
            case "gunzip" ->
                    input.endsWith(".tgz")
                            ? without(input, ".tgz") + ".tar"
                            : without(input, ".gz");
            case "unzlib" -> without(input, ".zz");
            case "inflate" -> without(input, ".deflate");
            default ->
                    throw new UsageException(
                            task.id() + " needs an OUTPUT: the file to write, or -");
        };
    }

    private static String without(String input, String suffix) {
        String name =
                input.endsWith(suffix) ? input.substring(0, input.length() - suffix.length()) : "";
        if (name.isEmpty() || name.endsWith("/")) {
            throw new UsageException(
                    "'%s' does not end in %s; name the OUTPUT, too".formatted(input, suffix));
        }
        return name;
    }

    boolean isStandard() {
        return path.isPresent() && path.get().equals(Output.STANDARD);
    }
}
