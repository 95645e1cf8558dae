package org.opensva.conformance.suite.testbackend;

import org.jspecify.annotations.Nullable;
import org.opensva.api.telemetry.HardwareEvent;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** Frames, PASIDs, the IOTLB and the books of the machine. */
final class SoftMachine {

    static final int PAGE = 4096;
    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

    /** A page of memory. */
    static final class Frame {
        final long[] words = new long[PAGE / Long.BYTES];
        int users;

        long word(int offset) {
            return (long) WORDS.getVolatile(words, offset / Long.BYTES);
        }

        void word(int offset, long value) {
            WORDS.setVolatile(words, offset / Long.BYTES, value);
        }

        void read(int offset, byte[] to, int at, int length) {
            for (int i = 0; i < length; i++) {
                to[at + i] = (byte) (word(offset + i) >>> (8 * (offset + i & 7)));
            }
        }

        void write(int offset, byte[] from, int at, int length) {
            int i = 0;
            while (i < length) {
                int place = offset + i;
                int shift = 8 * (place & 7);
                int part = Math.min(length - i, 8 - (place & 7));
                long value = 0;
                long mask = 0;
                for (int j = 0; j < part; j++) {
                    value |= (from[at + i + j] & 0xffL) << (shift + 8 * j);
                    mask |= 0xffL << (shift + 8 * j);
                }
                long old = mask == -1 ? 0 : word(place);
                word(place, (old & ~mask) | value);
                i += part;
            }
        }

        void copyOf(Frame other) {
            System.arraycopy(other.words, 0, words, 0, words.length);
        }
    }

    /** A cached translation. */
    record Translation(@Nullable Frame frame, boolean writable) {}

    /** The tag of a cached translation. */
    record Tag(int pasid, long page) {}

    final ReentrantReadWriteLock lock = new ReentrantReadWriteLock(true);
    final Set<Fault> faults;

    /** True where queues have no states of their own: they are open or they are not. */
    final boolean startedAtOpen;

    final Frame zero = new Frame();
    final Map<Tag, Translation> iotlb = new java.util.concurrent.ConcurrentHashMap<>();
    final Map<Integer, SoftMm> pasids = new HashMap<>();
    final Set<SoftProcess> processes = new LinkedHashSet<>();
    final List<SoftDevice> devices = new ArrayList<>();
    private final List<Frame> all = new ArrayList<>();
    private final ArrayDeque<Frame> free = new ArrayDeque<>();
    private final TreeSet<Integer> freePasids = new TreeSet<>();
    private final List<HardwareEvent> events = new ArrayList<>();
    private boolean recording;
    private int frames;
    private int nextPasid = 1;
    private long nextId = 1;

    SoftMachine(Set<Fault> faults, boolean startedAtOpen) {
        this.faults = faults;
        this.startedAtOpen = startedAtOpen;
        zero.users = 1;
    }

    boolean broken(Fault fault) {
        return faults.contains(fault);
    }

    synchronized long id() {
        return nextId++;
    }

    /** Last freed, first given out, so that a stale access damages its next owner. */
    synchronized Frame allocate() {
        Frame frame;
        if (free.isEmpty()) {
            frame = new Frame();
            all.add(frame);
        } else {
            frame = free.pop();
        }
        Arrays.fill(frame.words, 0);
        frame.users = 1;
        frames++;
        return frame;
    }

    /** The frame of a physical page number, where frames are numbered by allocation. */
    synchronized @Nullable Frame physical(long number) {
        return number > 0 && number <= all.size() ? all.get((int) number - 1) : null;
    }

    synchronized void share(Frame frame) {
        frame.users++;
    }

    synchronized void release(Frame frame) {
        if (--frame.users == 0) {
            frames--;
            free.push(frame);
            record(HardwareEvent.Kind.FRAME_FREED, -1, -1, 0, PAGE);
        }
    }

    /** The lowest free number, so that a number that is freed too early is reused at once. */
    int allocatePasid(SoftMm mm) {
        Integer pasid = freePasids.pollFirst();
        int number = pasid == null ? nextPasid++ : pasid;
        pasids.put(number, mm);
        record(HardwareEvent.Kind.PASID_ALLOCATED, -1, number, 0, 0);
        return number;
    }

