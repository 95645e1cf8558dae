package org.opensva.linux.process;

import org.opensva.api.process.OpenFile;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.abi.Waiting;

import java.time.Duration;

/**
 * What stands behind the descriptors of one open device file: processes hold the writing end of a
 * pipe that nobody writes to, and this side holds the reading end. When the kernel has closed the
 * last copy, in whatever process and for whatever reason, the pipe hangs up, and the file is
 * released.
 *
 * <p><b>Threading.</b> Any thread may call. The file is released with no lock held.
 */
final class FileToken {

    private final SystemCalls kernel;
    private final OpenFile file;
    private final Descriptor readEnd;
    private final Runnable ended;

    /** Guarded by this. */
    private int mappings;

    private boolean hungUp;
    private boolean released;

    FileToken(SystemCalls kernel, OpenFile file, Descriptor readEnd, Runnable ended) {
        this.kernel = kernel;
        this.file = file;
        this.readEnd = readEnd;
        this.ended = ended;
    }

    OpenFile file() {
        return file;
    }

    /** A mapping keeps the file open, as the kernel's own do. */
    synchronized void mapped() {
        mappings++;
    }

    void unmapped() {
        synchronized (this) {
            mappings--;
        }
        settle();
    }

    /** Releases the file if its last descriptor is closed and no mapping is left. */
    void settle() {
        synchronized (this) {
            if (released) {
                return;
            }
            hungUp =
                    hungUp || (Waiting.poll(kernel, readEnd, Duration.ZERO) & Waiting.POLLHUP) != 0;
            if (!hungUp || mappings > 0) {
                return;
            }
            released = true;
            readEnd.close();
        }
        try {
            file.release();
        } finally {
            ended.run();
        }
    }

    /** Forgets the file without releasing it: nobody ever had a descriptor. */
    synchronized void abandon() {
        released = true;
        readEnd.close();
    }
}
