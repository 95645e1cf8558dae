package com.acme.iommu;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.BusErrorException;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BooleanSupplier;

/** The hardware at the IOMMU's end of a device's link. */
final class Link implements AgentPort {

    private static final int PAGE = 4096;
    private static final int TAGS = 32;

    /** How long a device may take to complete an invalidation. */
    private static final long PATIENCE_NANOS = 2_000_000_000L;

    /** How often a device that is waited for is asked whether it is still there. */
    private static final long LOOK_MILLIS = 20;

    private final AcmeIommu iommu;
    private final RequesterId requester;
    private final DevicePort device;
    private final Map<Integer, AcmeDomain> pasids = new ConcurrentHashMap<>();
    private final ReadWriteLock passing = new ReentrantReadWriteLock();
    private volatile boolean ats;
    private volatile boolean blocked;

    /** What is outstanding, by tag; the completions that came of it. Under this monitor. */
    private int outstanding;

    private final int[] completions = new int[TAGS];

    Link(AcmeIommu iommu, RequesterId requester, DevicePort device) {
        this.iommu = iommu;
        this.requester = requester;
        this.device = device;
    }

    void bind(int pasid, AcmeDomain domain) {
        pasids.put(pasid, domain);
    }

    void unbind(int pasid) {
        pasids.remove(pasid);
    }

    void grantAts(boolean granted) {
        ats = granted;
    }

    boolean isBlocked() {
        return blocked;
    }

    /** Nothing of the device is let through any more; what was under way has ended. */
    void block() {
        passing.writeLock().lock();
        try {
            blocked = true;
        } finally {
            passing.writeLock().unlock();
        }
    }

    @Override
    public long read(int pasid, int access, long address, byte[] target, int offset, int length) {
        return access(
                pasid,
                access,
                address,
                length,
                (at, done, piece) -> iommu.memory().read(at, target, offset + done, piece));
    }

    @Override
    public long write(int pasid, int access, long address, byte[] source, int offset, int length) {
        return access(
                pasid,
                access | Access.WRITE,
                address,
                length,
                (at, done, piece) -> iommu.memory().write(at, source, offset + done, piece));
    }

    /** Moves some bytes of an access. */
    private interface Move {
        void bytes(long physical, int done, int piece);
    }

    private long access(int pasid, int access, long address, int length, Move move) {
        AcmeDomain domain = pasids.get(pasid);
        if (domain == null) {
            fault(FaultRecord.Kind.PASID_CONFIGURATION, pasid, address, access);
            return DmaResult.of(DmaStatus.ABORTED, 0);
        }
        int done = 0;
        while (done < length) {
            long at = address + done;
            int piece = (int) Math.min(PAGE - (at & PAGE - 1), length - done);
            if (!moved(domain, pasid, access, at, done, piece, move)) {
                if (!domain.isReleased()) {
                    fault(FaultRecord.Kind.TRANSLATION, pasid, at, access);
                }
                return DmaResult.of(DmaStatus.ABORTED, done);
            }
            done += piece;
        }
        return DmaResult.complete(done);
    }

    private boolean moved(
            AcmeDomain domain, int pasid, int access, long at, int done, int piece, Move move) {
        domain.guard().readLock().lock();
        try {
            // Whoever was unbound before the guard was taken is not let in any more.
            if (blocked || pasids.get(pasid) != domain) {
                return false;
            }
            long found = domain.translate(at, Access.writes(access));
            if (!allows(found, access)) {
                return false;
            }
            move.bytes((found & -PAGE) + (at & PAGE - 1), done, piece);
            return true;
        } catch (BusErrorException e) {
            return false;
        } finally {
            domain.guard().readLock().unlock();
        }
    }

    private static boolean allows(long found, int access) {
        int needed = access & (Access.READ | Access.WRITE | Access.EXECUTE);
        return found != 0 && (found & needed) == needed && (access & Access.PRIVILEGED) == 0;
    }

    private void fault(FaultRecord.Kind kind, int pasid, long address, int access) {
        iommu.fault(new FaultRecord(kind, requester, pasid, address, access, "ACME_" + kind));
    }

