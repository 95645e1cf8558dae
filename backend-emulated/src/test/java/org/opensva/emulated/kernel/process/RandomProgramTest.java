package org.opensva.emulated.kernel.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.backend.MemoryPressure.Kind;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapFlag;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.RemapRequest;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Random programs of several processes, run beside a model that knows nothing of page tables: one
 * cell for each page of each process, holding one number.
 */
class RandomProgramTest {

    private static final int PAGES = ModelActor.PAGES;
    private static final int CONTENT_PAGES = 12;

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void theMachineAgreesWithTheModel(PagingMode mode) {
        for (long seed = 1; seed <= 12; seed++) {
            new Run(mode, seed).steps(600);
        }
    }

    /** One program. */
    private static final class Run {
        private final long seed;
        private final Random random;
        private final TestMachine machine;
        private final long pageBytes;
        private final List<ModelActor> actors = new ArrayList<>();
        private final List<MemoryModel.Content> contents = new ArrayList<>();

        Run(PagingMode mode, long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            this.machine = new TestMachine(mode, 256 << 20);
            this.pageBytes = machine.pageBytes;
        }

        void steps(int count) {
            try (machine) {
                ModelActor first = new ModelActor(machine, machine.spawn());
                actors.add(first);
                long bytes = CONTENT_PAGES * pageBytes;
                int memory = first.process.createSharedMemory(bytes);
                contents.add(new MemoryModel.Content(memory, CONTENT_PAGES));
                int file = first.process.createFile(bytes);
                contents.add(new MemoryModel.Content(file, CONTENT_PAGES));
                for (int step = 0; step < count; step++) {
                    try {
                        step();
                    } catch (RuntimeException | AssertionError e) {
                        throw new AssertionError("seed %d, step %d".formatted(seed, step), e);
                    }
                }
            }
            assertEquals(0, machine.frames.allocatedFrames(), "seed " + seed);
            assertEquals(0, machine.addressSpaces.swappedPages(), "seed " + seed);
        }

        private void step() {
            ModelActor actor = actors.get(random.nextInt(actors.size()));
            int page = random.nextInt(PAGES);
            int count = 1 + random.nextInt(Math.min(6, PAGES - page));
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> map(actor, page, count);
                case 3 -> unmap(actor, page, count);
                case 4 -> protect(actor, page, count);
                case 5, 6 -> advise(actor, page, count);
                case 7 -> lock(actor, page, count);
                case 8 -> family(actor);
                case 9 -> content(actor, page, count);
                case 10 -> move(actor, page);
                default -> machine.pressure.round(random.nextLong());
            }
            for (int i = 0; i < 6; i++) {
                actors.get(random.nextInt(actors.size())).access(random);
            }
        }

        private void map(ModelActor actor, int page, int count) {
            long at = actor.address(page);
            long length = count * pageBytes;
            MemoryModel.Content content = contents.get(random.nextInt(contents.size()));
            int index = random.nextInt(CONTENT_PAGES - count + 1);
            boolean shared = random.nextBoolean();
            boolean anonymous = random.nextInt(3) == 0;
            MapRequest request =
                    anonymous
                            ? MapRequest.anonymous(length)
                            : MapRequest.sharedFile(content.fd, index * pageBytes, length);
            if (!shared) {
                request = request.asPrivate();
            }
            if (random.nextInt(4) == 0 && !actor.nothing(page, count)) {
                MapRequest there =
                        new MapRequest(
                                at,
                                length,
                                request.protection(),
                                request.shared(),
                                false,
                                request.fd(),
                                request.offset());
                assertRefused(
                        Errno.EEXIST,
                        () -> actor.process.mmap(there, Set.of(MapFlag.FIXED_NOREPLACE)));
                return;
            }
            Set<MapFlag> flags = EnumSet.noneOf(MapFlag.class);
            if (random.nextInt(4) == 0) {
                flags.add(MapFlag.POPULATE);
            }
            assertEquals(at, actor.process.mmap(request.at(at), flags));
            for (int i = 0; i < count; i++) {
                MemoryModel.Cell cell =
                        anonymous
                                ? new MemoryModel.Cell()
                                : MemoryModel.Cell.of(content, index + i, shared);
                actor.cells[page + i] = cell;
                if (!flags.isEmpty() && cell.beyondEnd()) {
                    // What follows is not populated any more.
                    flags = Set.of();
                } else if (!flags.isEmpty()) {
                    cell.populate();
                }
            }
        }

