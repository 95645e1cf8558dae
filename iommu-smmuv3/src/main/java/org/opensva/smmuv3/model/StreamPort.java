package org.opensva.smmuv3.model;

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

import java.util.Arrays;
import java.util.Objects;

/**
 * What one device sends to the SMMU: untranslated and translated transactions, translation
 * requests, page requests, and invalidate completions.
 *
 * <p>A transaction is carried out in pieces, each within one translation. A piece is translated and
 * moved inside a lane; faults are recorded, and stalls waited for, outside.
 */
final class StreamPort implements AgentPort {

    /** Longest piece, so that an invalidation never waits for a long copy. */
    private static final int PIECE = 1 << 16;

    private static final int PAGE_MASK = (1 << 12) - 1;

    private final int streamId;
    private final StreamState state;
    private final DevicePort device;
    private final PhysicalMemory memory;
    private final Translator translator;
    private final Faults faults;
    private final AtsHandler ats;
    private final PageRequestHandler pages;
    private final Devices devices;
    private final CommandQueue commands;
    private final @Nullable CounterGroup counters;
    private final LaneSet lanes;
    private final InvalidationTags tags;
    private volatile boolean closed;

    StreamPort(
            StreamState state,
            DevicePort device,
            PhysicalMemory memory,
            Translator translator,
            Faults faults,
            AtsHandler ats,
            PageRequestHandler pages,
            Devices devices,
            CommandQueue commands,
            @Nullable CounterGroup counters) {
        this.streamId = state.streamId();
        this.state = state;
        this.device = device;
        this.memory = memory;
        this.translator = translator;
        this.faults = faults;
        this.ats = ats;
        this.pages = pages;
        this.devices = devices;
        this.commands = commands;
        this.counters = counters;
        lanes = new LaneSet(devices.activity());
        tags = new InvalidationTags(device, devices.outstanding());
    }

    int streamId() {
        return streamId;
    }

    StreamState state() {
        return state;
    }

    InvalidationTags tags() {
        return tags;
    }

    LaneSet lanes() {
        return lanes;
    }

    boolean isClosed() {
        return closed;
    }

    // Most untranslated transactions lie within one page, are not privileged and no fetch, and find
    // everything about them cached: those are done at once. Any other is neither moved nor counted
    // then, and goes on in the same lane. Reads and writes have this each for itself: what they had
    // in common the JIT compiler would compile first, find too large, and not expand in either.

    @Override
    public long read(int pasid, int access, long address, byte[] target, int offset, int length) {
        checkPasid(pasid);
        Objects.checkFromIndexSize(offset, length, target.length);
        if (!isInPage(address, length) || !isPlain(access)) {
            return counted(
                    transfer(null, false, pasid, access, false, address, target, offset, length));
        }
        Lane lane = lanes.enter();
        boolean stays = false;
        try {
            long found = translator.hit(this, lane, pasid, address, Cached.READ);
            stays =
                    found == 0
                            || !move(Cached.locate(found, address), false, target, offset, length);
            if (!stays) {
                lane.hit(1);
                lane.moved(false, length);
            }
        } finally {
            if (!stays) {
                lane.leave();
            }
        }
        return counted(
                stays
                        ? transfer(
                                lane, false, pasid, access, false, address, target, offset, length)
                        : DmaResult.complete(length));
    }

    @Override
    public long write(int pasid, int access, long address, byte[] source, int offset, int length) {
        checkPasid(pasid);
        Objects.checkFromIndexSize(offset, length, source.length);
        if (!isInPage(address, length) || !isPlain(access)) {
            return counted(
                    transfer(null, false, pasid, access, true, address, source, offset, length));
        }
        Lane lane = lanes.enter();
        boolean stays = false;
        try {
            long found = translator.hit(this, lane, pasid, address, Cached.WRITE);
            stays =
                    found == 0
                            || !move(Cached.locate(found, address), true, source, offset, length);
            if (!stays) {
                lane.hit(1);
                lane.moved(true, length);
            }
        } finally {
            if (!stays) {
                lane.leave();
            }
        }
        return counted(
                stays
                        ? transfer(
                                lane, false, pasid, access, true, address, source, offset, length)
                        : DmaResult.complete(length));
    }

