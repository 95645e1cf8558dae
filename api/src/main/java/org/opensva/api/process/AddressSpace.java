package org.opensva.api.process;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * An address space (Linux: {@code mm_struct}) as drivers see it.
 *
 * <p>It has two lifetimes. Its <em>memory</em> lives until the last process or thread that uses it
 * is gone; then every {@link AddressSpaceListener} is released. Its <em>identity</em>, with the
 * PASID that belongs to it, lives until the last {@link #hold} is given back as well (Linux: {@code
 * mmgrab} and {@code mmdrop}).
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface AddressSpace {

    /**
     * A number that no other address space of the same backend ever had or will have.
     *
     * @return a positive number
     */
    long id();

    /**
     * Tells whether the memory still has users.
     *
     * @return false once teardown has begun
     */
    boolean isAlive();

    /**
     * The page tables, where they can be seen.
     *
     * @return the tables, or empty where the kernel keeps them to itself (a real process)
     */
    Optional<PageTable> pageTable();

    /**
     * The number under which the TLBs of processors hold this address space, where the kernel
     * shares it with IOMMUs: an IOMMU that holds translations under the same number takes part in
     * the processors' broadcast TLB maintenance (Arm IHI 0070 section 3.17; Linux: {@code
     * arm64_mm_context_get}). Once given it stays, and no other address space has it, until the
     * identity ends; a driver that uses it has a {@link #hold}. From then on the kernel sends the
     * maintenance of every change, and waits for it, before it tells the listeners.
     *
     * @return an ASID, 1 to 65535; empty if none is shared, and then nothing is broadcast that an
     *     IOMMU could follow
     */
    default OptionalInt asid() {
        return OptionalInt.empty();
    }

    /**
     * Resolves a fault on behalf of a device, as {@code handle_mm_fault} does: exact lookup of the
     * mapping (no stack growth), check of its protection, then the page is made present.
     *
     * @param address the faulting virtual address
     * @param access a set of {@link org.opensva.api.memory.Access} bits
     * @return what became of it
     */
    FaultOutcome handleFault(long address, int access);

    /**
     * Subscribes to changes. Every change after the call returns is heard; one under way may be.
     *
     * @param listener the listener
     * @return closing it ends the subscription, after running calls have returned
     * @throws ErrnoException {@code EINVAL} if the memory has no users left
     */
    Subscription subscribe(AddressSpaceListener listener);

    /**
     * Keeps the identity, and so the PASID and the ASID, from being given to another address space.
     *
     * @return closing it gives the hold back
     */
    Subscription hold();

    /** Something to give back exactly once; closing it again does nothing. */
    interface Subscription extends AutoCloseable {
        @Override
        void close();
    }
}
