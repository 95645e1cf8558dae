package org.opensva.conformance.cli.chapter;

import org.opensva.conformance.campaign.ChapterLine;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A child's line to its parent. When the parent is gone, so is the child: it removes its folder and
 * ends, whatever the backend is doing.
 *
 * <p><b>Threading.</b> Any thread may {@link #say}.
 */
public final class ParentLink implements AutoCloseable {

    /** The exit status of a child that lost its parent. */
    private static final int ORPHANED = 70;

    private final Path socket;
    private final SocketChannel channel;
    private final BufferedReader reader;
    private volatile boolean complete;

    private ParentLink(Path socket, SocketChannel channel) {
        this.socket = socket;
        this.channel = channel;
        this.reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
    }

    /**
     * Calls the parent.
     *
     * @param socket where it listens
     * @return the open line
     * @throws IOException if nobody listens there
     */
    public static ParentLink open(Path socket) throws IOException {
        return new ParentLink(socket, SocketChannel.open(UnixDomainSocketAddress.of(socket)));
    }

    /**
     * Reads what the parent sent at the start, and watches from then on whether it is still there.
     *
     * @return the line
     * @throws IOException if the parent is gone already
     */
    public String request() throws IOException {
        String line = reader.readLine();
        if (line == null) {
            throw new IOException("the parent is gone");
        }
        Thread.ofPlatform().daemon().name("parent-watch").start(this::watch);
        return line;
    }

    private void watch() {
        try {
            // The parent says nothing more; only its end is waited for.
            String said = reader.readLine();
            while (said != null) {
                said = reader.readLine();
            }
        } catch (IOException e) {
            orphaned();
            return;
        }
        orphaned();
    }

    private void orphaned() {
        if (complete) {
            return;
        }
        Path folder = socket.toAbsolutePath().getParent();
        if (folder != null) {
            Folders.remove(folder);
        }
        Runtime.getRuntime().halt(ORPHANED);
    }

    /**
     * Says something. A parent that does not listen any more is noticed by the watch.
     *
     * @param line what to say
     */
    public synchronized void say(ChapterLine line) {
        ByteBuffer bytes = ByteBuffer.wrap((line.text() + "\n").getBytes(StandardCharsets.UTF_8));
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            // The watch sees the same, and ends this JVM.
            return;
        }
    }

    @Override
    public void close() {
        complete = true;
        try {
            channel.close();
        } catch (IOException e) {
            // It was the last thing to do with it.
            return;
        }
    }
}
