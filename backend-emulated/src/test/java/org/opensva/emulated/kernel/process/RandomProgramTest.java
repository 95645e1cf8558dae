package org.opensva.emulated.kernel.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Random programs of several processes, run beside a model that knows nothing of page tables: one
 * cell for each page of each process, holding one number. A tenacious device beside each process
 * caches every translation it can get, and keeps it until it is told.
 */
class RandomProgramTest {

    private static final long BASE = 0x1000_0000L;
    private static final int PAGES = 24;
    private static final int OBJECT_PAGES = 12;

    /** A memory object of the model. */
    private static final class ModelObject {
        final long[] cells = new long[OBJECT_PAGES];
        int pages = OBJECT_PAGES;
    }

    /** A page of the model. */
    private static final class Cell {
        Protection protection = Protection.READ_WRITE;
        ModelObject object;
        int index;
        boolean shared;

        /** The private value; null if a private mapping of an object still shows the object. */
        Long own = 0L;

        boolean wipe;
        boolean dontFork;

        boolean beyondEnd() {
            return object != null && index >= object.pages;
        }

        long value() {
            return object != null && (shared || own == null) ? object.cells[index] : own;
        }

        void set(long value) {
            if (object != null && shared) {
                object.cells[index] = value;
            } else {
                own = value;
            }
        }
    }

    /** A process with its model and its device. */
    private static final class Actor implements AddressSpaceListener {
        final TestMachine machine;
        final SvaProcess process;
        final Cell[] cells = new Cell[PAGES];
        final Map<Long, Long> cached = new HashMap<>();

        Actor(TestMachine machine, SvaProcess process) {
            this.machine = machine;
            this.process = process;
            process.addressSpace().subscribe(this);
        }

        @Override
        public void invalidate(AddressRange range) {
            cached.keySet().removeIf(range::contains);
        }

        @Override
        public void release() {
            cached.clear();
        }

        /** A device access through the cache; the outcome of the model is the caller's business. */
        Long device(long page, boolean write, long value) {
            for (int attempt = 0; attempt < 4; attempt++) {
                long entry =
                        cached.computeIfAbsent(
                                                page,
                                                key -> {
                                                    long found = machine.walk(process, key);
                                                    return found == 0 ? null : found;
                                                })
                                        == null
                                ? 0
                                : cached.get(page);
                if (entry != 0 && (!write || TestMachine.writable(entry))) {
                    long frame = TestMachine.frame(entry);
                    if (write) {
                        machine.memory.writeLong(frame, value);
                    }
                    return machine.memory.readLong(frame);
                }
                int access = write ? Access.READ | Access.WRITE : Access.READ;
                if (process.addressSpace().handleFault(page, access) != FaultOutcome.RESOLVED) {
                    return null;
                }
            }
            throw new AssertionError("the device makes no progress at 0x" + Long.toHexString(page));
        }
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void theMachineAgreesWithTheModel(PagingMode mode) {
        for (long seed = 1; seed <= 40; seed++) {
            run(mode, seed, 600);
        }
    }

    private static void run(PagingMode mode, long seed, int steps) {
        Random random = new Random(seed);
        TestMachine machine = new TestMachine(mode, 256 << 20);
        try (machine) {
            List<Actor> actors = new ArrayList<>();
            actors.add(new Actor(machine, machine.spawn()));
            ModelObject object = new ModelObject();
            int fd =
                    actors.getFirst()
                            .process
                            .createSharedMemory((long) OBJECT_PAGES * machine.pageBytes);
            for (int step = 0; step < steps; step++) {
                try {
                    step(random, machine, actors, object, fd);
                } catch (RuntimeException | AssertionError e) {
                    throw new AssertionError("seed %d, step %d".formatted(seed, step), e);
                }
            }
        }
        assertEquals(0, machine.frames.allocatedFrames(), "seed " + seed);
        assertEquals(0, machine.addressSpaces.swappedPages(), "seed " + seed);
    }

