package org.opensva.ats;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.ats.cache.AccessGuards;
import org.opensva.ats.cache.AddressTranslationCache;
import org.opensva.ats.cache.PasidStates;
import org.opensva.ats.pri.PageOutcome;
import org.opensva.ats.pri.PageRequestInterface;

import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * How an endpoint reads and writes memory.
 *
 * <p>An access is cut at page boundaries. Each piece enters the guard, looks its translation up,
 * moves the bytes and leaves. What is not cached is asked for outside the guard, and used inside it
 * only if no invalidation came in between; each time one did, somebody else made progress, so there
 * is no bound on that. There is one on page requests that bring nothing.
 */
final class DataPath {

    /** The device can be used at all. */
    static final int PRESENT = 1;

    /** Requests may have a PASID. */
    static final int PASID = 1 << 1;

    /** Translations may be asked for, and used. */
    static final int ATS = 1 << 2;

    /** Pages may be asked for. */
    static final int PRI = 1 << 3;

    /** A translation request was refused: none is made until ATS is enabled again. */
    static final int REFUSED = 1 << 4;

    /** Requests with a PASID may ask for execution: {@link Access#EXECUTE}, shifted. */
    static final int EXECUTE = Access.EXECUTE << 4;

    /** Requests with a PASID may be privileged: {@link Access#PRIVILEGED}, shifted. */
    static final int PRIVILEGED = Access.PRIVILEGED << 4;

    /** Long pieces make invalidations wait. */
    private static final int MAX_PIECE = 1 << 16;

    /** How often in a row a page is asked for without getting on. */
    private static final int MAX_PAGE_REQUESTS = 64;

    /** Answers of the inner steps that are no packed result: none has such a status. */
    private static final long MISS = -1;

    private static final long AGAIN = -2;
    private static final long ASKED = -3;

    private final AddressTranslationCache cache;
    private final AccessGuards guards;
    private final PasidStates pasids;
    private final PageRequestInterface pri;
    private final AgentPort agent;
    private final int wiredPasid;
    private final boolean stall;
    private final boolean staleFill;

    private final LongAdder bytesReadOutside = new LongAdder();
    private final LongAdder bytesWrittenOutside = new LongAdder();

    private final TranslationAnswers answers = new TranslationAnswers();

    private volatile int state = PRESENT;

    DataPath(
            AddressTranslationCache cache,
            AccessGuards guards,
            PasidStates pasids,
            PageRequestInterface pri,
            AgentPort agent,
            boolean stall,
            EndpointQuirks quirks) {
        this.cache = cache;
        this.guards = guards;
        this.pasids = pasids;
        this.pri = pri;
        this.agent = agent;
        wiredPasid = (1 << quirks.wiredPasidBits()) - 1;
        this.stall = stall;
        staleFill = quirks.has(EndpointQuirk.STALE_FILL);
    }

    int state() {
        return state;
    }

    /** What has to be switched on for an access that may use the cache. */
    static int needed(int pasid, int access) {
        return pasid == Pasid.NONE
                ? PRESENT | ATS
                : PRESENT | ATS | PASID | (access & (Access.EXECUTE | Access.PRIVILEGED)) << 4;
    }

    /** Tells whether translations may be used: ATS is enabled, and none was refused since. */
    static boolean translates(int state) {
        return (state & (ATS | REFUSED)) == ATS;
    }

    /**
     * A translation request was answered Unsupported Request: the agent serves none from this
     * function, and the ATC is out of use until ATS is enabled again (section 10.2.3).
     */
    void refused() {
        set(REFUSED, true);
        cache.removeAll();
    }

    /** Called with the configuration space locked, at the end, or where a request was refused. */
    synchronized void set(int bit, boolean on) {
        state = on ? state | bit : state & ~bit;
    }

