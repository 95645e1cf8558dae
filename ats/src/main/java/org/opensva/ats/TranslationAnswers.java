package org.opensva.ats;

import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.ats.cache.AddressTranslationCache;

/** Room for the entries of Translation Completions, and what they say about an access. */
final class TranslationAnswers {

    /** How many pages one translation request asks for at most. */
    private static final int MAX_BATCH = 8;

    /** Room for the answer to a request of one page, of two, and so on. */
    private final ThreadLocal<long[][]> rooms = ThreadLocal.withInitial(TranslationAnswers::make);

    private static long[][] make() {
        long[][] made = new long[MAX_BATCH][];
        for (int i = 0; i < MAX_BATCH; i++) {
            made[i] = new long[i + 1];
        }
        return made;
    }

    /** This thread's room for as many entries as an access has pages, within bounds. */
    long[] room(long address, int length) {
        long pages = ((address & 4095) + length + 4095) >>> 12;
        return rooms.get()[(int) Math.min(pages, MAX_BATCH) - 1];
    }

    /** The mode of the permissions has to be the mode of the access. */
    static boolean isAllowed(long entry, int pasid, int access) {
        boolean privileged = pasid != Pasid.NONE && (access & Access.PRIVILEGED) != 0;
        return AddressTranslationCache.allows(entry, access)
                && TranslationEntry.access(entry) != 0
                && TranslationEntry.has(entry, TranslationEntry.PRIV) == privileged;
    }

    /** How many pages from the first on are missing; they make one group. */
    static int missing(long[] entries, int count, int access) {
        int pages = 1;
        while (pages < count && !AddressTranslationCache.allows(entries[pages], access)) {
            pages++;
        }
        return pages;
    }
}