    /** Lets a performance counter that is to tell of its overflow look. */
    private long counted(long result) {
        CounterGroup group = counters;
        if (group != null && group.armed()) {
            group.notice();
        }
        return result;
    }

    private static boolean isPlain(int access) {
        return (access & (Access.EXECUTE | Access.PRIVILEGED)) == 0;
    }

    private static int permission(boolean write) {
        return write ? Cached.WRITE : Cached.READ;
    }

    /**
     * Goes on within a stay, page by page, as long as everything is cached. What lies one behind
     * the other in memory, too, is moved at once.
     *
     * @return how many bytes have been moved
     */
    private int follow(
            Lane lane, int pasid, boolean write, long address, byte[] data, int offset, int most) {
        int permission = permission(write);
        int moved = 0;
        long found = most > 0 ? translator.hit(this, lane, pasid, address, permission) : 0;
        while (found != 0) {
            long at = address + moved;
            long physical = Cached.locate(found, at);
            int pages = 0;
            int piece = 0;
            do {
                pages++;
                piece += piece(most - moved - piece, at + piece, Cached.sizeShift(found), PIECE);
                found =
                        moved + piece < most
                                ? translator.hit(this, lane, pasid, at + piece, permission)
                                : 0;
            } while (found != 0 && Cached.locate(found, at + piece) == physical + piece);
            if (!move(physical, write, data, offset + moved, piece)) {
                break; // how far it goes is found out page by page
            }
            moved += piece;
            lane.hit(pages);
            lane.moved(write, piece);
        }
        lane.recent.takeMissed(); // what comes next is another stay
        return moved;
    }

    /** The short way of translated transactions, which are of one piece. */
    private boolean hitTranslated(
            boolean write, long physical, byte[] data, int offset, int length) {
        if (length == 0 || length > PIECE) {
            return false;
        }
        Lane lane = lanes.enter();
        try {
            if (!translator.hitTranslated(this, lane, physical, physical + length - 1)
                    || !move(physical, write, data, offset, length)) {
                return false;
            }
            lane.hitTranslated();
            lane.moved(write, length);
            return true;
        } finally {
            lane.leave();
        }
    }

    private static boolean isInPage(long address, int length) {
        return length != 0 && (address & PAGE_MASK) + length <= PAGE_MASK + 1;
    }

    /** Carries out any transaction, beginning in a lane that has been entered, if there is one. */
    private long transfer(
            @Nullable Lane entered,
            boolean translated,
            int pasid,
            int access,
            boolean write,
            long address,
            byte[] data,
            int offset,
            int length) {
        Lane held = entered;
        int moved = 0;
        int limit = PIECE;
        while (moved < length) {
            long at = address + moved;
            if (Long.compareUnsigned(at, address) < 0) {
                return DmaResult.of(DmaStatus.ABORTED, moved); // no address follows the last one
            }
            Fault fault = null;
            Lane lane = held != null ? held : lanes.enter();
            held = null;
            try {
                if (closed) {
                    return DmaResult.of(DmaStatus.ABORTED, moved);
                }
                Translation request = lane.translation;
                request.begin(streamId, pasid, access, write, false, at);
                long missed = lane.recent.takeMissed();
                if (!translated) {
                    request.missed(missed);
                }
                Translation.Outcome outcome =
                        translated
                                ? ats.check(state, request, lane)
                                : translator.transaction(state, request, lane);
                if (outcome == Translation.Outcome.TRANSLATED) {
                    int piece = piece(length - moved, at, request.sizeShift(), limit);
                    if (move(request.output(), write, data, offset + moved, piece)) {
                        moved += piece;
                        lane.moved(write, piece);
                        limit = PIECE;
                        if (!translated && isPlain(access)) {
                            long follows = address + moved;
                            int most = stay(length - moved, PIECE - piece, follows);
                            int from = offset + moved;
                            moved += follow(lane, pasid, write, follows, data, from, most);
                        }
                        continue;
                    }
                    int toPageEnd = PAGE_MASK + 1 - ((int) at & PAGE_MASK);
                    if (piece > toPageEnd) {
                        limit = toPageEnd; // memory ends within the piece: go up to there
                        continue;
                    }
                } else if (outcome == Translation.Outcome.FAULT) {
                    fault = Fault.of(request);
                }
            } finally {
                lane.leave();
            }
            StallBuffer.Answer answer =
                    fault == null
                            ? StallBuffer.Answer.ABORT
                            : faults.handle(this, fault, translated);
            if (answer == StallBuffer.Answer.ABORT) {
                return DmaResult.of(DmaStatus.ABORTED, moved);
            }
            if (answer == StallBuffer.Answer.ZERO) {
                // What is terminated as read-as-zero, write-ignored ends well for the device.
                if (!write) {
                    Arrays.fill(data, offset + moved, offset + length, (byte) 0);
                }
                return DmaResult.complete(length);
            }
        }
        return DmaResult.complete(length);
    }

