package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.vtd.layout.InterruptMessage;

import java.util.Objects;

/**
 * What one device sends to the unit: untranslated and translated requests, interrupts, translation
 * requests, page requests, and completions of invalidations (section 3.1 and chapters 4, 5 and 7).
 *
 * <p>A request is carried out in pieces, each within one translation. A piece is translated and
 * moved inside a lane; what is told to software about it is told outside. AtomicOps have no method
 * on this link, so that no fault has their type.
 */
final class RequesterPort implements AgentPort {

    /** Longest piece, so that an invalidation never waits for a long copy. */
    private static final int PIECE = 1 << 16;

    private static final int PAGE = 1 << 12;

    private final int source;
    private final DevicePort device;
    private final Requests requests;
    private final PhysicalMemory memory;
    private final TranslationUnit translation;
    private final ShortWay shortWay;
    private final LaneSet lanes;
    private final InvalidationTags tags;
    private volatile boolean closed;

    RequesterPort(
            int source,
            DevicePort device,
            Requests requests,
            PhysicalMemory memory,
            TranslationUnit translation,
            Devices devices) {
        this.source = source;
        this.device = device;
        this.requests = requests;
        this.memory = memory;
        this.translation = translation;
        shortWay = translation.shortWay();
        lanes = new LaneSet(devices.activity());
        tags = new InvalidationTags(device, devices.outstanding());
    }

    int source() {
        return source;
    }

    LaneSet lanes() {
        return lanes;
    }

    InvalidationTags tags() {
        return tags;
    }

    boolean isClosed() {
        return closed;
    }

    // Most untranslated requests lie within one page, come from a user and are no fetch, and find
    // everything about them cached: those are done at once. Any other is neither moved nor counted
    // then, and goes on in the same lane. Reads and writes have this each for itself: what they had
    // in common the JIT compiler would compile first, find too large, and not expand in either.

    @Override
    public long read(int pasid, int access, long address, byte[] target, int offset, int length) {
        checkPasid(pasid);
        Objects.checkFromIndexSize(offset, length, target.length);
        Lane lane = null;
        boolean stays = false;
        if (pasid != Pasid.NONE && isInPage(address, length) && isPlain(access)) {
            lane = lanes.enter();
            try {
                stays = !hit(lane, false, pasid, address, target, offset, length);
            } finally {
                if (!stays) {
                    lane.leave();
                }
            }
        }
        if (lane != null && !stays) {
            requests.poll();
            return DmaResult.complete(length);
        }
        int modes = pasid == Pasid.NONE ? 0 : access & (Access.EXECUTE | Access.PRIVILEGED);
        int wanted = (modes & Access.EXECUTE) != 0 ? modes : modes | Access.READ;
        long result = transfer(lane, false, pasid, wanted, address, target, offset, length);
        requests.poll();
        return result;
    }

    @Override
    public long write(int pasid, int access, long address, byte[] source, int offset, int length) {
        checkPasid(pasid);
        Objects.checkFromIndexSize(offset, length, source.length);
        Lane lane = null;
        boolean stays = false;
        if (pasid != Pasid.NONE && isInPage(address, length) && isPlain(access)) {
            lane = lanes.enter();
            try {
                stays = !hit(lane, true, pasid, address, source, offset, length);
            } finally {
                if (!stays) {
                    lane.leave();
                }
            }
        }
        if (lane != null && !stays) {
            requests.poll();
            return DmaResult.complete(length);
        }
        int wanted = Access.WRITE | (pasid == Pasid.NONE ? 0 : access & Access.PRIVILEGED);
        long result = transfer(lane, false, pasid, wanted, address, source, offset, length);
        requests.poll();
        return result;
    }

    @Override
    public long readTranslated(long address, byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (hitTranslated(false, address, target, offset, length)) {
            requests.poll();
            return DmaResult.complete(length);
        }
        long result =
                transfer(null, true, Pasid.NONE, Access.READ, address, target, offset, length);
        requests.poll();
        return result;
    }

    @Override
    public long writeTranslated(long address, byte[] source, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        if (hitTranslated(true, address, source, offset, length)) {
            requests.poll();
            return DmaResult.complete(length);
        }
        long result =
                transfer(null, true, Pasid.NONE, Access.WRITE, address, source, offset, length);
        requests.poll();
        return result;
    }

