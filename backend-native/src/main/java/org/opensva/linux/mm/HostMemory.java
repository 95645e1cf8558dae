package org.opensva.linux.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.abi.Userfaultfd;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * What the address spaces of one backend have in common: how bytes travel, who waits for events,
 * which memory objects have a window.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class HostMemory {

    /** How long the memory of a process that is not driven from here may keep a device waiting. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final SystemCalls kernel;
    private final Transfers transfers;
    private final EventPump pump;
    private final boolean query;
    private final boolean windows;
    private final long eventFeatures;
    private final EventDiscipline discipline;
    private final HardwareEventSink sink;
    private final KernelTracer tracer;
    private final Consumer<SharedMemory> atEnd;
    private final AtomicLong nextId = new AtomicLong(1);
    private final AtomicLong identities = new AtomicLong();
    private final Set<HostAddressSpace> living = ConcurrentHashMap.newKeySet();
    private final AtomicLong served = new AtomicLong();
    private final AtomicLong waits = new AtomicLong();
    private final Map<Long, SharedMemory> objects = new ConcurrentHashMap<>();

    /**
     * Sets up.
     *
     * @param kernel the kernel
     * @param transfers how bytes travel
     * @param pump who waits for events
     * @param query true if the kernel has {@code PROCMAP_QUERY}
     * @param windows true to cache offsets in memory objects instead of addresses
     * @param eventFeatures features that a userfaultfd has here; 0 if there is none
     * @param discipline when events are read
     * @param sink where events go
     * @param tracer spans of releases
     * @param atEnd told of each memory object that has lost its last user
     */
    public HostMemory(
            SystemCalls kernel,
            Transfers transfers,
            EventPump pump,
            boolean query,
            boolean windows,
            long eventFeatures,
            EventDiscipline discipline,
            HardwareEventSink sink,
            KernelTracer tracer,
            Consumer<SharedMemory> atEnd) {
        this.tracer = tracer;
        this.kernel = kernel;
        this.transfers = transfers;
        this.pump = pump;
        this.query = query;
        this.windows = windows;
        this.eventFeatures = eventFeatures;
        this.discipline = discipline;
        this.sink = sink;
        this.atEnd = atEnd;
    }

    /**
     * Tells whether changes of address spaces can be heard of.
     *
     * @return true if there is a userfaultfd with the events that are needed
     */
    public boolean hasEvents() {
        return (eventFeatures & Userfaultfd.NEEDED) == Userfaultfd.NEEDED;
    }

    /**
     * Names the current address space of a process.
     *
     * @param owner the process
     * @return a new address space
     */
    public HostAddressSpace addressSpace(MemoryOwner owner) {
        return admit(owner, pump, transfers, true);
    }

    /**
     * Names the address space of a process that is not driven from here. Nothing of it is cached,
     * because it changes protections without telling; bytes travel by the descriptor that names the
     * memory, because it calls exec without telling; and nobody waits for long, because it may be
     * the one who has to supply the page (its own userfaultfd, a file system of its own).
     *
     * @param owner the process
     * @param own who waits for its events
     * @return a new address space
     */
    public HostAddressSpace adopted(MemoryOwner owner, EventPump own) {
        return admit(owner, own, Transfers.withPatience(kernel, PATIENCE), false);
    }

    private HostAddressSpace admit(
            MemoryOwner owner, EventPump events, Transfers way, boolean cacheable) {
        identities.incrementAndGet();
        HostAddressSpace made =
                new HostAddressSpace(nextId.getAndIncrement(), this, owner, events, way, cacheable);
        living.add(made);
        return made;
    }

    /**
     * Tells whether a memory has users.
     *
     * @param mem a descriptor of {@code /proc/PID/mem}
     * @return false after exec and after the end
     */
    public boolean isAlive(Descriptor mem) {
        return transfers.isAlive(mem);
    }

    /**
     * Opens a window on a memory object.
     *
     * @param descriptor of the object, owned from now on
     * @return the object with one reference
     * @throws org.opensva.api.process.ErrnoException {@code ENOMEM}
     */
    public SharedMemory share(Descriptor descriptor) {
        SharedMemory[] made = new SharedMemory[1];
        SharedMemory object =
                new SharedMemory(kernel, transfers, descriptor, () -> forget(made[0]));
        made[0] = object;
        objects.put(object.inode(), object);
        return object;
    }

    private void forget(SharedMemory object) {
        objects.remove(object.inode(), object);
        atEnd.accept(object);
    }

    /**
     * Changes the size of a memory object. The kernel reports it to nobody, so every address space
     * is kept from caching meanwhile, and no access that began before is left when this returns.
     *
     * @param object the object
     * @param size the new number of bytes
     * @param change has a process make the system call
     */
    public void resize(SharedMemory object, long size, HostAddressSpace.Change change) {
        everywhere(() -> {
            change.run();
            object.resized(size);
        });
    }

    /**
     * Takes pages of a memory object away everywhere, as {@link #resize} does, but not its size.
     *
     * @param change has a process make the system call
     */
    public void punch(HostAddressSpace.Change change) {
        everywhere(change::run);
    }

    private void everywhere(Runnable change) {
        List<HostAddressSpace> all = List.copyOf(living);
        all.forEach(HostAddressSpace::begin);
        try {
            all.forEach(HostAddressSpace::invalidateEverything);
            change.run();
            all.forEach(HostAddressSpace::settle);
        } finally {
            all.forEach(HostAddressSpace::changed);
        }
    }

    /** The object that a mapping shows, if offsets in it may be cached. */
    @Nullable SharedMemory behind(Mapping mapping) {
        if (!windows || !mapping.shared() || mapping.inode() == 0) {
            return null;
        }
        SharedMemory object = objects.get(mapping.inode());
        return object != null && object.isBehind(mapping) ? object : null;
    }

    SystemCalls kernel() {
        return kernel;
    }

    boolean query() {
        return query;
    }

    long eventFeatures() {
        return eventFeatures;
    }

    EventDiscipline discipline() {
        return discipline;
    }

    /** An address space has died: tells everybody who listens to it. */
    void release(HostAddressSpace space, long pid, Runnable tell) {
        living.remove(space);
        tracer.call(
                SvaTelemetry.SPAN_RELEASE,
                pid,
                space.id(),
                () -> {
                    sink.record(HardwareEvent.Kind.RELEASE_BEGIN, -1, -1, 0, -1);
                    tell.run();
                    sink.record(HardwareEvent.Kind.RELEASE_END, -1, -1, 0, -1);
                    return true;
                });
    }

    void identityEnded() {
        identities.decrementAndGet();
    }

    void accessesEnded() {
        waits.incrementAndGet();
    }

    void eventServed() {
        served.incrementAndGet();
    }

    /**
     * How many address spaces have an identity.
     *
     * @return 0 when all have ended and nobody holds one
     */
    public long identities() {
        return identities.get();
    }

    /**
     * How many memory objects have a window.
     *
     * @return 0 when all processes that had one have ended
     */
    public long sharedObjects() {
        return objects.size();
    }

    /**
     * How many events of userfaultfds were served.
     *
     * @return a count
     */
    public long events() {
        return served.get();
    }

    /**
     * How often the accesses of devices to an address space were waited for.
     *
     * @return a count
     */
    public long waits() {
        return waits.get();
    }
}
