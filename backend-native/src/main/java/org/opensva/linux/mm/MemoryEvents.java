package org.opensva.linux.mm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.Layouts;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.abi.Userfaultfd;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;

/**
 * The userfaultfd of one address space: which ranges report their changes, and what they report
 * ({@code Documentation/admin-guide/mm/userfaultfd.rst}, section "Non-cooperative userfaultfd").
 *
 * <p>Ranges are registered for write protection and nothing is ever protected: no fault is
 * delivered, and none can block. What is wanted are the events, which belong to the descriptor: the
 * process does not get on before an event has been read.
 *
 * <p>Not thread-safe: registration and reading take turns under the lock of the address space.
 */
final class MemoryEvents {

    private final SystemCalls kernel;
    private final Descriptor events;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment message = arena.allocate(Layouts.UFFD_MSG);
    private final MemorySegment range = arena.allocate(Layouts.UFFDIO_REGISTER);

    /** Registered ranges: start to end, not touching nor overlapping. */
    private final TreeMap<Long, Long> registered = new TreeMap<>();

    /** What the last move has left. */
    private long movedFrom;

    private long movedEnd;
    private volatile boolean lastWasMove;

    private MemoryEvents(SystemCalls kernel, Descriptor events) {
        this.kernel = kernel;
        this.events = events;
    }

    /**
     * Configures a descriptor.
     *
     * @param features what the kernel offers
     * @return a negative error number if the kernel refuses
     */
    static long configure(SystemCalls kernel, Descriptor events, long features) {
        return Userfaultfd.configure(
                kernel,
                events,
                Userfaultfd.NEEDED
                        | (features
                                & (Userfaultfd.FEATURE_WP_ASYNC
                                        | Userfaultfd.FEATURE_WP_UNPOPULATED)));
    }

    static MemoryEvents of(SystemCalls kernel, Descriptor configured) {
        return new MemoryEvents(kernel, configured);
    }

    int number() {
        return events.number();
    }

    /** Makes a mapping report its changes from now on; false if it cannot. */
    boolean register(long start, long end) {
        Map.Entry<Long, Long> known = registered.floorEntry(start);
        if (known != null && known.getValue() >= end) {
            return true;
        }
        range.set(JAVA_LONG, 0, start);
        range.set(JAVA_LONG, 8, end - start);
        range.set(JAVA_LONG, 16, Userfaultfd.MODE_WP);
        range.set(JAVA_LONG, 24, 0);
        if (kernel.call(
                        SystemCall.IOCTL,
                        events.number(),
                        Userfaultfd.IOCTL_REGISTER,
                        range.address())
                < 0) {
            return false;
        }
        forget(start, end);
        registered.put(start, end);
        return true;
    }

    private void forget(long start, long end) {
        Map.Entry<Long, Long> before = registered.lowerEntry(start);
        if (before != null && before.getValue() > start) {
            registered.put(before.getKey(), start);
            if (before.getValue() > end) {
                registered.put(end, before.getValue());
            }
        }
        Map.Entry<Long, Long> last = registered.lowerEntry(end);
        if (last != null && last.getKey() >= start && last.getValue() > end) {
            registered.put(end, last.getValue());
        }
        registered.subMap(start, end).clear();
    }

    /**
     * Reads one event, upon which the process gets on.
     *
     * @return false if there is none
     */
    boolean next() {
        long count;
        do {
            count =
                    kernel.call(
                            SystemCall.READ,
                            events.number(),
                            message.address(),
                            Layouts.UFFD_MSG.byteSize());
        } while (count == -KernelErrors.EINTR);
        if (count != Layouts.UFFD_MSG.byteSize()) {
            return false;
        }
        long first = message.get(JAVA_LONG, 8);
        long second = message.get(JAVA_LONG, 16);
        switch (message.get(JAVA_BYTE, 0)) {
            case Userfaultfd.EVENT_UNMAP -> {
                forget(first, second);
                lastWasMove = first == movedFrom && second == movedEnd;
            }
            // Moved mappings stay registered at their new place, which is found out when needed.
            case Userfaultfd.EVENT_REMAP -> {
                movedFrom = first;
                movedEnd = first + message.get(JAVA_LONG, 24);
                lastWasMove = true;
                forget(movedFrom, movedEnd);
            }
            case Userfaultfd.EVENT_REMOVE -> {
                // The mapping stays, and stays registered.
                lastWasMove = false;
            }
            default -> {
                // Nothing else was asked for.
            }
        }
        return true;
    }

    /** True if the last event was a move, or the unmapping of what it has left. */
    boolean lastWasMove() {
        return lastWasMove;
    }

    void close() {
        events.close();
        arena.close();
    }
}
