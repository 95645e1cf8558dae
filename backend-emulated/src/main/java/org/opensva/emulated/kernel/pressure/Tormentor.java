package org.opensva.emulated.kernel.pressure;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.MemoryPressure;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.emulated.kernel.mm.AddressSpaces;
import org.opensva.emulated.kernel.mm.PageWork;
import org.opensva.emulated.kernel.mm.ProcessAddressSpace;

import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * The pressure of the emulated kernel.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class Tormentor implements MemoryPressure, AutoCloseable {

    /** What is done in the background; reclaim and migration twice as often as the others. */
    private static final List<Kind> CHOICES =
            List.of(
                    Kind.RECLAIM,
                    Kind.RECLAIM,
                    Kind.MIGRATE,
                    Kind.MIGRATE,
                    Kind.SPLIT,
                    Kind.COLLAPSE,
                    Kind.MERGE,
                    Kind.COMPACT,
                    Kind.WRITE_BACK,
                    Kind.WRITE_PROTECT,
                    Kind.AGE);

    private static final int MOST_PAGES = 64;

    /** Between two rounds: devices shall get something done as well. */
    private static final long PAUSE_NANOS = 200_000;

    private final AddressSpaces addressSpaces;
    private final ThreadFactory threads;
    private final Runnable pause;
    private final Set<BackgroundTorment> running = new LinkedHashSet<>();
    private boolean closed;

    /**
     * Creates the pressure, with a short pause between rounds; nothing happens by itself.
     *
     * @param addressSpaces whose pages it is about
     * @param threads makes the threads of the background
     */
    public Tormentor(AddressSpaces addressSpaces, ThreadFactory threads) {
        this(addressSpaces, threads, () -> LockSupport.parkNanos(PAUSE_NANOS));
    }

    /**
     * Creates the pressure; nothing happens by itself.
     *
     * @param addressSpaces whose pages it is about
     * @param threads makes the threads of the background
     * @param pause lets others go on between two rounds; ends early when the thread is unparked
     */
    public Tormentor(AddressSpaces addressSpaces, ThreadFactory threads, Runnable pause) {
        this.pause = pause;
        this.addressSpaces = addressSpaces;
        this.threads = threads;
    }

    @Override
    public Set<Kind> kinds() {
        return EnumSet.allOf(Kind.class);
    }

    @Override
    public long apply(Kind kind, AddressSpace space, AddressRange range) {
        long mask = addressSpaces.pageSize() - 1L;
        if ((range.start() & mask) != 0 || !range.isWhole() && (range.end() & mask) != 0) {
            throw new IllegalArgumentException(range + " is not a range of whole pages");
        }
        return addressSpaces
                .find(space.id())
                .map(known -> addressSpaces.pages().apply(kind, known, range))
                .orElse(0L);
    }

    @Override
    public long round(long seed) {
        return round(new Random(seed), null);
    }

    /** One round; {@code counts} gets what was done. */
    long round(Random random, @Nullable AtomicLongArray counts) {
        PageWork pages = addressSpaces.pages();
        List<ProcessAddressSpace> spaces = pages.spaces();
        if (spaces.isEmpty()) {
            return 0;
        }
        ProcessAddressSpace space = spaces.get(random.nextInt(spaces.size()));
        List<AddressRange> mappings = pages.mappings(space);
        Kind kind = CHOICES.get(random.nextInt(CHOICES.size()));
        if (mappings.isEmpty()) {
            return 0;
        }
        long done = pages.apply(kind, space, part(random, mappings));
        if (counts != null) {
            counts.addAndGet(kind.ordinal(), done);
        }
        return done;
    }

    /** Some pages of a mapping; for mappings with many of them not always the same ones. */
    private AddressRange part(Random random, List<AddressRange> mappings) {
        AddressRange mapping = mappings.get(random.nextInt(mappings.size()));
        long page = addressSpaces.pageSize();
        long pages = mapping.length() / page;
        long count = 1 + random.nextLong(Math.min(pages, MOST_PAGES));
        long first = random.nextLong(pages - count + 1);
        long start = mapping.start() + first * page;
        return new AddressRange(start, start + count * page);
    }

    @Override
    public Torment torment(long seed) {
        synchronized (running) {
            if (closed) {
                throw new IllegalStateException("the machine is shut down");
            }
            BackgroundTorment torment = new BackgroundTorment(this, seed, threads, pause);
            running.add(torment);
            return torment;
        }
    }

    void ended(BackgroundTorment torment) {
        synchronized (running) {
            running.remove(torment);
        }
    }

    /** Ends what is going on in the background. */
    @Override
    public void close() {
        List<BackgroundTorment> all;
        synchronized (running) {
            closed = true;
            all = List.copyOf(running);
        }
        all.forEach(BackgroundTorment::close);
    }
}
