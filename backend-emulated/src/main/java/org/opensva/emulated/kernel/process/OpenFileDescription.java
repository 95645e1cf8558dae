package org.opensva.emulated.kernel.process;

import org.opensva.api.process.OpenFile;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file with its references: descriptors of all processes, and mappings (Linux: {@code
 * struct file}).
 */
final class OpenFileDescription {

    private final OpenFile file;
    private final AtomicInteger references = new AtomicInteger(1);

    OpenFileDescription(OpenFile file) {
        this.file = file;
    }

    OpenFile file() {
        return file;
    }

    /** Takes a reference; false if the last one is gone already. */
    boolean acquire() {
        int count;
        do {
            count = references.get();
            if (count == 0) {
                return false;
            }
        } while (!references.compareAndSet(count, count + 1));
        return true;
    }

    /** Gives a reference back; the last one releases the file. Call it with no lock held. */
    void release() {
        if (references.decrementAndGet() == 0) {
            file.release();
        }
    }
}