        private void unmap(ModelActor actor, int page, int count) {
            actor.process.munmap(actor.address(page), count * pageBytes);
            for (int i = page; i < page + count; i++) {
                actor.cells[i] = null;
            }
        }

        private void protect(ModelActor actor, int page, int count) {
            Protection protection =
                    random.nextBoolean()
                            ? Protection.READ_WRITE
                            : Protection.values()[random.nextInt(5)];
            Runnable call =
                    () ->
                            actor.process.mprotect(
                                    actor.address(page), count * pageBytes, protection);
            if (actor.all(page, count, cell -> true)) {
                call.run();
            } else {
                assertRefused(Errno.ENOMEM, call);
            }
            // What is mapped before the first hole is protected either way, as Linux does.
            for (int i = page; i < page + count && actor.cells[i] != null; i++) {
                actor.cells[i].protection = protection;
            }
        }

        private void advise(ModelActor actor, int page, int count) {
            Advice[] all = Advice.values();
            Advice advice = all[random.nextInt(all.length)];
            if (!actor.all(page, count, cell -> isTaken(cell, advice))) {
                return;
            }
            actor.process.madvise(actor.address(page), count * pageBytes, advice);
            for (int i = page; i < page + count; i++) {
                advised(actor.cells[i], advice);
            }
            if (advice == Advice.FREE && random.nextBoolean()) {
                writeThenReclaim(actor, page, count);
            }
        }

        /** A write that is not noticed is lost when the page is dropped for one that is clean. */
        private void writeThenReclaim(ModelActor actor, int page, int count) {
            for (int i = page; i < page + count; i++) {
                actor.check(actor.address(i), actor.cells[i], true, random.nextLong());
            }
            long start = actor.address(page);
            machine.pressure.apply(
                    Kind.RECLAIM,
                    actor.process.addressSpace(),
                    new AddressRange(start, start + count * pageBytes));
            for (int i = page; i < page + count; i++) {
                actor.check(actor.address(i), actor.cells[i], false, random.nextLong());
            }
        }

        private static boolean isTaken(MemoryModel.Cell cell, Advice advice) {
            return switch (advice) {
                case DONTNEED, PAGEOUT, COLD -> !cell.locked;
                case FREE -> cell.isPrivateAnonymous() && !cell.locked;
                case REMOVE -> cell.content != null && cell.shared && !cell.locked;
                case POPULATE_READ -> cell.protection.allows(1) && !cell.beyondEnd();
                case POPULATE_WRITE -> cell.protection.allows(2) && !cell.beyondEnd();
                case WIPEONFORK -> cell.isPrivateAnonymous();
                case COLLAPSE -> false;
                default -> true;
            };
        }

        private static void advised(MemoryModel.Cell cell, Advice advice) {
            switch (advice) {
                case DONTNEED -> cell.discard();
                case FREE -> cell.lazilyFreed = true;
                case REMOVE -> {
                    if (!cell.beyondEnd()) {
                        cell.content.values[cell.index] = 0;
                    }
                }
                case POPULATE_WRITE -> cell.populate();
                case WIPEONFORK -> cell.wipe = true;
                case KEEPONFORK -> cell.wipe = false;
                case DONTFORK -> cell.dontFork = true;
                case DOFORK -> cell.dontFork = false;
                default -> {}
            }
        }

        private void lock(ModelActor actor, int page, int count) {
            long at = actor.address(page);
            if (random.nextInt(3) == 0 && actor.all(page, count, MemoryModel.Cell::usable)) {
                boolean onFault = random.nextInt(4) == 0;
                actor.process.mlock(at + random.nextInt(8), count * pageBytes - 8, onFault);
                for (int i = page; i < page + count; i++) {
                    actor.cells[i].locked = true;
                    if (!onFault) {
                        actor.cells[i].populate();
                    }
                }
            } else if (actor.all(page, count, cell -> true)) {
                actor.process.munlock(at, count * pageBytes);
                for (int i = page; i < page + count; i++) {
                    actor.cells[i].locked = false;
                }
            }
        }

