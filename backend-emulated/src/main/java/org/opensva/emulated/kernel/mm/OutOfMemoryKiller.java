package org.opensva.emulated.kernel.mm;

/** Ends a process to get its memory back (Linux: {@code out_of_memory}). */
public interface OutOfMemoryKiller {

    /**
     * Chooses a process and ends it. When the call returns, its devices have been released and its
     * memory has been freed; its files may be closed later.
     *
     * @return false if there is no process to end
     */
    boolean kill();
}