    private static void step(
            Random random, TestMachine machine, List<Actor> actors, ModelObject object, int fd) {
        Actor actor = actors.get(random.nextInt(actors.size()));
        SvaProcess process = actor.process;
        int page = random.nextInt(PAGES);
        int count = 1 + random.nextInt(Math.min(6, PAGES - page));
        long at = BASE + (long) page * machine.pageBytes;
        long length = (long) count * machine.pageBytes;
        switch (random.nextInt(14)) {
            case 0 -> {
                process.mmap(MapRequest.anonymous(length).at(at));
                for (int i = page; i < page + count; i++) {
                    actor.cells[i] = new Cell();
                }
            }
            case 1, 2 -> {
                boolean shared = random.nextBoolean();
                int index = random.nextInt(OBJECT_PAGES - count + 1);
                MapRequest request =
                        MapRequest.sharedFile(fd, (long) index * machine.pageBytes, length).at(at);
                process.mmap(shared ? request : request.asPrivate());
                for (int i = 0; i < count; i++) {
                    Cell cell = new Cell();
                    cell.object = object;
                    cell.index = index + i;
                    cell.shared = shared;
                    cell.own = null;
                    actor.cells[page + i] = cell;
                }
            }
            case 3 -> {
                process.munmap(at, length);
                for (int i = page; i < page + count; i++) {
                    actor.cells[i] = null;
                }
            }
            case 4 -> {
                Protection protection =
                        random.nextBoolean()
                                ? Protection.READ_WRITE
                                : Protection.values()[random.nextInt(5)];
                if (allMapped(actor, page, count)) {
                    process.mprotect(at, length, protection);
                    for (int i = page; i < page + count; i++) {
                        actor.cells[i].protection = protection;
                    }
                }
            }
            case 5 -> {
                if (allMapped(actor, page, count)) {
                    process.madvise(at, length, Advice.DONTNEED);
                    for (int i = page; i < page + count; i++) {
                        Cell cell = actor.cells[i];
                        cell.own = cell.object != null ? null : Long.valueOf(0);
                    }
                }
            }
            case 6 -> {
                if (allMapped(actor, page, count)) {
                    process.madvise(at, length, Advice.PAGEOUT);
                }
            }
            case 7 -> {
                if (actors.size() < 5) {
                    Actor child = new Actor(machine, process.fork());
                    for (int i = 0; i < PAGES; i++) {
                        child.cells[i] = inherited(actor.cells[i]);
                    }
                    actors.add(child);
                }
            }
            case 8 -> {
                // The first one stays, and keeps the object open.
                if (actors.size() > 1 && actor != actors.getFirst()) {
                    actors.remove(actor);
                    process.close();
                }
            }
            case 9 -> {
                int pages = random.nextInt(OBJECT_PAGES + 1);
                process.truncate(fd, (long) pages * machine.pageBytes);
                for (int i = pages; i < OBJECT_PAGES; i++) {
                    object.cells[i] = 0;
                }
                object.pages = pages;
                for (Actor each : actors) {
                    for (Cell cell : each.cells) {
                        if (cell != null && cell.beyondEnd()) {
                            cell.own = null;
                        }
                    }
                }
            }
            case 10 -> moveOne(random, actor, page);
            case 11 -> {
                Cell cell = actor.cells[page];
                if (cell != null && cell.object == null) {
                    boolean wipe = random.nextBoolean();
                    process.madvise(
                            at, machine.pageBytes, wipe ? Advice.WIPEONFORK : Advice.DONTFORK);
                    cell.wipe |= wipe;
                    cell.dontFork |= !wipe;
                }
            }
            default -> machine.pressure.round(random.nextLong());
        }
        for (int i = 0; i < 6; i++) {
            access(random, actors.get(random.nextInt(actors.size())));
        }
    }

    private static void moveOne(Random random, Actor actor, int page) {
        if (actor.cells[page] == null) {
            return;
        }
        // Grown by a page it must move, unless there is room; the model takes it back at once.
        long at = BASE + (long) page * actor.machine.pageBytes;
        long moved =
                actor.process.mremap(
                        at, actor.machine.pageBytes, 2 * actor.machine.pageBytes, true);
        if (moved == at) {
            actor.process.munmap(at + actor.machine.pageBytes, actor.machine.pageBytes);
            return;
        }
        Cell cell = actor.cells[page];
        check(actor, moved, cell, random.nextInt(4) == 0, random.nextLong());
        actor.process.munmap(moved, 2 * actor.machine.pageBytes);
        actor.cells[page] = null;
    }

    private static Cell inherited(Cell from) {
        if (from == null || from.dontFork) {
            return null;
        }
        Cell copy = new Cell();
        copy.protection = from.protection;
        copy.object = from.object;
        copy.index = from.index;
        copy.shared = from.shared;
        copy.wipe = from.wipe;
        copy.own = from.wipe ? Long.valueOf(0) : from.own;
        return copy;
    }

    private static boolean allMapped(Actor actor, int page, int count) {
        for (int i = page; i < page + count; i++) {
            if (actor.cells[i] == null) {
                return false;
            }
        }
        return true;
    }

    private static void access(Random random, Actor actor) {
        int page = random.nextInt(PAGES);
        check(
                actor,
                BASE + (long) page * actor.machine.pageBytes,
                actor.cells[page],
                random.nextInt(3) == 0,
                random.nextLong());
    }

    /** One load or store, of the processor or of the device, against the model. */
    private static void check(Actor actor, long at, Cell cell, boolean write, long value) {
        int access = write ? Access.WRITE : Access.READ;
        boolean legal = cell != null && cell.protection.allows(access) && !cell.beyondEnd();
        Long seen;
        if ((value & 1) == 0) {
            seen = actor.device(at, write, value);
        } else {
            try {
                if (write) {
                    actor.process.storeLong(at, value);
                    seen = value;
                } else {
                    seen = actor.process.loadLong(at);
                }
            } catch (CpuFaultException e) {
                seen = null;
            }
        }
        if (!legal) {
            assertEquals(null, seen, "an access that must be refused");
            return;
        }
        if (write) {
            cell.set(value);
        }
        assertEquals(cell.value(), seen, "at 0x" + Long.toHexString(at));
    }
}