    long access(
            int pasid,
            int access,
            long address,
            byte[] buffer,
            int offset,
            int length,
            boolean write) {
        Objects.checkFromIndexSize(offset, length, buffer.length);
        int sent = pasid == Pasid.NONE ? pasid : pasid & wiredPasid;
        if (!pasids.has(sent)) {
            return DmaResult.of(DmaStatus.STOPPED, 0);
        }
        boolean missed = false;
        if ((address & 4095) + length <= 4096) {
            // Most accesses are this: inside one page, which is cached.
            int needed = needed(sent, access);
            int slot = guards.enter(sent);
            try {
                long entry = 0;
                // What is switched off, accessInPieces says.
                if ((state & (needed | REFUSED)) == needed) {
                    entry = cache.find(sent, address, access);
                    missed = entry == 0;
                }
                if (entry != 0) {
                    long result = move(slot, entry, address, buffer, offset, length, write);
                    return DmaResult.isComplete(result) ? result : ended(result);
                }
                guards.add(slot, AccessGuards.Tally.HITS, -1);
                guards.add(slot, AccessGuards.Tally.MISSES, missed ? 1 : 0);
            } finally {
                guards.leave(slot);
            }
        }
        return accessInPieces(sent, access, address, buffer, offset, length, write, missed);
    }

    static long room(long entry, long address) {
        long size = 1L << Math.min(TranslationEntry.sizeShift(entry), 62);
        return size - (address & (size - 1));
    }

    private long accessInPieces(
            int sent,
            int access,
            long address,
            byte[] buffer,
            int offset,
            int length,
            boolean write,
            boolean missed) {
        boolean known = missed;
        long epoch = pasids.epoch(sent);
        long done = 0;
        int asked = 0;
        while (done < length) {
            int now = state;
            if ((now & PRESENT) == 0
                    || (sent != Pasid.NONE && (now & PASID) == 0)
                    || pasids.epoch(sent) != epoch) {
                return DmaResult.of(DmaStatus.STOPPED, done);
            }
            if ((~now & (needed(sent, access) & ~ATS)) != 0) {
                // Such a request must not leave the device: its PASID control register says so.
                return DmaResult.of(DmaStatus.NOT_PERMITTED, done);
            }
            long at = address + done;
            int from = offset + (int) done;
            int left = length - (int) done;
            long result;
            if (!translates(now)) {
                result = untranslated(sent, access, at, buffer, from, left, write, epoch);
            } else {
                result =
                        known
                                ? MISS
                                : cached(sent, access, at, buffer, from, left, write, now, epoch);
                known = false;
                if (result == MISS) {
                    result = ask(sent, access, at, buffer, from, left, write, now, epoch);
                }
            }
            if (result == AGAIN) {
                continue;
            }
            if (result == ASKED) {
                if (++asked == MAX_PAGE_REQUESTS) {
                    return DmaResult.of(DmaStatus.PAGE_REQUEST_FAILED, done);
                }
                backOff(asked);
                continue;
            }
            done += DmaResult.bytes(result);
            asked = 0;
            if (!DmaResult.isComplete(result)) {
                return ended(result, done);
            }
        }
        return DmaResult.complete(done);
    }

    private long ended(long result) {
        return ended(result, DmaResult.bytes(result));
    }

    /** What an unplugged device's requests end with is not the host's doing. */
    private long ended(long result, long done) {
        boolean gone = (state & PRESENT) == 0;
        return DmaResult.of(gone ? DmaStatus.STOPPED : DmaResult.status(result), done);
    }

    /** A full page request queue is answered with Success, so asking again has to give it time. */
    private static void backOff(int asked) {
        if (asked > 2) {
            LockSupport.parkNanos(1000L << Math.min(asked, 10));
        }
    }