    void freePasid(int number, SoftMm owner) {
        if (pasids.remove(number, owner)) {
            freePasids.add(number);
            record(HardwareEvent.Kind.PASID_FREED, -1, number, 0, 0);
        }
    }

    int tag(int pasid) {
        return broken(Fault.TRANSLATIONS_ARE_NOT_TAGGED) ? 0 : pasid;
    }

    /** How many invalidations there were. */
    final AtomicInteger invalidations = new AtomicInteger();

    /** Invalidates pages [from, to) of a PASID; a negative {@code to} means everything. */
    void invalidate(SoftMm mm, long from, long to) {
        invalidations.incrementAndGet();
        if (mm.pasid == 0 || from == to) {
            return;
        }
        long start = from;
        long end = to;
        if (end - start > 1 && broken(Fault.LAST_PAGE_IS_LEFT_OUT)) {
            end--;
        }
        if (end >= 0 && broken(Fault.RANGE_IS_NOT_ROUNDED_OUTWARDS)) {
            long size = Long.highestOneBit(Math.max(1, 2 * (end - start) - 1));
            start &= -size;
            end = start + size;
        }
        if (end >= 0 && end - start > 32 && broken(Fault.BIG_RANGE_WRAPS_TO_NOTHING)) {
            return;
        }
        if (broken(Fault.ATC_BEFORE_IOTLB)) {
            invalidateAtcs(mm, start, end);
            invalidateIotlb(mm, start, end);
        } else {
            invalidateIotlb(mm, start, end);
            invalidateAtcs(mm, start, end);
        }
    }

    private void invalidateIotlb(SoftMm mm, long from, long to) {
        if (!broken(Fault.IOTLB_IS_FORGOTTEN)) {
            record(HardwareEvent.Kind.IOTLB_INVALIDATE, -1, mm.pasid, from * PAGE, bytes(from, to));
            drop(iotlb, tag(mm.pasid), from, to);
            record(HardwareEvent.Kind.IOTLB_SYNC, -1, -1, 0, 0);
        }
    }

    private void invalidateAtcs(SoftMm mm, long from, long to) {
        if (broken(Fault.ATC_IS_FORGOTTEN)) {
            return;
        }
        for (SoftDevice device : devices) {
            if (device.bonds.containsKey(mm)) {
                record(
                        HardwareEvent.Kind.ATC_INVALIDATE,
                        device.requester().value(),
                        mm.pasid,
                        from * PAGE,
                        bytes(from, to));
                drop(device.atc, tag(mm.pasid), from, to);
                if (broken(Fault.SECOND_DEVICE_IS_FORGOTTEN)) {
                    break;
                }
            }
        }
        record(HardwareEvent.Kind.ATC_SYNC, -1, -1, 0, 0);
    }

    private static long bytes(long from, long to) {
        return to < 0 ? -1 : (to - from) * PAGE;
    }

    static void drop(Map<Tag, Translation> cache, int tag, long from, long to) {
        if (to >= 0 && to - from < 1024) {
            for (long page = from; page < to; page++) {
                cache.remove(new Tag(tag, page));
            }
        } else {
            cache.keySet()
                    .removeIf(key ->
                            key.pasid() == tag
                                    && key.page() >= from
                                    && (to < 0 || key.page() < to));
        }
    }

    synchronized void record(
            HardwareEvent.Kind kind, int requester, int pasid, long address, long length) {
        if (recording) {
            events.add(new HardwareEvent(events.size(), kind, requester, pasid, address, length));
        }
    }

    synchronized void recording(boolean on) {
        recording = on;
        if (on) {
            events.clear();
        }
    }

    synchronized List<HardwareEvent> events() {
        return List.copyOf(events);
    }

    SortedMap<String, Long> resources() {
        lock.readLock().lock();
        try {
            SortedMap<String, Long> used = new TreeMap<>();
            used.put("frames", (long) frames);
            used.put("pasids", (long) pasids.size());
            used.put("processes", (long) processes.size());
            used.put("bonds", devices.stream().mapToLong(d -> d.bonds.size()).sum());
            used.put("queues", devices.stream().mapToLong(d -> d.taken).sum());
            return used;
        } finally {
            lock.readLock().unlock();
        }
    }
}
