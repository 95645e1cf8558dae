package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.cli.words.Reason;
import org.opensva.conformance.report.AtomicFiles;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;

/**
 * What a command writes: a file that is there as a whole or not at all, a device or pipe, or
 * standard output for {@code -}.
 */
final class Output implements AutoCloseable {

    static final String STANDARD = "-";

    private final String name;
    private final OutputStream stream;
    private final AtomicFiles.@Nullable Draft draft;

    private Output(String name, OutputStream stream, AtomicFiles.@Nullable Draft draft) {
        this.name = name;
        this.stream = stream;
        this.draft = draft;
    }

    /** Standard output. */
    static Output standard(Console console) {
        return new Output("standard output", console.bytes(), null);
    }

    /** Nothing is written. */
    static Output none() {
        return new Output("", OutputStream.nullOutputStream(), null);
    }

    /** A file; its readers are those of the input, at most. */
    static Output file(Path path, Input input, AtomicFiles files, boolean force) {
        String name = "'" + path + "'";
        try {
            if (Files.isDirectory(path)) {
                throw new UsageException("cannot write %s: it is a directory".formatted(name));
            }
            if (input.path().isPresent()
                    && Files.exists(path)
                    && Files.isSameFile(path, input.path().get())) {
                throw new UsageException("%s is both input and output".formatted(name));
            }
            if (Files.exists(path) && !Files.isRegularFile(path)) {
                // A device or a pipe has no content to protect, and must not become a file.
                return new Output(name, Files.newOutputStream(path), null);
            }
            AtomicFiles.Draft draft = files.begin(path, force);
            restrict(draft.temporary(), input.path());
            return new Output(name, draft.output(), draft);
        } catch (IOException e) {
            throw failure(name, e);
        }
    }

    private static void restrict(Path file, Optional<Path> like) throws IOException {
        if (like.isEmpty()
                || !Files.isRegularFile(like.get())
                || !Files.getFileStore(file).supportsFileAttributeView("posix")) {
            return;
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
        if (permissions.retainAll(Files.getPosixFilePermissions(like.get()))) {
            Files.setPosixFilePermissions(file, permissions);
        }
    }

    private static UsageException failure(String name, IOException e) {
        String hint =
                e instanceof java.nio.file.FileAlreadyExistsException
                        ? "; --force replaces it"
                        : "";
        return new UsageException("cannot write %s: %s%s".formatted(name, Reason.of(e), hint), e);
    }

    String name() {
        return name;
    }

    OutputStream stream() {
        return stream;
    }

    /** What a failure to write means; null if the reader of standard output has gone. */
    @Nullable UsageException explain(IOException e) {
        return draft == null && WatchedStream.isReaderGone(e) ? null : failure(name, e);
    }

    /** Completes the output. */
    void commit() throws IOException {
        stream.flush();
        if (draft != null) {
            draft.commit();
        }
    }

    @Override
    public void close() {
        if (draft != null) {
            draft.close();
        }
    }
}
