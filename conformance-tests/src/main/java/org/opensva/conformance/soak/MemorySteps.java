package org.opensva.conformance.soak;

import org.opensva.api.backend.Capability;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;

import java.util.List;
import java.util.SplittableRandom;

/** What processes do to their own memory. */
final class MemorySteps {

    private static final int MOST_AREAS = 8;
    private static final int MOST_PAGES = 24;

    private final Machine machine;
    private final SplittableRandom random;

    MemorySteps(Machine machine, SplittableRandom random) {
        this.machine = machine;
        this.random = random;
    }

    private Area any(Actor actor) {
        return actor.areas().get(random.nextInt(actor.areas().size()));
    }

    /** Checks what a page holds, or learns it. */
    static void check(SvaProcess process, Area area, int index, String what) {
        long seen = process.loadLong(area.page(index));
        if (area.value(index) == Area.UNKNOWN) {
            area.set(index, seen);
        } else if (seen != area.value(index)) {
            throw new Trouble(
                    "%s: page 0x%x holds 0x%x instead of 0x%x"
                            .formatted(what, area.page(index), seen, area.value(index)));
        }
    }

    boolean map(Actor actor) {
        if (actor.areas().size() >= MOST_AREAS) {
            return false;
        }
        int page = machine.pageBytes();
        int pages = 1 + random.nextInt(MOST_PAGES);
        long length = (long) pages * page;
        SvaProcess process = actor.process();
        int fd = -1;
        long address;
        if (machine.claims(Capability.SHARED_MEMORY) && random.nextInt(3) == 0) {
            boolean onDisk = machine.claims(Capability.WRITE_BACK) && random.nextBoolean();
            fd = onDisk ? process.createFile(length) : process.createSharedMemory(length);
            address = process.mmap(MapRequest.sharedFile(fd, 0, length));
        } else {
            address = process.mmap(MapRequest.anonymous(length));
        }
        Area area = new Area(address, page, pages, fd);
        actor.areas().add(area);
        if (random.nextBoolean()) {
            for (int i = 0; i < pages; i++) {
                store(process, area, i);
            }
        }
        return true;
    }

    private void store(SvaProcess process, Area area, int index) {
        long value = random.nextLong() >>> 1;
        process.storeLong(area.page(index), value);
        area.set(index, value);
    }

    boolean store(Actor actor) {
        if (actor.areas().isEmpty()) {
            return false;
        }
        Area area = any(actor);
        int index = random.nextInt(area.pages());
        check(actor.process(), area, index, "a load");
        store(actor.process(), area, index);
        return true;
    }

    boolean unmap(Actor actor) {
        if (actor.areas().isEmpty()) {
            return false;
        }
        Area area = any(actor);
        actor.areas().remove(area);
        actor.process().munmap(area.address(), area.length());
        if (area.isShared()) {
            actor.process().closeFile(area.fd());
        }
        return true;
    }

    /** Narrows and widens again: what is read meanwhile is still there. */
    boolean protect(Actor actor) {
        if (actor.areas().isEmpty() || !machine.claims(Capability.MPROTECT)) {
            return false;
        }
        Area area = any(actor);
        SvaProcess process = actor.process();
        process.mprotect(area.address(), area.length(), Protection.READ);
        check(process, area, random.nextInt(area.pages()), "a load of narrowed memory");
        process.mprotect(area.address(), area.length(), Protection.READ_WRITE);
        return true;
    }

    boolean remap(Actor actor) {
        if (actor.areas().isEmpty() || !machine.claims(Capability.MREMAP)) {
            return false;
        }
        Area area = any(actor);
        SvaProcess process = actor.process();
        // One page more does not fit where something follows, so that it has to move.
        long grown =
                process.mremap(
                        area.address(), area.length(), area.length() + machine.pageBytes(), true);
        process.mremap(grown, area.length() + machine.pageBytes(), area.length(), true);
        Area moved = area.movedTo(grown);
        actor.areas().remove(area);
        actor.areas().add(moved);
        check(process, moved, random.nextInt(moved.pages()), "a load of moved memory");
        return true;
    }

    boolean discard(Actor actor) {
        if (actor.areas().isEmpty() || !machine.claims(Capability.DISCARD)) {
            return false;
        }
        Area area = any(actor);
        actor.process().madvise(area.address(), area.length(), Advice.DONTNEED);
        if (!area.isShared()) {
            area.setAll(0);
        }
        check(actor.process(), area, random.nextInt(area.pages()), "a load of discarded memory");
        return true;
    }

    boolean pageOut(Actor actor) {
        if (actor.areas().isEmpty() || !machine.claims(Capability.PAGEOUT)) {
            return false;
        }
        Area area = any(actor);
        actor.process().madvise(area.address(), area.length(), Advice.PAGEOUT);
        check(actor.process(), area, random.nextInt(area.pages()), "a load of reclaimed memory");
        return true;
    }

    /** Memory of a few megabytes becomes huge, is changed in the middle, and goes. */
    boolean huge(Actor actor) {
        if (!machine.claims(Capability.HUGE_PAGES)) {
            return false;
        }
        SvaProcess process = actor.process();
        int page = machine.pageBytes();
        // The size of what one table maps, as a table of eight-byte entries fills a page.
        long huge = (long) page * (page >> 3);
        if (huge > 1L << 22) {
            return false;
        }
        long address = process.mmap(MapRequest.anonymous(2 * huge));
        long inside = (address + huge - 1) & -huge;
        process.madvise(address, 2 * huge, Advice.HUGEPAGE);
        process.storeLong(inside, 1);
        process.storeLong(inside + page, 2);
        process.munmap(inside + 2L * page, page);
        if (process.loadLong(inside) != 1 || process.loadLong(inside + page) != 2) {
            throw new Trouble("a huge page lost what it held when a part of it was unmapped");
        }
        process.munmap(address, 2 * huge);
        return true;
    }

    boolean truncate(Actor actor) {
        List<Area> shared = actor.areas().stream().filter(Area::isShared).toList();
        if (shared.isEmpty() || !machine.claims(Capability.FILE_TRUNCATE)) {
            return false;
        }
        Area area = shared.get(random.nextInt(shared.size()));
        SvaProcess process = actor.process();
        int keep = random.nextInt(area.pages());
        process.truncate(area.fd(), (long) keep * machine.pageBytes());
        process.truncate(area.fd(), area.length());
        for (int i = keep; i < area.pages(); i++) {
            area.set(i, 0);
        }
        check(process, area, random.nextInt(area.pages()), "a load of a truncated file");
        return true;
    }
}