    /** What has no translation is answered without permissions, so that the ATC stays in use. */
    @Override
    public int translate(int pasid, int access, long address, long[] entries) {
        if (!ats || blocked) {
            return UNSUPPORTED_REQUEST;
        }
        AcmeDomain domain = pasids.get(pasid);
        if (domain == null) {
            entries[0] = entry(address, 0, access);
            return 1;
        }
        domain.guard().readLock().lock();
        try {
            boolean bound = pasids.get(pasid) == domain;
            for (int i = 0; i < entries.length; i++) {
                long at = address + (long) i * PAGE;
                // Only the page that the device wants to write to now becomes dirty.
                long found = bound ? domain.translate(at, i == 0 && Access.writes(access)) : 0;
                entries[i] = entry(at, found, access);
            }
            return entries.length;
        } finally {
            domain.guard().readLock().unlock();
        }
    }

    private static long entry(long address, long found, int access) {
        if (found == 0 || (access & Access.PRIVILEGED) != 0) {
            return TranslationEntry.of(address & -PAGE, 12, 0);
        }
        long flags = TranslationEntry.R;
        if ((found & Access.WRITE) != 0) {
            flags |= TranslationEntry.W;
        }
        if ((found & access & Access.EXECUTE) != 0) {
            flags |= TranslationEntry.EXE;
        }
        return TranslationEntry.of(found & -PAGE, 12, flags);
    }

    @Override
    public long readTranslated(long address, byte[] target, int offset, int length) {
        return translated(length, () -> iommu.memory().read(address, target, offset, length));
    }

    @Override
    public long writeTranslated(long address, byte[] source, int offset, int length) {
        return translated(length, () -> iommu.memory().write(address, source, offset, length));
    }

    private long translated(int length, Runnable move) {
        passing.readLock().lock();
        try {
            if (!ats || blocked) {
                return DmaResult.of(DmaStatus.ABORTED, 0);
            }
            move.run();
            return DmaResult.complete(length);
        } catch (BusErrorException e) {
            return DmaResult.of(DmaStatus.ABORTED, 0);
        } finally {
            passing.readLock().unlock();
        }
    }

    /**
     * Sends an Invalidate Request for the smallest block that has all of a range, and waits.
     *
     * @return false if the device did not complete it
     */
    boolean invalidate(int pasid, AddressRange range, BooleanSupplier present) {
        int shift =
                range.isWhole()
                        ? Long.SIZE
                        : Math.max(
                                12,
                                Long.SIZE
                                        - Long.numberOfLeadingZeros(
                                                range.start() ^ range.end() - 1));
        long start = shift == Long.SIZE ? 0 : range.start() & -1L << shift;
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        int tag = takeTag(present, deadline);
        if (tag < 0) {
            return false;
        }
        device.invalidate(new InvalidateRequest(tag, pasid, start, shift, false));
        // The tag of one that was not completed stays taken: its completion could still come.
        return await(() -> (outstanding & 1 << tag) == 0, present, deadline);
    }

    private synchronized int takeTag(BooleanSupplier present, long deadline) {
        if (!await(() -> outstanding != -1, present, deadline)) {
            return -1;
        }
        int tag = Integer.numberOfTrailingZeros(~outstanding);
        outstanding |= 1 << tag;
        completions[tag] = 0;
        return tag;
    }

    /** False if the device is gone or cut off, or has taken too long. */
    private synchronized boolean await(
            BooleanSupplier done, BooleanSupplier present, long deadline) {
        while (!done.getAsBoolean()) {
            if (blocked || !present.getAsBoolean() || System.nanoTime() - deadline > 0) {
                return false;
            }
            try {
                wait(LOOK_MILLIS);
            } catch (InterruptedException e) {
                // An invalidation is not given up for that; the caller finds it when it is done.
                Thread.currentThread().interrupt();
            }
        }
        return true;
    }

    @Override
    public synchronized void complete(InvalidateCompletion completion) {
        int mine = completion.itagVector() & outstanding;
        for (int tag = 0; tag < TAGS; tag++) {
            if ((mine & 1 << tag) != 0 && ++completions[tag] == completion.completionCount()) {
                outstanding &= ~(1 << tag);
            }
        }
        notifyAll();
    }

    /** No device is allowed to ask for pages; what is asked all the same is recorded and denied. */
    @Override
    public void request(PageRequest request) {
        fault(
                FaultRecord.Kind.UNSUPPORTED_REQUEST,
                request.pasid(),
                request.address(),
                request.access());
        if (request.last() && !request.isStopMarker()) {
            device.respond(
                    new PageGroupResponse(
                            request.pasid(), request.groupIndex(), PageResponse.INVALID_REQUEST));
        }
    }
}