    /** The short way of untranslated requests. */
    private boolean hit(
            Lane lane,
            boolean write,
            int pasid,
            long address,
            byte[] data,
            int offset,
            int length) {
        Translation request = lane.request;
        long found = closed ? 0 : shortWay.hit(source, pasid, address, write, request);
        if (found == 0) {
            return false;
        }
        long physical = CachedTranslation.locate(found, address);
        if (!moveAtOnce(request, write, physical, data, offset, length)) {
            return false;
        }
        request.counters.addHits(1);
        return true;
    }

    private static boolean isPlain(int access) {
        return (access & (Access.EXECUTE | Access.PRIVILEGED)) == 0;
    }

    /**
     * Goes on within a stay, page by page, as long as everything is cached. What lies one behind
     * the other in memory, too, is moved at once.
     *
     * @return how many bytes have been moved
     */
    private int follow(
            Translation request,
            int pasid,
            boolean write,
            long address,
            byte[] data,
            int offset,
            int most) {
        int moved = 0;
        long found = most > 0 ? shortWay.hit(source, pasid, address, write, request) : 0;
        while (found != 0) {
            long at = address + moved;
            long physical = CachedTranslation.locate(found, at);
            int pages = 0;
            int piece = 0;
            do {
                pages++;
                long page = 1L << CachedTranslation.shift(found);
                long toEnd = page - (at + piece & page - 1);
                piece += (int) Math.min(toEnd, most - moved - piece);
                found =
                        moved + piece < most
                                ? shortWay.hit(source, pasid, at + piece, write, request)
                                : 0;
            } while (found != 0 && CachedTranslation.locate(found, at + piece) == physical + piece);
            if (!moveAtOnce(request, write, physical, data, offset + moved, piece)) {
                break; // how far it goes is found out page by page
            }
            moved += piece;
            request.counters.addHits(pages);
        }
        return moved;
    }

    /** The short way of translated requests, which are no translations. */
    private boolean hitTranslated(
            boolean write, long physical, byte[] data, int offset, int length) {
        if (length == 0 || length > PIECE) {
            return false;
        }
        Lane lane = lanes.enter();
        try {
            Translation request = lane.request;
            return !closed
                    && shortWay.hitTranslated(source, physical, length, request)
                    && moveAtOnce(request, write, physical, data, offset, length);
        } finally {
            lane.leave();
        }
    }

    private static boolean isInPage(long address, int length) {
        return length != 0 && (address & PAGE - 1) + length <= PAGE;
    }

    private boolean moveAtOnce(
            Translation request, boolean write, long at, byte[] data, int offset, int length) {
        if (requests.isProtected(at, length)) {
            return false;
        }
        try {
            moved(request, write, at, data, offset, length);
            return true;
        } catch (BusErrorException e) {
            return false;
        }
    }

    private void moved(
            Translation request, boolean write, long at, byte[] data, int offset, int length) {
        if (write) {
            memory.write(at, data, offset, length);
            request.counters.add(HardwareCounter.DMA_BYTES_WRITTEN, length);
        } else {
            memory.read(at, data, offset, length);
            request.counters.add(HardwareCounter.DMA_BYTES_READ, length);
        }
    }

    private static void checkPasid(int pasid) {
        if (pasid < Pasid.NONE || pasid > Pasid.MAX) {
            throw new IllegalArgumentException(
                    "PASID " + pasid + " is neither in 0.." + Pasid.MAX + " nor Pasid.NONE");
        }
    }

    /** Carries out any request, beginning in a lane that has been entered, if there is one. */
    private long transfer(
            @Nullable Lane entered,
            boolean translated,
            int pasid,
            int access,
            long address,
            byte[] data,
            int offset,
            int length) {
        if (length == 0) {
            return zeroLength(translated, pasid, access, address);
        }
        boolean interrupts = !translated && pasid == Pasid.NONE;
        Lane held = entered;
        int moved = 0;
        int limit = PIECE;
        while (moved < length) {
            long at = address + moved;
            if (Long.compareUnsigned(at, address) < 0) {
                return DmaResult.of(DmaStatus.ABORTED, moved); // no address follows the last one
            }
            int left = length - moved;
            if (interrupts && InterruptMessage.isInterrupt(at)) {
                return requests.interruptRange(this, access, at, data, offset + moved, left, moved);
            }
            Lane lane = held != null ? held : lanes.enter();
            held = null;
            int from = offset + moved;
            int piece = piece(lane, translated, pasid, access, at, data, from, left, limit);
            if (piece > 0) {
                moved += piece;
                limit = PIECE;
            } else if (piece == 0 || limit < PIECE) {
                return DmaResult.of(DmaStatus.ABORTED, moved);
            } else {
                limit = -piece; // memory ends within the piece: go up to there
            }
        }
        return DmaResult.complete(length);
    }

