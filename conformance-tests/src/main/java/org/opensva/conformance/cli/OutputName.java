package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Operation;

import java.util.Optional;

/**
 * Where the result of an operation goes.
 *
 * @param path the file, or {@code -} for standard output; empty if the operation has no output
 */
record OutputName(Optional<String> path) {

    /** Chooses as gzip does where the user named nothing. */
    static OutputName of(Operation operation, String input, @Nullable String output) {
        if (operation == Operation.CRC32C) {
            if (output != null) {
                throw new UsageException(
                        "crc32c prints its result and takes no OUTPUT ('%s')".formatted(output));
            }
            return new OutputName(Optional.empty());
        }
        if (output != null) {
            return new OutputName(Optional.of(output));
        }
        if (input.equals(Input.STANDARD)) {
            return new OutputName(Optional.of(Output.STANDARD));
        }
        return new OutputName(Optional.of(derive(operation, input)));
    }

    private static String derive(Operation operation, String input) {
        return switch (operation) {
            case GZIP -> input + ".gz";
            case GUNZIP -> withoutSuffix(input);
            default ->
                    throw new UsageException(
                            operation.id() + " needs an OUTPUT: the file to write, or -");
        };
    }

    private static String withoutSuffix(String input) {
        if (input.endsWith(".tgz")) {
            return input.substring(0, input.length() - ".tgz".length()) + ".tar";
        }
        String name = input.endsWith(".gz") ? input.substring(0, input.length() - 3) : "";
        if (name.isEmpty() || name.endsWith("/")) {
            throw new UsageException(
                    "'%s' does not end in .gz; name the OUTPUT, too".formatted(input));
        }
        return name;
    }

    boolean isStandard() {
        return path.isPresent() && path.get().equals(Output.STANDARD);
    }
}