    private long cached(
            int pasid,
            int access,
            long address,
            byte[] buffer,
            int offset,
            int left,
            boolean write,
            int expected,
            long epoch) {
        int slot = guards.enter(pasid);
        int hits = 0;
        int moved = 0;
        try {
            if (hasChanged(pasid, expected, epoch)) {
                return AGAIN;
            }
            int limit = left;
            if (left > MAX_PIECE) {
                limit = MAX_PIECE - (int) (address + MAX_PIECE & 4095);
            }
            // As many pages as fit into one stay: entering and leaving costs more than a look-up.
            long stamp = cache.stamp(pasid);
            long entry = cache.find(pasid, address, access, stamp);
            while (entry != 0 && moved < limit) {
                long at = address + moved;
                long physical = located(entry, at);
                int piece = 0;
                do {
                    hits++;
                    piece += (int) Math.min(room(entry, at + piece), limit - moved - piece);
                    entry =
                            moved + piece < limit
                                    ? cache.find(pasid, at + piece, access, stamp)
                                    : 0;
                    // What lies one behind the other in memory, too, goes in one request.
                } while (entry != 0 && located(entry, at + piece) == physical + piece);
                long result = transfer(physical, buffer, offset + moved, piece, write);
                moved += (int) DmaResult.bytes(result);
                if (!DmaResult.isComplete(result)) {
                    return DmaResult.of(DmaResult.status(result), moved);
                }
            }
            if (moved == 0) {
                guards.add(slot, AccessGuards.Tally.MISSES, 1);
                return MISS;
            }
            return DmaResult.complete(moved);
        } finally {
            guards.add(slot, AccessGuards.Tally.HITS, hits - 1);
            count(slot, moved, write);
            guards.leave(slot);
        }
    }

    /** Asked inside the guard: whoever changes one of these waits for the guard afterwards. */
    boolean hasChanged(int pasid, int expected, long epoch) {
        return state != expected || pasids.epoch(pasid) != epoch;
    }

    /** Moves what is in the page, inside the guard, and counts it. */
    private long move(
            int slot,
            long entry,
            long address,
            byte[] buffer,
            int offset,
            int length,
            boolean write) {
        long physical = located(entry, address);
        long result = transfer(physical, buffer, offset, length, write);
        count(slot, DmaResult.bytes(result), write);
        return result;
    }

    private void count(int slot, long bytes, boolean write) {
        guards.add(
                slot,
                write ? AccessGuards.Tally.BYTES_WRITTEN : AccessGuards.Tally.BYTES_READ,
                bytes);
    }

    private static long located(long entry, long address) {
        long inside = address & ((1L << TranslationEntry.sizeShift(entry)) - 1);
        return TranslationEntry.address(entry) + inside;
    }

    private long transfer(long physical, byte[] buffer, int offset, int length, boolean write) {
        return write
                ? agent.writeTranslated(physical, buffer, offset, length)
                : agent.readTranslated(physical, buffer, offset, length);
    }

    /** A Translation Request, and what follows from its completion. */
    private long ask(
            int pasid,
            int access,
            long address,
            byte[] buffer,
            int offset,
            int left,
            boolean write,
            int expected,
            long epoch) {
        if (!pasids.begin(pasid, epoch)) {
            return AGAIN;
        }
        try {
            long stamp = cache.stamp(pasid);
            long token = cache.token(pasid);
            int wanted = cache.widen(pasid, address, access);
            long[] entries = answers.room(address, left);
            int count = agent.translate(pasid, wanted, address, entries);
            if (count == AgentPort.UNSUPPORTED_REQUEST) {
                refused();
            }
            if (count < 1 || count > entries.length) {
                return DmaResult.of(DmaStatus.ABORTED, 0);
            }
            long entry = entries[0];
            boolean allowed = TranslationAnswers.isAllowed(entry, pasid, access);
            if (!allowed && (expected & PRI) != 0) {
                return requestPages(
                        pasid, access, address, TranslationAnswers.missing(entries, count, access));
            }
            if (!allowed && !stall) {
                return DmaResult.of(DmaStatus.NOT_PERMITTED, 0);
            }
            if (!allowed || TranslationEntry.has(entry, TranslationEntry.U)) {
                int piece = (int) Math.min(4096 - (address & 4095), left);
                return outside(pasid, access, address, buffer, offset, piece, write);
            }
            int slot = guards.enter(pasid);
            // Counted as a hit only from the next time on.
            guards.add(slot, AccessGuards.Tally.HITS, -1);
            try {
                if (hasChanged(pasid, expected, epoch)) {
                    return AGAIN;
                }
                if (!keep(pasid, address, entries, count, stamp, token)) {
                    return AGAIN;
                }
                int piece = (int) Math.min(room(entry, address), Math.min(left, MAX_PIECE));
                return move(slot, entry, address, buffer, offset, piece, write);
            } finally {
                guards.leave(slot);
            }
        } finally {
            pasids.end(pasid, epoch);
        }
    }

