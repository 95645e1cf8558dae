package org.opensva.api.process;

import java.util.Optional;

/**
 * The open files of a process. A fork copies the table, so that parent and child share each open
 * file; the file is released when its last descriptor is closed.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface FileTable {

    /**
     * Installs an open file under the lowest free descriptor.
     *
     * @param file the file, with no descriptor yet
     * @param closeOnExec true to close it when the process calls exec
     * @return the descriptor
     * @throws ErrnoException {@code EMFILE} if the table is full, {@code ESRCH} if the process has
     *     ended; then the caller still owns the file
     */
    int install(OpenFile file, boolean closeOnExec);

    /**
     * Installs, in this table, another descriptor of a file that another process has open: what
     * {@code SCM_RIGHTS} does.
     *
     * @param from the table that has it open
     * @param fd the descriptor there
     * @return the descriptor here
     * @throws ErrnoException {@code EBADF}, {@code EMFILE}, {@code ESRCH}
     */
    int receive(FileTable from, int fd);

    /**
     * Looks a descriptor up.
     *
     * @param fd the descriptor
     * @return the file, or empty if it is not open
     */
    Optional<OpenFile> get(int fd);

    /**
     * Closes a descriptor and, with the last one, the file.
     *
     * @param fd the descriptor
     * @throws ErrnoException {@code EBADF}
     */
    void close(int fd);
}
