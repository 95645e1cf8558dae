package org.opensva.conformance.cli;

import org.opensva.conformance.cli.words.Reason;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a command reads: a file, or standard input for {@code -}.
 *
 * @param name how messages call it
 * @param path the file, or empty for standard input
 * @param stream its bytes
 * @param size how many bytes, or -1 if that is not known beforehand
 */
record Input(String name, Optional<Path> path, InputStream stream, long size)
        implements AutoCloseable {

    static final String STANDARD = "-";

    static Input open(String argument, Console console) {
        if (argument.equals(STANDARD)) {
            return new Input("standard input", Optional.empty(), new Failing(console.in()), -1);
        }
        Path path = path(argument);
        if (Files.isDirectory(path)) {
            throw new UsageException("cannot read '%s': it is a directory".formatted(argument));
        }
        try {
            long size = Files.isRegularFile(path) ? Files.size(path) : -1;
            InputStream stream = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
            return new Input("'" + argument + "'", Optional.of(path), new Failing(stream), size);
        } catch (IOException e) {
            throw new UsageException("cannot read '%s': %s".formatted(argument, Reason.of(e)), e);
        }
    }

    /** Nothing to read. */
    static Input none() {
        return new Input("nothing", Optional.empty(), InputStream.nullInputStream(), -1);
    }

    static Path path(String argument) {
        try {
            return Path.of(argument);
        } catch (java.nio.file.InvalidPathException e) {
            throw new UsageException(
                    "'%s' is not the name of a file".formatted(Console.oneLine(argument)), e);
        }
    }

    @Override
    public void close() {
        try {
            stream.close();
        } catch (IOException _) {
            // It was only read; everything that was wanted of it is there.
        }
    }

    /** Marks failures as those of the input, where reading and writing go on side by side. */
    static final class ReadException extends IOException {
        private static final long serialVersionUID = 1L;

        ReadException(IOException cause) {
            super(cause);
        }

        String reason() {
            return getCause() instanceof IOException cause ? Reason.of(cause) : "unknown";
        }
    }

    private static final class Failing extends InputStream {
        private final InputStream in;

        Failing(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            try {
                return in.read();
            } catch (IOException e) {
                throw new ReadException(e);
            }
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                return in.read(bytes, offset, length);
            } catch (IOException e) {
                throw new ReadException(e);
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
