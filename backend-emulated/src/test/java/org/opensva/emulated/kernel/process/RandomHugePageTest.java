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
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.mm.HugePagePolicy;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Random programs in memory of huge pages, beside a model that knows only some of its pages: those
 * at the bounds of huge pages and one in the middle. Calls begin and end at such pages. A tenacious
 * device caches what it finds and keeps it until it is told.
 */
class RandomHugePageTest {

    private static final int UNITS = 3;

    /** The pages of a unit that the model knows: first, second, middle, last. */
    private static final int KNOWN = 4;

    private static final int PAGES = UNITS * KNOWN;

    /** A page of the model; a stretch of pages up to the next one behaves as it does. */
    private record Cell(boolean mapped, Protection protection, long value) {
        static final Cell ABSENT = new Cell(false, Protection.NONE, 0);
        static final Cell FRESH = new Cell(true, Protection.READ_WRITE, 0);
    }

    private static final class Actor implements AddressSpaceListener {
        final TestMachine machine;
        final SvaProcess process;
        final Cell[] cells;
        final Map<Long, Long> cached = new HashMap<>();

        Actor(TestMachine machine, SvaProcess process, Cell[] cells) {
            this.machine = machine;
            this.process = process;
            this.cells = cells;
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

        long at(int index) {
            long huge = machine.mode.geometry().hugeBytes();
            long unit = (2L + index / KNOWN) * huge;
            return switch (index % KNOWN) {
                case 0 -> unit;
                case 1 -> unit + machine.pageBytes;
                case 2 -> unit + huge / 2;
                default -> unit + huge - machine.pageBytes;
            };
        }

        /** A device access through the cache, null if it is refused. */
        Long device(long address, boolean write, long value) {
            for (int attempt = 0; attempt < 4; attempt++) {
                long found = cached.getOrDefault(address, 0L);
                if (found == 0) {
                    found = machine.walk(process, address);
                    if (found != 0) {
                        cached.put(address, found);
                    }
                }
                if (found != 0 && (!write || TestMachine.writable(found))) {
                    if (write) {
                        machine.memory.writeLong(TestMachine.frame(found), value);
                    }
                    return machine.memory.readLong(TestMachine.frame(found));
                }
                int access = write ? Access.READ | Access.WRITE : Access.READ;
                if (process.addressSpace().handleFault(address, access) != FaultOutcome.RESOLVED) {
                    return null;
                }
            }
            throw new AssertionError("the device makes no progress");
        }
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void theMachineAgreesWithTheModel(PagingMode mode) {
        int seeds = mode == PagingMode.ARM64_64K ? 6 : 15;
        for (long seed = 1; seed <= seeds; seed++) {
            run(mode, seed, 250);
        }
    }

    private static void run(PagingMode mode, long seed, int steps) {
        Random random = new Random(seed);
        HugePagePolicy policy =
                random.nextBoolean() ? HugePagePolicy.ALWAYS : HugePagePolicy.MADVISE;
        TestMachine machine = new TestMachine(mode, 8L << 30, policy);
        try (machine) {
            List<Actor> actors = new ArrayList<>();
            Cell[] cells = new Cell[PAGES];
            java.util.Arrays.fill(cells, Cell.ABSENT);
            actors.add(new Actor(machine, machine.spawn(), cells));
            for (int step = 0; step < steps; step++) {
                try {
                    step(random, machine, actors);
                } catch (RuntimeException | AssertionError e) {
                    throw new AssertionError("seed %d, step %d".formatted(seed, step), e);
                }
            }
        }
        assertEquals(0, machine.frames.allocatedFrames(), "seed " + seed);
        assertEquals(0, machine.addressSpaces.swappedPages(), "seed " + seed);
    }

    private static void step(Random random, TestMachine machine, List<Actor> actors) {
        Actor actor = actors.get(random.nextInt(actors.size()));
        Cell[] cells = actor.cells;
        SvaProcess process = actor.process;
        int from = random.nextInt(PAGES);
        int to = from + 1 + random.nextInt(PAGES - from);
        long at = actor.at(from);
        long end = to == PAGES ? actor.at(PAGES - 1) + machine.pageBytes : actor.at(to);
        long length = end - at;
        boolean mapped = true;
        for (int i = from; i < to; i++) {
            mapped &= cells[i].mapped;
        }
        switch (random.nextInt(12)) {
            case 0, 1 -> {
                process.mmap(MapRequest.anonymous(length).at(at));
                java.util.Arrays.fill(cells, from, to, Cell.FRESH);
                if (random.nextBoolean()) {
                    process.madvise(at, length, Advice.HUGEPAGE);
                }
            }
            case 2 -> {
                int last = Math.min(to, from + 2);
                long part = (last == PAGES ? end : actor.at(last)) - at;
                process.munmap(at, part);
                java.util.Arrays.fill(cells, from, last, Cell.ABSENT);
            }
            case 3 -> {
                if (mapped) {
                    Protection protection = Protection.values()[random.nextInt(5)];
                    process.mprotect(at, length, protection);
                    for (int i = from; i < to; i++) {
                        cells[i] = new Cell(true, protection, cells[i].value);
                    }
                }
            }
            case 4 -> {
                if (mapped) {
                    process.madvise(at, length, Advice.DONTNEED);
                    for (int i = from; i < to; i++) {
                        cells[i] = new Cell(true, cells[i].protection, 0);
                    }
                }
            }
            case 5 -> {
                if (cells[from].mapped) {
                    process.madvise(at, machine.pageBytes, Advice.PAGEOUT);
                }
            }
            case 6, 7 -> {
                if (mapped) {
                    try {
                        process.madvise(at, length, Advice.COLLAPSE);
                    } catch (ErrnoException e) {
                        // A mapping that cannot be read, or no block: nothing has changed.
                    }
                }
            }
            case 8 -> {
                if (mapped) {
                    process.madvise(
                            at, length, random.nextBoolean() ? Advice.HUGEPAGE : Advice.NOHUGEPAGE);
                }
            }
            case 9 -> {
                if (actors.size() < 4) {
                    actors.add(new Actor(machine, process.fork(), cells.clone()));
                }
            }
            case 10 -> {
                if (actors.size() > 1) {
                    actors.remove(actor);
                    process.close();
                }
            }
            default -> {}
        }
        for (int i = 0; i < 8; i++) {
            access(random, actors.get(random.nextInt(actors.size())));
        }
    }

    private static void access(Random random, Actor actor) {
        int index = random.nextInt(PAGES);
        long at = actor.at(index);
        boolean write = random.nextInt(3) == 0;
        long value = random.nextLong();
        Cell cell = actor.cells[index];
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
        if (!cell.mapped || !cell.protection.allows(write ? Access.WRITE : Access.READ)) {
            assertEquals(null, seen, "an access that must be refused");
            return;
        }
        if (write) {
            actor.cells[index] = new Cell(true, cell.protection, value);
        }
        assertEquals(actor.cells[index].value, seen, "at 0x" + Long.toHexString(at));
    }
}
