package org.opensva.linux.mm;

/** The process behind an address space, as far as its memory needs its cooperation. */
public interface MemoryOwner {

    /**
     * The process id.
     *
     * @return not reused as long as the address space is alive, if {@link #keepsPid}
     */
    long pid();

    /**
     * Opens the descriptors that name the current address space.
     *
     * @return the descriptors
     * @throws org.opensva.api.process.ErrnoException if the process has ended or has none to spare
     */
    MemoryHandles openHandles();

    /**
     * Makes a page present, as the process itself would.
     *
     * @param address an address of the page
     * @param write true to make it present for writing
     * @return 0, or a negative error number
     */
    long populate(long address, boolean write);

    /**
     * Tells whether nobody else can have the process id while the address space is alive.
     *
     * @return false if bytes must travel by the descriptor that names the memory
     */
    default boolean keepsPid() {
        return false;
    }

    /** An access has found that the memory has no users left. Must not wait. */
    default void gone() {}
}
