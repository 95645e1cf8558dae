package org.opensva.conformance.report;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Writes files so that a reader finds a whole file or none: the bytes go to a temporary file in the
 * same folder, are forced to the disk, and the file is then moved to its name in one step.
 *
 * <p><b>Threading.</b> Any thread may call; {@link #abandon} is made for the hook that runs when
 * the program is interrupted.
 */
public final class AtomicFiles {

    private final Storage storage;
    private final Set<Path> pending = new HashSet<>();
    private boolean abandoned;

    /** Where bytes go: the seam at which tests let a disk be full. */
    @FunctionalInterface
    interface Storage {
        FileChannel create(Path path) throws IOException;
    }

    /** Creates a writer on the file systems of this machine. */
    public AtomicFiles() {
        this(path ->
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    AtomicFiles(Storage storage) {
        this.storage = storage;
    }

    /**
     * Writes a text file in UTF-8, replacing one that is there.
     *
     * @param target its name
     * @param text its content
     * @throws IOException if it cannot be written; then nothing has changed
     */
    public void write(Path target, String text) throws IOException {
        try (Draft draft = begin(target, true)) {
            draft.output().write(text.getBytes(StandardCharsets.UTF_8));
            draft.commit();
        }
    }

    /**
     * Begins a file.
     *
     * @param target its name; a symbolic link is followed
     * @param replace true if a file that has this name may be replaced
     * @return the draft; without {@link Draft#commit} nothing remains of it
     * @throws IOException if the folder cannot be written, or the file is there and may not be
     *     replaced
     */
    public Draft begin(Path target, boolean replace) throws IOException {
        // Renaming over a link would replace the link, not what the user names by it.
        Path resolved = Files.isSymbolicLink(target) ? followed(target) : target;
        if (!replace && Files.exists(resolved)) {
            throw new FileAlreadyExistsException(target.toString());
        }
        Path temporary = beside(resolved);
        synchronized (this) {
            checkNotAbandoned();
            FileChannel channel = storage.create(temporary);
            pending.add(temporary);
            return new Draft(this, temporary, resolved, replace, channel);
        }
    }

    private static Path followed(Path link) throws IOException {
        if (Files.exists(link)) {
            return link.toRealPath();
        }
        Path to = Files.readSymbolicLink(link);
        return link.resolveSibling(to);
    }

    /**
     * Creates a folder with its parents, as far as they are missing.
     *
     * @param folder the folder
     * @throws IOException if it cannot be had
     */
    public static void createFolders(Path folder) throws IOException {
        try {
            Files.createDirectories(folder);
        } catch (FileAlreadyExistsException e) {
            // What is in the way is no folder; that it exists is not what is wrong with it.
            throw new NotDirectoryException(e.getFile());
        }
    }

    /**
     * Makes sure that a folder is there and can be written, by writing and removing a file.
     *
     * @param folder the folder, created with its parents if it is missing
     * @throws IOException if it cannot be had
     */
    public void prepare(Path folder) throws IOException {
        createFolders(folder);
        try (Draft draft = begin(folder.resolve("writable"), true)) {
            draft.output().write(0);
            draft.force();
        }
    }

    /** Removes every file that is not complete, and refuses new ones: the program is ending. */
    public synchronized void abandon() {
        abandoned = true;
        for (Path path : List.copyOf(pending)) {
            remove(path);
        }
    }

    private void checkNotAbandoned() throws IOException {
        if (abandoned) {
            throw new IOException("interrupted");
        }
    }

    private synchronized void remove(Path path) {
        if (pending.remove(path)) {
            try {
                Files.deleteIfExists(path);
            } catch (IOException _) {
                // It is on its way out already; there is nobody left to tell.
            }
        }
    }

    private synchronized void move(Draft draft) throws IOException {
        checkNotAbandoned();
        if (draft.replace) {
            Files.move(draft.temporary, draft.target, StandardCopyOption.ATOMIC_MOVE);
        } else {
            claim(draft);
        }
        pending.remove(draft.temporary);
    }

    /** A hard link never replaces; a rename would, if somebody made the file meanwhile. */
    private static void claim(Draft draft) throws IOException {
        try {
            Files.createLink(draft.target, draft.temporary);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (IOException | UnsupportedOperationException e) {
            Files.move(draft.temporary, draft.target);
            return;
        }
        Files.delete(draft.temporary);
    }

    private static Path beside(Path target) {
        String unique = Long.toHexString(ThreadLocalRandom.current().nextLong());
        // A name made of the target's could be too long where the target's is not.
        return target.resolveSibling(".opensva-" + unique + ".part");
    }

    /** A file that is being written and does not have its name yet. Not thread-safe. */
    public static final class Draft implements AutoCloseable {
        private final AtomicFiles files;
        private final Path temporary;
        private final Path target;
        private final boolean replace;
        private final FileChannel channel;
        private final OutputStream output;

        private Draft(
                AtomicFiles files,
                Path temporary,
                Path target,
                boolean replace,
                FileChannel channel) {
            this.files = files;
            this.temporary = temporary;
            this.target = target;
            this.replace = replace;
            this.channel = channel;
            this.output = Channels.newOutputStream(channel);
        }

        /**
         * Where the content goes.
         *
         * @return an unbuffered stream
         */
        public OutputStream output() {
            return output;
        }

        /**
         * The file as long as it does not have its name, for setting attributes.
         *
         * @return its path
         */
        public Path temporary() {
            return temporary;
        }

        private void force() throws IOException {
            channel.force(true);
        }

        /**
         * Completes the file and gives it its name.
         *
         * @throws IOException if it cannot be completed; then nothing remains of it
         */
        public void commit() throws IOException {
            force();
            channel.close();
            files.move(this);
            Path folder = target.toAbsolutePath().getParent();
            if (folder != null) {
                persist(folder);
            }
        }

        /** The name of the file is on the disk only when its folder is. */
        private static void persist(Path folder) {
            try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
                directory.force(true);
            } catch (IOException _) {
                // Not every system can do this for folders; the file itself is on the disk.
            }
        }

        /** Removes the file, unless it has been committed. Never fails. */
        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                // What was written so far is not wanted, so it does not matter whether it arrived.
                files.remove(temporary);
                return;
            }
            files.remove(temporary);
        }
    }
}
