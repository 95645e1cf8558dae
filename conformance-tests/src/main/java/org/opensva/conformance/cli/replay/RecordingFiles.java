package org.opensva.conformance.cli.replay;

import org.opensva.conformance.cli.words.Reason;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Finds the files that a command line names. */
final class RecordingFiles {

    private RecordingFiles() {}

    /**
     * A file to look at.
     *
     * @param path where it is
     * @param named whether it was named itself, and not found in a directory
     */
    record Candidate(Path path, boolean named) {}

    /**
     * Files as they are, directories with every {@code *.json} below them, sorted.
     *
     * @param arguments files and directories
     * @return what to look at, in the order of the arguments
     * @throws InputException if one of them is not there or cannot be listed
     */
    static List<Candidate> find(List<Path> arguments) throws InputException {
        List<Candidate> found = new ArrayList<>();
        for (Path argument : arguments) {
            if (Files.isDirectory(argument)) {
                below(argument).forEach(path -> found.add(new Candidate(path, false)));
            } else if (Files.exists(argument)) {
                found.add(new Candidate(argument, true));
            } else {
                throw new InputException(
                        "cannot read '%s': no such file or directory".formatted(argument));
            }
        }
        return found;
    }

    private static List<Path> below(Path directory) throws InputException {
        // Links are not followed while walking, so that they can form no loop; the one that was
        // named is.
        try (Stream<Path> paths =
                Files.walk(Files.isSymbolicLink(directory) ? directory.toRealPath() : directory)) {
            return paths.filter(path -> path.toString().endsWith(".json"))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw unlisted(directory, e);
        } catch (UncheckedIOException e) {
            throw unlisted(directory, Objects.requireNonNull(e.getCause()));
        }
    }

    private static InputException unlisted(Path directory, IOException e) {
        return new InputException("cannot list '%s': %s".formatted(directory, Reason.of(e)), e);
    }
}
