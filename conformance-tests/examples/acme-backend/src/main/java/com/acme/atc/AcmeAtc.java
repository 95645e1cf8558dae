package com.acme.atc;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareCounter;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A bus interface with an ATC of pages.
 *
 * <p>Two promises are all there is to it. A translation is looked up and used inside one read lock,
 * which an invalidation takes for writing before it is completed: so a completed invalidation is
 * one that nobody uses any more. And an answer is kept only if no invalidation came while it was on
 * its way.
 */
final class AcmeAtc implements Endpoint, DevicePort {

    private static final int PAGE = 4096;

    /** What the ATC is asked with. */
    private record Key(int pasid, long page) {}

    private final EndpointConfig config;
    private final TranslationAgent agent;
    private final AgentPort port;
    private final Map<Key, Long> entries = new ConcurrentHashMap<>();
    private final AtomicLong invalidations = new AtomicLong();
    private final ReadWriteLock guard = new ReentrantReadWriteLock();
    private final ReadWriteLock uses = new ReentrantReadWriteLock();
    private volatile boolean pasids;
    private volatile boolean ats;
    private volatile boolean refused;
    private volatile boolean present = true;

    private AcmeAtc(EndpointConfig config, TranslationAgent agent) {
        this.config = config;
        this.agent = agent;
        this.port = agent.connect(config.requester(), this);
    }

    static Endpoint plug(EndpointConfig config, TranslationAgent agent) {
        if (config.pri() || config.stall()) {
            throw new IllegalArgumentException("Acme's devices neither ask for pages nor stall");
        }
        return new AcmeAtc(config, agent);
    }

    @Override
    public long read(int pasid, int access, long address, byte[] target, int offset, int length) {
        return access(pasid, access, address, target, offset, length, false);
    }

    @Override
    public long write(int pasid, int access, long address, byte[] source, int offset, int length) {
        return access(pasid, access | Access.WRITE, address, source, offset, length, true);
    }

    private long access(
            int pasid, int access, long address, byte[] data, int offset, int length, boolean w) {
        uses.readLock().lock();
        try {
            int done = 0;
            while (done < length) {
                long at = address + done;
                int piece = (int) Math.min(PAGE - (at & PAGE - 1), length - done);
                long result = piece(pasid, access, at, data, offset + done, piece, w);
                done += (int) DmaResult.bytes(result);
                if (!DmaResult.isComplete(result)) {
                    return DmaResult.of(DmaResult.status(result), done);
                }
            }
            return DmaResult.complete(done);
        } finally {
            uses.readLock().unlock();
        }
    }

    private long piece(
            int pasid, int access, long at, byte[] data, int offset, int length, boolean w) {
        while (true) {
            if (!present || pasid != Pasid.NONE && !pasids) {
                return DmaResult.of(DmaStatus.STOPPED, 0);
            }
            if (!ats || refused) {
                return w
                        ? port.write(pasid, access, at, data, offset, length)
                        : port.read(pasid, access, at, data, offset, length);
            }
            Key key = new Key(pasid, at & -PAGE);
            long before = invalidations.get();
            Long entry = entries.get(key);
            if (entry == null || !allows(entry, access)) {
                long[] answer = new long[1];
                int count = port.translate(pasid, access, at, answer);
                if (count == AgentPort.UNSUPPORTED_REQUEST) {
                    refused = true;
                    entries.clear();
                }
                if (count != 1) {
                    return DmaResult.of(DmaStatus.ABORTED, 0);
                }
                entry = answer[0];
                if (!allows(entry, access)) {
                    return DmaResult.of(DmaStatus.NOT_PERMITTED, 0);
                }
            }
            guard.readLock().lock();
            try {
                if (invalidations.get() != before || !ats) {
                    continue;
                }
                if (entries.size() >= config.atcEntries()) {
                    entries.clear();
                }
                entries.put(key, entry);
                long inside = at & (1L << Math.min(62, TranslationEntry.sizeShift(entry))) - 1;
                long physical = TranslationEntry.address(entry) + inside;
                return w
                        ? port.writeTranslated(physical, data, offset, length)
                        : port.readTranslated(physical, data, offset, length);
            } finally {
                guard.readLock().unlock();
            }
        }
    }

    private static boolean allows(long entry, int access) {
        int needed = access & (Access.READ | Access.WRITE | Access.EXECUTE);
        boolean privileged = (access & Access.PRIVILEGED) != 0;
        return (TranslationEntry.access(entry) & needed) == needed
                && !TranslationEntry.has(entry, TranslationEntry.U)
                && TranslationEntry.has(entry, TranslationEntry.PRIV) == privileged;
    }

    /** Drops more than was asked for, which is always allowed. */
    @Override
    public void invalidate(InvalidateRequest request) {
        drop();
        port.complete(InvalidateCompletion.of(request.itag()));
    }

    private void drop() {
        guard.writeLock().lock();
        try {
            invalidations.incrementAndGet();
            entries.clear();
        } finally {
            guard.writeLock().unlock();
        }
    }

    /** Nothing is asked for, so that no answer can come. */
    @Override
    public void respond(PageGroupResponse response) {}

    @Override
    public void stopPasid(Pasid pasid) {
        uses.writeLock().lock();
        try {
            drop();
        } finally {
            uses.writeLock().unlock();
        }
    }

    @Override
    public void setPasidEnabled(boolean enabled) {
        if (ats && enabled != pasids) {
            throw new ErrnoException(Errno.EBUSY, "setPasidEnabled", "ATS is enabled");
        }
        pasids = enabled;
    }

    @Override
    public void setAtsEnabled(boolean enabled) {
        ats = enabled;
        refused = false;
        drop();
    }

    @Override
    public void setPriEnabled(boolean enabled, int outstanding) {
        if (enabled) {
            throw new ErrnoException(Errno.EOPNOTSUPP, "setPriEnabled", "no page requests");
        }
    }

    @Override
    public boolean isAtsEnabled() {
        return ats;
    }

    @Override
    public String name() {
        return config.name();
    }

    @Override
    public RequesterId requester() {
        return config.requester();
    }

    @Override
    public int pasidBits() {
        return config.pasidBits();
    }

    @Override
    public boolean supportsAts() {
        return config.ats();
    }

    @Override
    public boolean supportsPri() {
        return false;
    }

    @Override
    public boolean supportsStall() {
        return false;
    }

    @Override
    public boolean isPresent() {
        return present;
    }

    @Override
    public long count(HardwareCounter counter) {
        return counter == HardwareCounter.ATC_INVALIDATIONS ? invalidations.get() : 0;
    }

    @Override
    public void close() {
        if (present) {
            present = false;
            agent.disconnect(config.requester());
            drop();
        }
    }
}
