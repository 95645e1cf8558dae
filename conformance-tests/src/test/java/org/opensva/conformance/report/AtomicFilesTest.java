package org.opensva.conformance.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

class AtomicFilesTest {

    @TempDir Path folder;

    private List<String> names() throws IOException {
        try (Stream<Path> paths = Files.list(folder)) {
            return paths.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aFileIsThereAsAWholeOrAsItWasBefore() throws IOException {
        AtomicFiles files = new AtomicFiles();
        Path target = folder.resolve("file");
        files.write(target, "old");
        try (AtomicFiles.Draft draft = files.begin(target, true)) {
            draft.output().write("new".getBytes(StandardCharsets.UTF_8));
            assertEquals("old", Files.readString(target), "not before it is complete");
            assertEquals(2, names().size(), "the draft is beside it");
            draft.commit();
        }
        assertEquals("new", Files.readString(target));
        assertEquals(List.of("file"), names());
    }

    @Test
    void whatIsNotCommittedLeavesNothing() throws IOException {
        AtomicFiles files = new AtomicFiles();
        try (AtomicFiles.Draft draft = files.begin(folder.resolve("file"), true)) {
            draft.output().write(1);
        }
        assertEquals(List.of(), names());
    }

    @Test
    void aFullDiskLeavesTheOldFileAndNothingElse() throws IOException {
        Path target = Files.writeString(folder.resolve("file"), "old");
        AtomicFiles files =
                new AtomicFiles(path ->
                        new SmallDisk(
                                FileChannel.open(
                                        path,
                                        StandardOpenOption.CREATE_NEW,
                                        StandardOpenOption.WRITE),
                                10));
        files.write(folder.resolve("small"), "123456789");
        IOException full =
                assertThrows(IOException.class, () -> files.write(target, "0123456789A"));
        assertEquals("No space left on device", full.getMessage());
        assertEquals("old", Files.readString(target));
        assertEquals(List.of("file", "small"), names());
    }

    @Test
    void withoutReplacementTheFirstOneWins() throws IOException {
        AtomicFiles files = new AtomicFiles();
        Path target = folder.resolve("file");
        try (AtomicFiles.Draft slow = files.begin(target, false)) {
            slow.output().write('s');
            Files.writeString(target, "fast");
            assertThrows(FileAlreadyExistsException.class, slow::commit);
        }
        assertEquals("fast", Files.readString(target));
        assertThrows(FileAlreadyExistsException.class, () -> files.begin(target, false));
        assertEquals(List.of("file"), names());
    }

    @Test
    void anInterruptRemovesEveryDraftAndAllowsNoNewOne() throws IOException {
        AtomicFiles files = new AtomicFiles();
        AtomicFiles.Draft first = files.begin(folder.resolve("a"), true);
        AtomicFiles.Draft second = files.begin(folder.resolve("b"), true);
        first.output().write(1);
        files.abandon();
        assertEquals(List.of(), names());
        assertThrows(IOException.class, first::commit);
        assertThrows(IOException.class, () -> files.begin(folder.resolve("c"), true));
        first.close();
        second.close();
        assertEquals(List.of(), names());
    }

    @Test
    void aLinkIsFollowedAlsoToAFileThatIsNotThereYet() throws IOException {
        AtomicFiles files = new AtomicFiles();
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("target"));
        files.write(link, "one");
        assertEquals("one", Files.readString(folder.resolve("target")));
        files.write(link, "two");
        assertTrue(Files.isSymbolicLink(link), "still a link");
        assertEquals("two", Files.readString(folder.resolve("target")));
    }

    @Test
    void aLongNameIsNoLongerOnTheWay() throws IOException {
        String longest = "x".repeat(255);
        new AtomicFiles().write(folder.resolve(longest), "content");
        assertEquals(List.of(longest), names());
    }

    @Test
    void aFolderIsTriedAndLeftEmpty() throws IOException {
        AtomicFiles files = new AtomicFiles();
        Path deep = folder.resolve("a/b");
        files.prepare(deep);
        assertTrue(Files.isDirectory(deep), "made with its parents");
        try (Stream<Path> paths = Files.list(deep)) {
            assertEquals(0, paths.count());
        }
        assertThrows(NoSuchFileException.class, () -> files.write(folder.resolve("no/file"), "x"));
    }

    /** A channel on a disk with room for so many bytes. */
    private static final class SmallDisk extends FileChannel {
        private final FileChannel channel;
        private int room;

        SmallDisk(FileChannel channel, int room) {
            this.channel = channel;
            this.room = room;
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            if (room == 0) {
                throw new IOException("No space left on device");
            }
            int some = Math.min(room, source.remaining());
            ByteBuffer part = source.slice(source.position(), some);
            source.position(source.position() + some);
            room -= some;
            return channel.write(part);
        }

        @Override
        public void force(boolean metaData) throws IOException {
            channel.force(metaData);
        }

        @Override
        protected void implCloseChannel() throws IOException {
            channel.close();
        }

        @Override
        public int read(ByteBuffer target) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long read(ByteBuffer[] targets, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long write(ByteBuffer[] sources, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long position() {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileChannel position(long newPosition) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long size() {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileChannel truncate(long size) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long transferTo(long position, long count, WritableByteChannel target) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long transferFrom(ReadableByteChannel source, long position, long count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int read(ByteBuffer target, long position) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int write(ByteBuffer source, long position) {
            throw new UnsupportedOperationException();
        }

        @Override
        public MappedByteBuffer map(MapMode mode, long position, long size) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileLock lock(long position, long size, boolean shared) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileLock tryLock(long position, long size, boolean shared) {
            throw new UnsupportedOperationException();
        }
    }
}
