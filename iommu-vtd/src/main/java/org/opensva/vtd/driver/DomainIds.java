package org.opensva.vtd.driver;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * Hands out domain ids, one for each address space while there are enough. What the hardware tags
 * its caches with is the domain id together with the PASID, so that further address spaces can
 * share one id as long as their PASIDs differ (Linux uses one id for all of them: {@code
 * FLPT_DEFAULT_DID}). Numbers are taken in a circle, so that a late invalidation of a former owner
 * rarely hits a new one.
 *
 * <p>A number needs no flush when it is given back: each binding flushed its own tag when it ended,
 * after its entry was dead.
 */
final class DomainIds {

    /** With caching mode, entries that are not present are tagged with id 0 (section 6.1). */
    private static final int SHARED = 1;

    private static final int FIRST = 2;

    private record Claim(Object owner, int count) {}

    private final BitSet used = new BitSet();
    private final Map<Integer, Claim> sharedPasids = new HashMap<>();
    private final int limit;
    private int next = FIRST;

    /**
     * Creates an allocator.
     *
     * @param bits width of domain ids, 4 to 16 (CAP.ND)
     */
    DomainIds(int bits) {
        this.limit = 1 << bits;
    }

    synchronized int allocate() {
        int id = used.nextClearBit(next);
        if (id >= limit) {
            id = used.nextClearBit(FIRST);
        }
        if (id >= limit) {
            return SHARED;
        }
        used.set(id);
        next = id + 1;
        return id;
    }

    synchronized void free(int id) {
        if (id != SHARED) {
            used.clear(id);
        }
    }

    /**
     * Takes a PASID under an id.
     *
     * @return false if the id is shared and the PASID belongs to another owner
     */
    synchronized boolean claim(int id, int pasid, Object owner) {
        if (id != SHARED) {
            return true;
        }
        Claim now =
                sharedPasids.merge(
                        pasid,
                        new Claim(owner, 1),
                        (known, one) ->
                                known.owner().equals(owner)
                                        ? new Claim(owner, known.count() + 1)
                                        : known);
        return now.owner().equals(owner);
    }

    /** Gives a PASID back that {@link #claim} took. */
    synchronized void unclaim(int id, int pasid) {
        if (id == SHARED) {
            sharedPasids.computeIfPresent(
                    pasid,
                    (_, known) ->
                            known.count() == 1
                                    ? null
                                    : new Claim(known.owner(), known.count() - 1));
        }
    }
}
