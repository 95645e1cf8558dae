package org.opensva.linux.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.memory.Access;
import org.opensva.linux.mm.HostAddressSpace.Targets;

/** What a translation says about the block of a mapping around an address. Stateless. */
final class BlockTranslation {

    /** The largest block that is translated at once, as a power of two of bytes. */
    private static final int LARGEST_SHIFT = 21;

    private BlockTranslation() {}

    /** The rights of a mapping, and that they must not be cached. */
    static long uncached(Mapping mapping) {
        return TranslationEntry.of(0, 12, rights(mapping) | TranslationEntry.U);
    }

    /**
     * A translation of the largest naturally aligned block that the mapping fills.
     *
     * @return 0 if there is no room for it
     */
    static long cached(
            HostAddressSpace space,
            @Nullable SharedMemory object,
            Mapping mapping,
            long address,
            Targets targets) {
        long skew = object == null ? 0 : address - mapping.fileOffset(address);
        for (int shift = LARGEST_SHIFT; shift >= 12; shift--) {
            long size = 1L << shift;
            long block = address & -size;
            if (block < mapping.start() || block + size > mapping.end()) {
                continue;
            }
            if ((skew & size - 1) != 0) {
                continue;
            }
            long offset = object == null ? 0 : mapping.fileOffset(block);
            if (object != null && offset + size > object.length()) {
                continue;
            }
            long translated =
                    object == null
                            ? targets.ofProcess(space, block)
                            : targets.ofObject(object, offset);
            return translated < 0 ? 0 : TranslationEntry.of(translated, shift, rights(mapping));
        }
        return 0;
    }

    private static long rights(Mapping mapping) {
        long flags = 0;
        flags |= mapping.allows(Access.READ) ? TranslationEntry.R : 0;
        flags |= mapping.allows(Access.WRITE) ? TranslationEntry.W : 0;
        flags |= mapping.allows(Access.EXECUTE) ? TranslationEntry.EXE : 0;
        return flags;
    }
}
