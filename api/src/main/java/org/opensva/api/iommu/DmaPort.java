package org.opensva.api.iommu;

/**
 * A device's way to memory: what its engines read and write through.
 *
 * <p><b>Use inside the guard.</b> A port never hands a translation out. It translates and moves the
 * data in one step, inside a guard that an invalidation waits for: once an invalidation of a page
 * has completed, no access through any port is still using the old translation, reads and writes
 * alike. This is why the port has no method that returns a physical address.
 *
 * <p>Accesses may have any alignment and may cross pages; they are carried out page by page in
 * address order and stop at the first byte that cannot be moved, which {@link DmaResult} reports
 * exactly. What page faults do (wait for a page request, stall, abort) is the port's business; a
 * call may therefore block until the fault has been answered.
 *
 * <p><b>Threading.</b> Any thread may call. No method allocates once the page is present and
 * cached.
 */
public interface DmaPort {

    /**
     * Reads memory.
     *
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @param access {@link org.opensva.api.memory.Access#READ}, or EXECUTE for an instruction
     *     fetch, with PRIVILEGED if the request is
     * @param address first byte, a virtual address
     * @param target where the bytes go
     * @param offset first index of the array
     * @param length number of bytes
     * @return a packed {@link DmaResult}
     */
    long read(int pasid, int access, long address, byte[] target, int offset, int length);

    /**
     * Writes memory. When the call returns, the bytes are visible to processors and other devices.
     *
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @param access {@link org.opensva.api.memory.Access#WRITE}, with PRIVILEGED if the request is
     * @param address first byte, a virtual address
     * @param source where the bytes come from
     * @param offset first index of the array
     * @param length number of bytes
     * @return a packed {@link DmaResult}
     */
    long write(int pasid, int access, long address, byte[] source, int offset, int length);
}
