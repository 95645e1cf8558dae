package org.opensva.ats;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.memory.Access;
import org.opensva.ats.cache.AccessGuards;
import org.opensva.ats.cache.AddressTranslationCache;
import org.opensva.ats.cache.PasidStates;

/**
 * Translations that are asked for before an access needs them.
 *
 * <p>The answer is kept under the rule of every other: not if an invalidation overtook it, and not
 * if it permits nothing. Nothing else of an access happens here: no byte moves, no page is
 * requested.
 */
final class Prefetch {

    private static final int PURPOSES = Access.READ | Access.WRITE | Access.EXECUTE;

    private final AddressTranslationCache cache;
    private final AccessGuards guards;
    private final PasidStates pasids;
    private final AgentPort agent;
    private final DataPath path;
    private final int capacity;
    private final TranslationAnswers answers = new TranslationAnswers();

    Prefetch(
            AddressTranslationCache cache,
            AccessGuards guards,
            PasidStates pasids,
            AgentPort agent,
            DataPath path,
            int capacity) {
        this.cache = cache;
        this.guards = guards;
        this.pasids = pasids;
        this.agent = agent;
        this.path = path;
        this.capacity = capacity;
    }

    /** Keeps what the range needs, as far as it is permitted. */
    boolean prefetch(int pasid, int access, long address, long length) {
        if (length < 0) {
            throw new IllegalArgumentException("length is " + length + ", allowed: 0 and more");
        }
        int needed = DataPath.needed(pasid, access);
        if (!pasids.has(pasid) || (access & PURPOSES) == 0) {
            return false;
        }
        long epoch = pasids.epoch(pasid);
        long left = length;
        // Each turn finds an entry or uses one up; overtaken answers count, so that it ends.
        for (int asked = 0; left > 0; ) {
            int now = path.state();
            if ((now & (needed | DataPath.REFUSED)) != needed || pasids.epoch(pasid) != epoch) {
                return false;
            }
            long at = address + (length - left);
            long entry = cache.find(pasid, at, access);
            if (entry != 0) {
                left -= Math.min(left, DataPath.room(entry, at));
            } else if (asked++ == capacity || !ask(pasid, access, at, left, now, epoch)) {
                return false;
            }
        }
        return true;
    }

    /** One Translation Request; false if asking again is pointless. */
    private boolean ask(int pasid, int access, long address, long left, int expected, long epoch) {
        if (!pasids.begin(pasid, epoch)) {
            return false;
        }
        try {
            long stamp = cache.stamp(pasid);
            long token = cache.token(pasid);
            int wanted = cache.widen(pasid, address, access);
            long[] entries = answers.room(address, (int) Math.min(left, 1 << 16));
            int count = agent.translate(pasid, wanted, address, entries);
            if (count == AgentPort.UNSUPPORTED_REQUEST) {
                path.refused();
            }
            if (count < 1
                    || count > entries.length
                    || !TranslationAnswers.isAllowed(entries[0], pasid, access)
                    || TranslationEntry.has(entries[0], TranslationEntry.U)) {
                return false;
            }
            int slot = guards.enter(pasid);
            guards.add(slot, AccessGuards.Tally.HITS, -1);
            try {
                if (!path.hasChanged(pasid, expected, epoch)) {
                    path.keep(pasid, address, entries, count, stamp, token);
                }
            } finally {
                guards.leave(slot);
            }
            return true;
        } finally {
            pasids.end(pasid, epoch);
        }
    }
}