        private void family(ModelActor actor) {
            // The first one stays, and keeps the contents open.
            if (actors.size() < 5 && random.nextBoolean()) {
                actors.add(actor.fork());
            } else if (actor != actors.getFirst()) {
                actors.remove(actor);
                actor.process.close();
            }
        }

        private void content(ModelActor actor, int page, int count) {
            MemoryModel.Content content = contents.get(random.nextInt(contents.size()));
            switch (random.nextInt(4)) {
                case 0 -> truncate(actor, content, random.nextInt(CONTENT_PAGES + 1));
                case 1 -> {
                    if (actor.all(page, count, cell -> true)) {
                        actor.process.msync(actor.address(page), count * pageBytes);
                        writeThenReclaim(actor, page, count);
                    }
                }
                default -> {
                    int from = random.nextInt(CONTENT_PAGES);
                    int to = from + random.nextInt(CONTENT_PAGES - from + 1);
                    // The value is in the first eight bytes of a page.
                    int late = random.nextInt(2);
                    int more = random.nextInt(2);
                    long offset = from * pageBytes + late * 8L;
                    long end = to * pageBytes + more * 8L;
                    if (offset < end) {
                        actor.process.punchHole(content.fd, offset, end - offset);
                        content.clear(from + late, Math.min(CONTENT_PAGES, to + more));
                    }
                }
            }
        }

        private void truncate(ModelActor actor, MemoryModel.Content content, int pages) {
            actor.process.truncate(content.fd, pages * pageBytes);
            content.truncate(pages);
            for (ModelActor each : actors) {
                for (MemoryModel.Cell cell : each.cells) {
                    if (cell != null && cell.content == content && cell.beyondEnd()) {
                        // Private copies go too.
                        cell.discard();
                    }
                }
            }
        }

        private void move(ModelActor actor, int page) {
            if (actor.cells[page] == null) {
                return;
            }
            switch (random.nextInt(3)) {
                case 0 -> grow(actor, page);
                case 1 -> {
                    RemapRequest request =
                            RemapRequest.anywhere(actor.address(page), pageBytes, pageBytes);
                    long moved = actor.process.mremap(request.keepingOld());
                    check(actor, moved, actor.cells[page].copy());
                    actor.process.munmap(moved, pageBytes);
                    actor.cells[page].discard();
                    actor.cells[page].locked = false;
                }
                default -> {
                    int target = random.nextInt(PAGES);
                    RemapRequest request =
                            RemapRequest.anywhere(actor.address(page), pageBytes, pageBytes)
                                    .to(actor.address(target));
                    if (target == page) {
                        assertRefused(Errno.EINVAL, () -> actor.process.mremap(request));
                    } else {
                        actor.process.mremap(request);
                        actor.cells[target] = actor.cells[page];
                        actor.cells[page] = null;
                    }
                }
            }
        }

        private void grow(ModelActor actor, int page) {
            // Grown by a page it must move, unless there is room; the model takes it back at once.
            long at = actor.address(page);
            long moved = actor.process.mremap(at, pageBytes, 2 * pageBytes, true);
            if (moved == at) {
                actor.process.munmap(at + pageBytes, pageBytes);
                return;
            }
            check(actor, moved, actor.cells[page]);
            actor.process.munmap(moved, 2 * pageBytes);
            actor.cells[page] = null;
        }

        private void check(ModelActor actor, long at, MemoryModel.Cell cell) {
            actor.check(at, cell, random.nextInt(4) == 0, random.nextLong());
        }

        private static void assertRefused(Errno errno, Runnable call) {
            ErrnoException refusal = assertThrows(ErrnoException.class, call::run);
            assertEquals(errno, refusal.errno());
            assertTrue(refusal.getMessage() != null);
        }
    }
}
