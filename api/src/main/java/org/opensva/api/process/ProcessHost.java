package org.opensva.api.process;

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
}
