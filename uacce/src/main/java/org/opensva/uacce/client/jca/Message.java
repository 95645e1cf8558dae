package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;
import org.opensva.uacce.client.session.DigestSession;
import org.opensva.uacce.client.session.DigestStream;

import java.lang.ref.Cleaner;
import java.util.Arrays;

/**
 * A message on its way into a digest or MAC: kept until it is too long for that, then given to a
 * stream in a device piece by piece.
 */
final class Message implements Cloneable {

    /** Up to here one job does it all, and a copy can be made. */
    static final int LONGEST_KEPT = 1 << 20;

    /**
     * Programs drop digests half-way: the number of a stream and its memory are to come back as if
     * the digest were the JDK's, which has neither.
     */
    private static final Cleaner DROPPED = Cleaner.create();

    private final DigestSession session;
    private byte[] kept = new byte[64];
    private int count;
    private @Nullable DigestStream stream;

    /** Ends the stream, now or when nobody has the message any more. */
    private Cleaner.@Nullable Cleanable end;

    Message(DigestSession session) {
        this.session = session;
    }

    private Message(DigestSession session, byte[] kept, int count) {
        this.session = session;
        this.kept = kept;
        this.count = count;
    }

    void add(byte[] bytes, int offset, int length) {
        if (length > LONGEST_KEPT - count) {
            pass();
            if (length >= LONGEST_KEPT) {
                stream().update(bytes, offset, length);
                return;
            }
        }
        if (length > kept.length - count) {
            kept = Arrays.copyOf(kept, Math.clamp(2L * (count + length), 64, LONGEST_KEPT));
        }
        System.arraycopy(bytes, offset, kept, count, length);
        count += length;
    }

    /** Gives to the stream what is kept. */
    private void pass() {
        stream().update(kept, 0, count);
        count = 0;
    }

    private DigestStream stream() {
        DigestStream current = stream;
        if (current == null) {
            current = session.begin();
            stream = current;
            end = DROPPED.register(this, current::close);
        }
        return current;
    }

    /** The digest or MAC; the message is empty then. */
    byte[] finish() {
        try {
            if (stream == null) {
                return session.digest(kept, 0, count);
            }
            if (count > 0) {
                pass();
            }
            return stream().finish();
        } finally {
            reset();
        }
    }

    void reset() {
        // What was hashed may have been secret.
        Arrays.fill(kept, 0, count, (byte) 0);
        count = 0;
        Cleaner.Cleanable current = end;
        stream = null;
        end = null;
        if (current != null) {
            current.clean();
        }
    }

    /** A copy, for another session if there is one. */
    Message copy(DigestSession other) throws CloneNotSupportedException {
        if (stream != null) {
            throw new CloneNotSupportedException(
                    "more than %d bytes: the rest is in the device".formatted(LONGEST_KEPT));
        }
        return new Message(other, kept.clone(), count);
    }
}
