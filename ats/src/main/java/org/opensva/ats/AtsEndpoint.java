package org.opensva.ats;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.TranslationCacheView;
import org.opensva.api.memory.Access;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.ats.cache.AccessGuards;
import org.opensva.ats.cache.AddressTranslationCache;
import org.opensva.ats.cache.PasidStates;
import org.opensva.ats.config.Capabilities;
import org.opensva.ats.config.ConfigurationSpace;
import org.opensva.ats.config.FunctionControls;
import org.opensva.ats.config.FunctionFeatures;
import org.opensva.ats.pri.PageRequestInterface;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/** An endpoint: its parts, and the switches that a driver throws. */
final class AtsEndpoint implements Endpoint, TranslationCacheView {

    private static final long POLL_NANOS = 20_000;

    private final EndpointConfig config;
    private final AgentPort agent;
    private final Runnable unplug;
    private final EndpointQuirks quirks;
    private final long timeoutNanos;

    private final PasidStates pasids;
    private final AccessGuards guards;
    private final AddressTranslationCache cache;
    private final PageRequestInterface pri;
    private final InvalidationUnit invalidations;
    private final DataPath path;
    private final Prefetch prefetch;
    private final ConfigurationSpace space;
    private final AtomicBoolean closed = new AtomicBoolean();

    AtsEndpoint(
            EndpointConfig config,
            AgentPort agent,
            Runnable unplug,
            EndpointQuirks quirks,
            long timeoutNanos) {
        this.config = config;
        this.agent = agent;
        this.unplug = unplug;
        this.quirks = quirks;
        this.timeoutNanos = timeoutNanos;
        pasids = new PasidStates(config.pasidBits());
        guards = AccessGuards.forThisMachine();
        cache = new AddressTranslationCache(config.atcEntries(), pasids);
        pri =
                new PageRequestInterface(
                        config.outstandingPageRequests(), timeoutNanos, agent::request);
        invalidations =
                new InvalidationUnit(
                        config.name(),
                        config.invalidateQueueDepth(),
                        cache,
                        guards,
                        pasids,
                        agent,
                        quirks);
        path = new DataPath(cache, guards, pasids, pri, agent, config.stall(), quirks);
        prefetch = new Prefetch(cache, guards, pasids, agent, path, config.atcEntries());
        space =
                new ConfigurationSpace(
                        new FunctionFeatures(
                                config.pasidBits(),
                                config.ats(),
                                config.pri(),
                                config.invalidateQueueDepth(),
                                config.outstandingPageRequests()),
                        new Controls());
    }

    /** What the registers do. */
    private final class Controls implements FunctionControls {

        @Override
        public void pasidSwitched(boolean enabled, boolean execute, boolean privileged) {
            path.set(DataPath.PASID, enabled);
            path.set(DataPath.EXECUTE, execute);
            path.set(DataPath.PRIVILEGED, privileged);
        }

        @Override
        public void atsSwitched(boolean enabled) {
            path.set(DataPath.REFUSED, false);
            path.set(DataPath.ATS, enabled);
            if (!enabled) {
                cache.removeAll();
                guards.drain().await();
            }
        }

        @Override
        public void priSwitched(boolean enabled, int allocation) {
            if (enabled) {
                pri.enable(allocation);
                path.set(DataPath.PRI, true);
            } else {
                path.set(DataPath.PRI, false);
                pri.disable();
            }
        }

        @Override
        public void priReset() {
            pri.reset();
        }

        @Override
        public int priStatus() {
            return pri.status();
        }

        @Override
        public void clearPriStatus(int bits) {
            pri.clearStatus(bits);
        }
    }

    /** The registers of this function. */
    ConfigurationSpace configurationSpace() {
        return space;
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
        return config.pri();
    }

    @Override
    public boolean supportsStall() {
        return config.stall();
    }

    @Override
    public boolean isPresent() {
        return (path.state() & DataPath.PRESENT) != 0;
    }

    @Override
    public boolean isAtsEnabled() {
        return (path.state() & DataPath.ATS) != 0;
    }

    @Override
    public void setPasidEnabled(boolean enabled) {
        String call = "setPasidEnabled(" + config.name() + ", " + enabled + ")";
        synchronized (space) {
            int capability = find(Capabilities.PASID_ID, enabled, call, "PASID");
            if (capability == 0 || isOn(DataPath.PASID) == enabled) {
                return;
            }
            if (isOn(DataPath.ATS)) {
                throw new ErrnoException(
                        Errno.EBUSY, call, "ATS is enabled, and PASID is switched before it");
            }
            int all =
                    Capabilities.PASID_CTRL_ENABLE
                            | Capabilities.PASID_CTRL_EXEC
                            | Capabilities.PASID_CTRL_PRIV;
            space.write16(capability + Capabilities.PASID_CTRL, enabled ? all : 0);
        }
    }