    /**
     * Carries out one piece, and what follows it if that is cached; leaves the lane.
     *
     * @return the bytes that were moved; 0 if the request is aborted; or, negated, how many bytes
     *     to try instead because memory ends before
     */
    private int piece(
            Lane lane,
            boolean translated,
            int pasid,
            int access,
            long at,
            byte[] data,
            int offset,
            int left,
            int limit) {
        int reason;
        boolean told;
        try {
            if (closed) {
                return 0;
            }
            Translation request = lane.request;
            if (translated) {
                translation.checkTranslated(source, pasid, at, access, request);
            } else {
                request.counters.add(HardwareCounter.TRANSLATIONS, 1);
                translation.translate(source, pasid, at, access, request);
            }
            if (request.ok) {
                int moved = move(request, at, data, offset, Math.min(left, limit));
                if (moved <= 0 || translated || !isPlain(access)) {
                    return moved;
                }
                boolean write = (access & Access.WRITE) != 0;
                long follows = at + moved;
                int most = stay(left - moved, PIECE - moved, follows);
                return moved + follow(request, pasid, write, follows, data, offset + moved, most);
            }
            reason = request.faultReason;
            told = request.recordFault;
        } finally {
            lane.leave();
        }
        if (told) {
            requests.fault(source, pasid, access, at, reason, translated);
        }
        return 0;
    }

    /** How much more a stay is for: all that is left, or less, up to the end of a page. */
    private static int stay(int left, int most, long address) {
        return left <= most ? left : Math.max(0, most - ((int) (address + most) & PAGE - 1));
    }

    private int move(Translation request, long at, byte[] data, int offset, int most) {
        int shift = Math.min(request.pageShift, 62);
        long toEnd = (1L << shift) - (at & (1L << shift) - 1);
        int length = (int) Math.min(most, toEnd);
        if (requests.isProtected(request.physical, length)) {
            return shorter(at, length);
        }
        try {
            moved(request, request.writes(), request.physical, data, offset, length);
            return length;
        } catch (BusErrorException e) {
            return shorter(at, length);
        }
    }

    /** What to try after a piece that could not be moved: up to the end of the page, if shorter. */
    private static int shorter(long at, int length) {
        int toPageEnd = PAGE - ((int) at & PAGE - 1);
        return length > toPageEnd ? -toPageEnd : 0;
    }

    /** A read of no bytes, which devices use to flush their writes (CAP.ZLR). */
    private long zeroLength(boolean translated, int pasid, int access, long address) {
        if (translated || (access & Access.WRITE) != 0) {
            return DmaResult.complete(0);
        }
        if (pasid == Pasid.NONE && InterruptMessage.isInterrupt(address)) {
            return DmaResult.of(DmaStatus.ABORTED, 0);
        }
        int wanted = access & Access.PRIVILEGED;
        int reason;
        boolean told;
        Lane lane = lanes.enter();
        try {
            Translation request = lane.request;
            request.counters.add(HardwareCounter.TRANSLATIONS, 1);
            translation.translate(source, pasid, address, wanted, request);
            if (request.ok && !closed) {
                return DmaResult.complete(0);
            }
            reason = request.faultReason;
            told = !request.ok && request.recordFault;
        } finally {
            lane.leave();
        }
        if (told) {
            requests.fault(source, pasid, wanted, address, reason, false);
        }
        return DmaResult.of(DmaStatus.ABORTED, 0);
    }

    @Override
    public int translate(int pasid, int access, long address, long[] entries) {
        checkPasid(pasid);
        return requests.translate(this, pasid, access, address, entries);
    }

    @Override
    public void request(PageRequest request) {
        checkPasid(request.pasid());
        if (!closed) {
            requests.pageRequest(this, request);
        }
    }

    @Override
    public void complete(InvalidateCompletion completion) {
        if (!closed) {
            requests.completed(source, tags.complete(completion));
        }
    }

    /** A translation request met a fault that software is told of. */
    void translationFault(int pasid, int access, long address, int reason) {
        requests.translationFault(source, pasid, access, address, reason);
    }

    /** A page group response of software, or an automatic one. */
    void respond(PageGroupResponse response) {
        if (!closed) {
            device.respond(response);
        }
    }

    /** Ends all use; nothing is sent to the device any more. */
    void close() {
        closed = true;
        tags.close();
    }
}
