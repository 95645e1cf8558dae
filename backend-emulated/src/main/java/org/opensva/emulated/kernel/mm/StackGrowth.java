package org.opensva.emulated.kernel.mm;

import org.jspecify.annotations.Nullable;

/**
 * Mappings that grow downwards (Linux: {@code expand_downwards}). Only a processor makes them grow;
 * a fault of a device is looked up exactly ({@code iommu_sva_handle_mm}). Needs the lock for
 * writing.
 */
final class StackGrowth {

    /** How large a stack may become (Linux: {@code RLIMIT_STACK}, 8 MiB unless raised). */
    private static final long LIMIT = 8L << 20;

    private final Mm mm;
    private final long lowest;

    StackGrowth(Mm mm, long lowest) {
        this.mm = mm;
        this.lowest = lowest;
    }

    /** Whether the next mapping above an address is a stack. */
    boolean isAbove(long address) {
        Vma above = mm.vmas().above(address);
        return above != null && above.has(Vma.GROWS_DOWN);
    }

    /** Grows the stack above an address down to its page; null if there is none that may. */
    @Nullable Vma growTo(long address) {
        Vma stack = mm.vmas().above(address);
        long page = mm.geometry().pageOf(address);
        if (stack == null
                || !stack.has(Vma.GROWS_DOWN)
                || page < lowest
                || stack.end() - page > LIMIT) {
            return null;
        }
        Vma below = mm.vmas().below(address);
        if (below != null
                && !below.has(Vma.GROWS_DOWN)
                && below.isAccessible()
                && page - below.end() < mm.vmas().stackGap()) {
            return null;
        }
        mm.vmas().growDown(stack, page);
        return mm.vmas().find(address);
    }
}
