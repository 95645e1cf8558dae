package org.opensva.conformance.suite.parts;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.memory.Access;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * A device of the suite, plugged into the IOMMU under test: it sends what the test says, completes
 * invalidations at once or when the test says so, and notes everything that is done to it. It
 * caches nothing by itself.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class ProbeDevice implements DeviceFunction, DevicePort, AutoCloseable {

    /** How many PASID bits the device has. */
    public static final int PASID_BITS = 16;

    /** How often the system may take a page away that the process has just touched. */
    private static final int ATTEMPTS = 8;

    private final TestBench bench;
    private final ProbeTraits traits;
    private final RequesterId requester;
    private final TranslationAgent agent;
    private final AgentPort port;
    private final List<String> switches = new ArrayList<>();
    private final List<SvaBond> bonds = new CopyOnWriteArrayList<>();
    private final List<InvalidateRequest> invalidations = new ArrayList<>();
    private final List<PageGroupResponse> responses = new ArrayList<>();
    private volatile @Nullable Predicate<InvalidateRequest> holdsBack;
    private volatile boolean ats;
    private volatile boolean pri;
    private volatile int outstanding;
    private volatile boolean present = true;

    private ProbeDevice(TestBench bench, ProbeTraits traits, int place) {
        this.bench = bench;
        this.traits = traits;
        List<RequesterId> places = bench.parts().freeRequesters();
        if (places.size() <= place) {
            throw new NotObservable("the backend has no free place for a device of the suite");
        }
        requester = places.get(place);
        agent =
                bench.parts()
                        .translationAgent()
                        .orElseThrow(
                                () -> new NotObservable("the backend does not show its IOMMU"));
        port = agent.connect(requester, this);
    }

    /**
     * Plugs a device in.
     *
     * @param bench the bench, which unplugs it
     * @param traits what it can do
     * @return the device
     */
    public static ProbeDevice plug(TestBench bench, ProbeTraits traits) {
        return plug(bench, traits, 0);
    }

    /**
     * Plugs one of several devices in.
     *
     * @param bench the bench, which unplugs it
     * @param traits what it can do
     * @param place which of the free places it takes, from 0
     * @return the device
     */
    public static ProbeDevice plug(TestBench bench, ProbeTraits traits, int place) {
        // Somebody may remember the place after the device has left.
        bench.spend();
        return bench.adopt(new ProbeDevice(bench, traits, place));
    }

    /**
     * Binds the address space of a process to the device.
     *
     * @param process the process
     * @return the bond, given back when the device is unplugged at the latest
     */
    public SvaBond bind(SvaProcess process) {
        SvaBinder binder =
                bench.parts()
                        .binder()
                        .orElseThrow(
                                () -> new NotObservable("the backend does not show what binds"));
        SvaBond bond = binder.bind(this, process.addressSpace());
        bonds.add(bond);
        return bond;
    }

    /**
     * The device's way to the IOMMU.
     *
     * @return the port
     */
    public AgentPort port() {
        return port;
    }

    /**
     * An untranslated read of eight bytes.
     *
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @param address where
     * @return a packed {@link org.opensva.api.iommu.DmaResult}
     */
    public long read(int pasid, long address) {
        return port.read(pasid, Access.READ, address, new byte[Long.BYTES], 0, Long.BYTES);
    }

    /**
     * An untranslated write of eight bytes.
     *
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @param address where
     * @param value what, little-endian
     * @return a packed {@link org.opensva.api.iommu.DmaResult}
     */
    public long write(int pasid, long address, long value) {
        byte[] bytes = new byte[Long.BYTES];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (value >>> (8 * i));
        }
        return port.write(pasid, Access.WRITE, address, bytes, 0, bytes.length);
    }

    /**
     * Reads a page of a process; again if the system has taken it away since the process touched
     * it.
     *
     * @param pasid the PASID
     * @param memory the process's memory
     * @param page which page of it
     * @return true if the page was read
     */
    public boolean reads(int pasid, Memory memory, int page) {
        return reaches(memory, page, () -> read(pasid, memory.page(page)));
    }

    /**
     * Writes to a page of a process; again if the system has taken it away since the process
     * touched it.
     *
     * @param pasid the PASID
     * @param memory the process's memory
     * @param page which page of it
     * @param value what
     * @return true if the page was written to
     */
    public boolean writes(int pasid, Memory memory, int page, long value) {
        return reaches(memory, page, () -> write(pasid, memory.page(page), value));
    }

    private static boolean reaches(Memory memory, int page, LongSupplier access) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (DmaResult.isComplete(access.getAsLong())) {
                return true;
            }
            memory.process().storeLong(memory.page(page), memory.token(page));
        }
        return false;
    }

    /**
     * A translation request for one page.
     *
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @param access a set of {@link Access} bits
     * @param address where
     * @return the translation entry, 0 if the request was refused
     */
    public long translate(int pasid, int access, long address) {
        long[] entries = new long[1];
        return port.translate(pasid, access, address, entries) == 1 ? entries[0] : 0;
    }

    /**
     * Sends a page request.
     *
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @param address the page; bits 11:0 are dropped
     * @param access a set of {@link Access} bits
     * @param group the group index
     * @param last true for the last of its group
     */
    public void ask(int pasid, long address, int access, int group, boolean last) {
        port.request(new PageRequest(pasid, address & -4096L, access, group, last));
    }

    /**
     * Waits for the answer of a group.
     *
     * @param group the group index
     * @param count how many answers with this index there must be by now
     * @return the latest
     */
    public PageResponse awaitResponse(int group, int count) {
        bench.until(
                "an answer to page request group " + group,
                bench.limits().job(),
                () -> responses(group).size() >= count);
        return responses(group).getLast().response();
    }

    /**
     * The answers that named a group.
     *
     * @param group the group index
     * @return in the order in which they came
     */
    public List<PageGroupResponse> responses(int group) {
        return responses().stream().filter(answer -> answer.groupIndex() == group).toList();
    }

    /**
     * All answers.
     *
     * @return in the order in which they came
     */
    public List<PageGroupResponse> responses() {
        synchronized (responses) {
            return List.copyOf(responses);
        }
    }

    /**
     * All invalidate requests.
     *
     * @return in the order in which they came
     */
    public List<InvalidateRequest> invalidations() {
        synchronized (invalidations) {
            return List.copyOf(invalidations);
        }
    }

    /**
     * The switches that were thrown, for example {@code "ATS on"}.
     *
     * @return in order
     */
    public List<String> switches() {
        synchronized (switches) {
            return List.copyOf(switches);
        }
    }

    /**
     * How many page requests the driver allowed to be outstanding.
     *
     * @return 0 while page requests are off
     */
    public int allowance() {
        return outstanding;
    }

    /**
     * Completes no invalidate request for which something holds, until it is called again.
     *
     * @param which the ones to hold back; null for none
     */
    public void holdBack(@Nullable Predicate<InvalidateRequest> which) {
        holdsBack = which;
    }

    /**
     * Sends an invalidate completion.
     *
     * @param itag of which request
     */
    public void complete(int itag) {
        port.complete(InvalidateCompletion.of(itag));
    }

    /** Pulls the device out: it completes what its bonds still demand, and is forgotten. */
    @Override
    public void close() {
        present = false;
        holdsBack = null;
        bonds.forEach(SvaBond::close);
        agent.disconnect(requester);
    }

    private void thrown(String what) {
        synchronized (switches) {
            switches.add(what);
        }
    }

    @Override
    public void invalidate(InvalidateRequest request) {
        synchronized (invalidations) {
            invalidations.add(request);
        }
        Predicate<InvalidateRequest> held = holdsBack;
        if (held == null || !held.test(request)) {
            complete(request.itag());
        }
    }

    @Override
    public void respond(PageGroupResponse response) {
        synchronized (responses) {
            responses.add(Objects.requireNonNull(response));
        }
    }

    @Override
    public String name() {
        return "probe";
    }

    @Override
    public RequesterId requester() {
        return requester;
    }

    @Override
    public int pasidBits() {
        return PASID_BITS;
    }

    @Override
    public boolean supportsAts() {
        return traits.ats();
    }

    @Override
    public boolean supportsPri() {
        return traits.pri();
    }

    @Override
    public boolean supportsStall() {
        return traits.stall();
    }

    @Override
    public int invalidationsNeeded() {
        return traits.invalidationsNeeded();
    }

    @Override
    public boolean isPresent() {
        return present;
    }

    @Override
    public void setPasidEnabled(boolean enabled) {
        thrown(enabled ? "PASID on" : "PASID off");
    }

    @Override
    public void setAtsEnabled(boolean enabled) {
        ats = enabled;
        thrown(enabled ? "ATS on" : "ATS off");
    }

    @Override
    public void setPriEnabled(boolean enabled, int allowed) {
        pri = enabled;
        outstanding = enabled ? allowed : 0;
        thrown(enabled ? "PRI on" : "PRI off");
    }

    @Override
    public boolean isAtsEnabled() {
        return ats;
    }

    /**
     * Tells whether page requests are allowed.
     *
     * @return the state of the switch
     */
    public boolean isPriEnabled() {
        return pri;
    }

    @Override
    public void stopPasid(Pasid pasid) {
        thrown("stop " + pasid.value());
    }
}