    /**
     * Keeps the entries of a completion, inside the guard. False if an invalidation overtook the
     * first. Of the others only small ones are one page apart for certain.
     */
    boolean keep(int pasid, long address, long[] entries, int count, long stamp, long token) {
        long sampledStamp = staleFill ? cache.stamp(pasid) : stamp;
        long sampledToken = staleFill ? cache.token(pasid) : token;
        if (!cache.fill(pasid, address, entries[0], sampledStamp, sampledToken)) {
            return false;
        }
        for (int i = 1; i < count && TranslationEntry.sizeShift(entries[0]) == 12; i++) {
            long entry = entries[i];
            boolean usable =
                    (entry & (TranslationEntry.R | TranslationEntry.W)) != 0
                            && !TranslationEntry.has(entry, TranslationEntry.U)
                            && TranslationEntry.sizeShift(entry) == 12;
            if (usable
                    && !cache.fill(pasid, address + i * 4096L, entry, sampledStamp, sampledToken)) {
                break;
            }
        }
        return true;
    }

    private long requestPages(int pasid, int access, long address, int pages) {
        // Execution implies reading; a request for neither would be a Stop Marker.
        int wanted = (access & Access.EXECUTE) != 0 ? access | Access.READ : access;
        PageOutcome outcome = pri.request(pasid, wanted, address, pages);
        return switch (outcome) {
            case SUCCESS -> ASKED;
            case INVALID -> DmaResult.of(DmaStatus.NOT_PERMITTED, 0);
            case FAILED -> DmaResult.of(DmaStatus.PAGE_REQUEST_FAILED, 0);
            case GONE -> DmaResult.of(DmaStatus.STOPPED, 0);
        };
    }

    private long untranslated(
            int pasid,
            int access,
            long address,
            byte[] buffer,
            int offset,
            int left,
            boolean write,
            long epoch) {
        if (!pasids.begin(pasid, epoch)) {
            return AGAIN;
        }
        try {
            return outside(
                    pasid, access, address, buffer, offset, Math.min(left, MAX_PIECE), write);
        } finally {
            pasids.end(pasid, epoch);
        }
    }

    /** An untranslated request; the caller has noted that it is under way. */
    private long outside(
            int pasid,
            int access,
            long address,
            byte[] buffer,
            int offset,
            int length,
            boolean write) {
        long result;
        if (write) {
            result = agent.write(pasid, access, address, buffer, offset, length);
            bytesWrittenOutside.add(DmaResult.bytes(result));
        } else {
            result = agent.read(pasid, access, address, buffer, offset, length);
            bytesReadOutside.add(DmaResult.bytes(result));
        }
        return result;
    }

    long count(HardwareCounter counter) {
        return switch (counter) {
            case ATC_HITS -> guards.sum(AccessGuards.Tally.HITS);
            case ATC_MISSES -> guards.sum(AccessGuards.Tally.MISSES);
            case ATC_EVICTIONS -> cache.evictions();
            case DMA_BYTES_READ ->
                    guards.sum(AccessGuards.Tally.BYTES_READ) + bytesReadOutside.sum();
            case DMA_BYTES_WRITTEN ->
                    guards.sum(AccessGuards.Tally.BYTES_WRITTEN) + bytesWrittenOutside.sum();
            default -> 0;
        };
    }
}