    @Override
    public void setAtsEnabled(boolean enabled) {
        String call = "setAtsEnabled(" + config.name() + ", " + enabled + ")";
        synchronized (space) {
            int capability = find(Capabilities.ATS_ID, enabled, call, "ATS");
            if (capability == 0 || isOn(DataPath.ATS) == enabled) {
                return;
            }
            if (isOn(DataPath.PRI)) {
                throw new ErrnoException(
                        Errno.EBUSY, call, "PRI is enabled, and is disabled before ATS");
            }
            space.write16(
                    capability + Capabilities.ATS_CTRL, enabled ? Capabilities.ATS_CTRL_ENABLE : 0);
        }
    }

    @Override
    public void setPriEnabled(boolean enabled, int outstanding) {
        String call = "setPriEnabled(" + config.name() + ", " + enabled + ")";
        synchronized (space) {
            int capability = find(Capabilities.PRI_ID, enabled, call, "PRI");
            if (capability == 0 || isOn(DataPath.PRI) == enabled) {
                return;
            }
            if (enabled && outstanding < 1) {
                throw new ErrnoException(
                        Errno.EINVAL, call, outstanding + " outstanding page requests, at least 1");
            }
            if (enabled && !isOn(DataPath.ATS)) {
                throw new ErrnoException(
                        Errno.EINVAL, call, "ATS is disabled, and is enabled before PRI");
            }
            if (enabled) {
                space.write32(capability + Capabilities.PRI_ALLOC_REQ, outstanding);
            }
            // Nobody is to wait for what a host that stops listening will not answer any more.
            space.write16(
                    capability + Capabilities.PRI_CTRL,
                    enabled ? Capabilities.PRI_CTRL_ENABLE : Capabilities.PRI_CTRL_RESET);
        }
    }

    private int find(int id, boolean needed, String call, String what) {
        int capability = space.find(id);
        if (capability == 0 && needed) {
            throw new ErrnoException(
                    Errno.EOPNOTSUPP, call, config.name() + " has no " + what + " capability");
        }
        return capability;
    }

    private boolean isOn(int bit) {
        return (path.state() & bit) != 0;
    }

    @Override
    public long read(int pasid, int access, long address, byte[] target, int offset, int length) {
        boolean fetch = (access & Access.EXECUTE) != 0;
        int wanted = (access & ~Access.WRITE) | (fetch ? 0 : Access.READ);
        return path.access(pasid, wanted, address, target, offset, length, false);
    }

    @Override
    public long write(int pasid, int access, long address, byte[] source, int offset, int length) {
        int wanted = (access & Access.PRIVILEGED) | Access.WRITE;
        return path.access(pasid, wanted, address, source, offset, length, true);
    }

    @Override
    public boolean prefetch(int pasid, int access, long address, long length) {
        return prefetch.prefetch(quirks.wired(pasid), access, address, length);
    }

    void invalidate(InvalidateRequest request) {
        if (isPresent()) {
            invalidations.invalidate(request);
        }
    }

    void respond(PageGroupResponse response) {
        pri.respond(response);
    }

    /**
     * Accesses that began before end as soon as they look; those that begin later are a new use of
     * the PASID. When requests do not come back in time, a Stop Marker tells the host that what it
     * still finds in its queue is of the old use.
     */
    @Override
    public void stopPasid(Pasid pasid) {
        int sent = quirks.wired(pasid.value());
        if (!pasids.has(sent) || !isPresent() || quirks.has(EndpointQuirk.IGNORES_STOP)) {
            return;
        }
        long epoch = pasids.nextEpoch(sent);
        guards.drain(sent).await();
        boolean quiet = awaitRequests(sent, epoch) && pri.drain(sent, 0);
        if (!quiet && isOn(DataPath.PRI)) {
            agent.request(PageRequest.stopMarker(sent));
        }
        cache.removeAll(sent);
    }

    private boolean awaitRequests(int pasid, long epoch) {
        long deadline = System.nanoTime() + timeoutNanos;
        while (pasids.isUnderWay(pasid, epoch)) {
            if (System.nanoTime() - deadline > 0 || !isPresent()) {
                return false;
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
        return true;
    }

    /** How often the use of a PASID was stopped. */
    long stops(int pasid) {
        return pasids.epoch(pasid);
    }

    /** How many Invalidate Requests came while as many as advertised were being served. */
    long throttledInvalidations() {
        return invalidations.throttled();
    }

    @Override
    public void visitTranslations(Visitor visitor) {
        cache.visit(visitor);
    }

    @Override
    public long cachedTranslations() {
        return cache.size();
    }

    @Override
    public long count(HardwareCounter counter) {
        return switch (counter) {
            case PAGE_REQUESTS -> pri.requests();
            case PAGE_RESPONSES -> pri.responses();
            case ATC_INVALIDATIONS -> invalidations.requests();
            default -> path.count(counter);
        };
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        path.set(DataPath.PRESENT, false);
        pri.close();
        unplug.run();
        guards.drain().await();
        cache.removeAll();
        invalidations.close();
    }
}