    private static void checkPasid(int pasid) {
        if (pasid < Pasid.NONE || pasid > Pasid.MAX) {
            throw new IllegalArgumentException(
                    "PASID " + pasid + " is neither in 0.." + Pasid.MAX + " nor Pasid.NONE");
        }
    }

    private static int piece(int left, long address, int sizeShift, int limit) {
        long region = 1L << sizeShift;
        long toRegionEnd = region - (address & region - 1);
        return (int) Math.min(Math.min(left, limit), toRegionEnd);
    }

    /** How much more a stay is for: all that is left, or less, up to the end of a page. */
    private static int stay(int left, int most, long address) {
        return left <= most ? left : Math.max(0, most - ((int) (address + most) & PAGE_MASK));
    }

    private boolean move(long physical, boolean write, byte[] data, int offset, int length) {
        try {
            if (write) {
                memory.write(physical, data, offset, length);
            } else {
                memory.read(physical, data, offset, length);
            }
            return true;
        } catch (BusErrorException e) {
            return false;
        }
    }

    @Override
    public int translate(int pasid, int access, long address, long[] entries) {
        checkPasid(pasid);
        return (int) counted(ats.translate(this, pasid, access, address, entries));
    }

    @Override
    public long readTranslated(long address, byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (hitTranslated(false, address, target, offset, length)) {
            return counted(DmaResult.complete(length));
        }
        return counted(transfer(null, true, Pasid.NONE, 0, false, address, target, offset, length));
    }

    @Override
    public long writeTranslated(long address, byte[] source, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        if (hitTranslated(true, address, source, offset, length)) {
            return counted(DmaResult.complete(length));
        }
        return counted(transfer(null, true, Pasid.NONE, 0, true, address, source, offset, length));
    }

    @Override
    public void complete(InvalidateCompletion completion) {
        if (!closed && tags.complete(completion, devices.now()) > 0) {
            commands.kick();
        }
    }

    @Override
    public void request(PageRequest request) {
        checkPasid(request.pasid());
        if (!closed) {
            pages.receive(this, request);
        }
    }

    /** CMD_ATC_INV. */
    void invalidate(int pasid, long address, int sizeShift, boolean global) {
        tags.invalidate(pasid, address, sizeShift, global, devices.now());
    }

    /** CMD_PRI_RESP, and automatic responses. */
    void respond(PageGroupResponse response) {
        if (!closed) {
            device.respond(response);
        }
    }

    /** Waits for every transaction that is under way now. */
    void awaitLanes() {
        lanes.awaitLeft();
    }

    /** Ends all use; nothing is sent to the device any more. */
    void close() {
        closed = true;
        translator.forget();
        tags.close();
    }
}
