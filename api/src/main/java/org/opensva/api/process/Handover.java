package org.opensva.api.process;

import java.nio.file.Path;
import java.time.Duration;

/**
 * A place where processes that the backend has not started hand themselves over: each connects,
 * passes descriptors of its own memory, and from then on can be bound like any other.
 *
 * <p><b>Threading.</b> Any thread may call; calls of {@link #accept} take turns.
 */
public interface Handover extends AutoCloseable {

    /**
     * Where processes connect.
     *
     * @return the address of a Unix-domain stream socket
     */
    Path address();

    /**
     * Waits for the next process and takes it in. One that does not say what it should is told so,
     * and is not waited for.
     *
     * @param name a name for traces and messages
     * @param limit how long to wait at most
     * @return the process. Its devices are those of any other; what would make it do something is
     *     refused with {@code EOPNOTSUPP}, and closing it gives it back, alive
     * @throws ErrnoException {@code EAGAIN} if none has come in time; {@code EINVAL}, {@code
     *     EACCES} or {@code EPERM} if what came cannot be used, with the reason; {@code ESRCH} if
     *     it has ended meanwhile
     */
    SvaProcess accept(String name, Duration limit);

    /** Ends the place. Processes that have been taken in stay. */
    @Override
    void close();
}
