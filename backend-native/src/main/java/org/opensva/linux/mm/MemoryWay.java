package org.opensva.linux.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The way to one address space: the descriptors that name it, from the first bind until it has no
 * users left, and who is on the way.
 *
 * <p><b>Locks.</b> Accesses hold the way for reading while bytes move; it is held for writing while
 * events are taken, while the process does what no device may see, and while descriptors are
 * closed, so that no access ever goes by the number of a descriptor that means something else.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
final class MemoryWay {

    private final String name;
    private final HostMemory host;
    private final MemoryOwner owner;
    private final EventPump pump;
    private final Transfers transfers;
    private final Runnable onEvents;
    private final ReentrantReadWriteLock traffic = new ReentrantReadWriteLock();
    private final Object opening = new Object();

    /** A device has touched memory that does not report its changes. */
    private volatile boolean unheard;

    private final AtomicBoolean alive = new AtomicBoolean(true);

    /** Written with {@code traffic} held for writing. */
    private volatile @Nullable Open open;

    /**
     * What is there once somebody has asked for it.
     *
     * @param handles descriptors
     * @param mappings what is mapped
     * @param events what tells of changes, or null
     * @param watch ends the waiting for events, or null
     */
    record Open(
            MemoryHandles handles,
            Mappings mappings,
            @Nullable MemoryEvents events,
            EventPump.@Nullable Watch watch) {

        void close() {
            closeEvents();
            handles.close();
        }

        void closeEvents() {
            if (watch != null) {
                watch.cancel();
            }
            if (events != null) {
                synchronized (events) {
                    events.close();
                }
            }
        }
    }

    MemoryWay(
            String name,
            HostMemory host,
            MemoryOwner owner,
            EventPump pump,
            Transfers transfers,
            Runnable onEvents) {
        this.name = name;
        this.host = host;
        this.owner = owner;
        this.pump = pump;
        this.transfers = transfers;
        this.onEvents = onEvents;
    }

    boolean isAlive() {
        return alive.get();
    }

    /** True if changes of memory that devices have touched are told by nobody. */
    boolean isUnheard() {
        return unheard;
    }

    /** What is open, or null before the first bind and after the end. */
    @Nullable Open now() {
        return open;
    }

    /** Opens the descriptors by which the address space is reached, if that has not been done. */
    Open opened() {
        Open now = open;
        if (now != null) {
            return now;
        }
        synchronized (opening) {
            now = open;
            if (now != null) {
                return now;
            }
            requireAlive();
            now = openNow();
            traffic.writeLock().lock();
            try {
                if (alive.get()) {
                    open = now;
                    return now;
                }
            } finally {
                traffic.writeLock().unlock();
            }
            now.close();
            throw dead();
        }
    }

    private Open openNow() {
        MemoryHandles handles = owner.openHandles();
        Mappings mappings = new Mappings(host.kernel(), handles.maps(), host.query());
        if (handles.events() == null
                || MemoryEvents.configure(host.kernel(), handles.events(), host.eventFeatures())
                        < 0) {
            return new Open(handles, mappings, null, null);
        }
        MemoryEvents events = MemoryEvents.of(host.kernel(), handles.events());
        boolean done = false;
        try {
            EventPump.Watch watch = pump.watch(events.number(), false, onEvents);
            done = true;
            return new Open(handles, mappings, events, watch);
        } finally {
            if (!done) {
                handles.close();
            }
        }
    }

    void requireAlive() {
        if (!alive.get()) {
            throw dead();
        }
    }

    ErrnoException dead() {
        return new ErrnoException(Errno.EINVAL, name, "its memory has no users left");
    }

    /** If not, the owner hears of it. */
    boolean isHere(Open now) {
        if (!alive.get() || isNamedByProcess()) {
            return alive.get();
        }
        boolean here = transfers.isAlive(now.handles().mem());
        if (!here) {
            owner.gone();
        }
        return here;
    }

    /** Only where the address space is named by its process, which is a mistake. */
    boolean isNamedByProcess() {
        return host.discipline() == EventDiscipline.PROCESS_NAMED;
    }

    /** Makes a mapping report its changes; false if it cannot. */
    boolean register(Open now, Mapping mapping) {
        MemoryEvents events = now.events();
        boolean heard = false;
        if (events != null) {
            synchronized (events) {
                // Its descriptor is closed with this lock held, after these two have changed.
                Open latest = open;
                heard =
                        alive.get()
                                && latest != null
                                && latest.events() == events
                                && events.register(mapping.start(), mapping.end());
            }
        }
        if (!heard) {
            unheard = true;
        }
        return heard;
    }

    /** An access begins; it must not wait for anything but memory. */
    void enter() {
        traffic.readLock().lock();
    }

    void leave() {
        traffic.readLock().unlock();
    }

    /** Runs something while nobody is on the way. */
    void exclusively(Runnable action) {
        traffic.writeLock().lock();
        try {
            action.run();
        } finally {
            traffic.writeLock().unlock();
        }
    }

    /** Reads one event, upon which the process gets on; false if there is none. */
    boolean readEvent() {
        Open now = open;
        MemoryEvents events = now == null || !alive.get() ? null : now.events();
        if (events == null) {
            return false;
        }
        synchronized (events) {
            return events.next();
        }
    }

    boolean lastWasMove() {
        Open now = open;
        MemoryEvents events = now == null ? null : now.events();
        return events != null && events.lastWasMove();
    }

    /**
     * Nobody can serve the events any more, so the process must not wait for them. From now on
     * changes are made known by the one who has the process make them.
     */
    void stopListening() {
        exclusively(() -> {
            Open now = open;
            if (now != null && now.events() != null) {
                unheard = true;
                open = new Open(now.handles(), now.mappings(), null, null);
                now.closeEvents();
            }
        });
    }

    /** The process has another memory; the descriptors of the old one are of no use. */
    void reopen() {
        Open last = open;
        exclusively(() -> open = null);
        if (last != null) {
            last.close();
            opened();
        }
    }

    /** From now on every access that begins is refused; false if that is so already. */
    boolean end() {
        return alive.compareAndSet(true, false);
    }

    /** Waits for the accesses that run, and closes the descriptors. */
    void close() {
        exclusively(() -> {
            Open last = open;
            open = null;
            if (last != null) {
                last.close();
            }
        });
    }
}
