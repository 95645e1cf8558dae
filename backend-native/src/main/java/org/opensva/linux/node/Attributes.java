package org.opensva.linux.node;

import org.opensva.api.accelerator.SysfsTree;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Attributes in sysfs: small files. What cannot be read counts as absent, but for {@link SysfsTree}
 * which says why.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class Attributes implements SysfsTree {

    /** What the kernel gives at most ({@code fs/sysfs/file.c}). */
    private static final int PAGE = 65536;

    private final Path directory;

    /**
     * Looks at a directory.
     *
     * @param directory which one; it need not exist
     */
    public Attributes(Path directory) {
        this.directory = directory.normalize();
    }

    /**
     * Tells whether there is such a directory.
     *
     * @return true if there is
     */
    public boolean exists() {
        return Files.isDirectory(directory);
    }

    /**
     * Reads a text.
     *
     * @param name which attribute
     * @return without the newline at its end, empty if there is none
     */
    public Optional<String> text(String name) {
        try {
            return Optional.of(contents(directory.resolve(name)).stripTrailing());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static String contents(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(PAGE), StandardCharsets.ISO_8859_1);
        }
    }

    /**
     * Reads a number.
     *
     * @param name which attribute
     * @return decimal, or hexadecimal with a prefix; empty if there is none, or it is no number
     */
    public OptionalLong number(String name) {
        String text = text(name).orElse("").strip();
        if (text.matches("[0-9]{1,18}")) {
            return OptionalLong.of(Long.parseLong(text));
        }
        return text.matches("0x[0-9a-fA-F]{1,15}")
                ? OptionalLong.of(Long.parseLong(text.substring(2), 16))
                : OptionalLong.empty();
    }

    /**
     * Follows a link.
     *
     * @param name which one
     * @return the last name of its target, empty if there is none
     */
    public Optional<String> link(String name) {
        try {
            Path target = Files.readSymbolicLink(directory.resolve(name)).getFileName();
            return Optional.ofNullable(target).map(Path::toString);
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.empty();
        }
    }

    @Override
    public List<String> list(String path) {
        try (Stream<Path> entries = Files.list(directory.resolve(path))) {
            return entries.map(Path::getFileName).map(String::valueOf).sorted().toList();
        } catch (NoSuchFileException | NotDirectoryException e) {
            if (path.isEmpty()) {
                return List.of();
            }
            throw new ErrnoException(Errno.ENOENT, "readdir(" + path + ")", "");
        } catch (IOException e) {
            return List.of();
        }
    }

    @Override
    public String read(String path) {
        try {
            return contents(existing("read", path));
        } catch (IOException e) {
            throw failure("read", path, e);
        }
    }

    @Override
    public void write(String path, String text) {
        if (text.isEmpty()) {
            return;
        }
        Path file = existing("write", path);
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
            out.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw failure("write", path, e);
        }
    }

    private Path existing(String call, String path) {
        Path file = directory.resolve(path).normalize();
        if (!file.startsWith(directory)) {
            throw new ErrnoException(Errno.ENOENT, call + "(" + path + ")", "");
        }
        if (Files.isDirectory(file)) {
            throw new ErrnoException(Errno.EISDIR, call + "(" + path + ")", "");
        }
        return file;
    }

    private static ErrnoException failure(String call, String path, IOException why) {
        Errno errno =
                switch (why) {
                    case NoSuchFileException e -> Errno.ENOENT;
                    case AccessDeniedException e -> Errno.EACCES;
                    default -> named(why);
                };
        return new ErrnoException(errno, call + "(" + path + ")", "");
    }

    /** Java keeps nothing of an error but the text of the C library. */
    private static Errno named(IOException why) {
        String text = String.valueOf(why.getMessage()).toLowerCase(Locale.ROOT);
        for (Errno errno : Errno.values()) {
            if (text.contains(errno.text())) {
                return errno;
            }
        }
        return Errno.EIO;
    }
}
