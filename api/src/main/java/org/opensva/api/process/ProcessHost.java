package org.opensva.api.process;

import java.nio.file.Path;

/**
 * Where processes come from.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface ProcessHost {

    /**
     * Starts a process with an empty heap and no open files.
     *
     * @param name a name for traces and messages
     * @return a running process; close it when done
     * @throws ErrnoException {@code EAGAIN}, {@code ENOMEM}
     */
    SvaProcess spawn(String name);

    /**
     * The page size of processes.
     *
     * @return bytes, a power of two
     */
    int pageSize();

    /**
     * Makes a place where processes that were not started here can hand themselves over.
     *
     * @param address the file of the socket; it must not exist, and is removed again
     * @return the place; close it when done
     * @throws ErrnoException {@code EOPNOTSUPP} if processes are not real here, {@code EEXIST},
     *     {@code EINVAL} for an address that is too long
     */
    default Handover handover(Path address) {
        throw new ErrnoException(
                Errno.EOPNOTSUPP, "handover", "this backend starts all of its processes itself");
    }
}
