package org.opensva.conformance.soak;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Advice;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.RemapRequest;
import org.opensva.api.process.SvaProcess;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/** What processes say about their memory, and do to the objects behind it. */
final class AdviceSteps {

    private final Machine machine;
    private final SplittableRandom random;

    AdviceSteps(Machine machine, SplittableRandom random) {
        this.machine = machine;
        this.random = random;
    }

    private @Nullable Area any(Actor actor, Capability needed, Predicate<Area> which) {
        List<Area> fit =
                machine.claims(needed) ? actor.areas().stream().filter(which).toList() : List.of();
        return fit.isEmpty() ? null : fit.get(random.nextInt(fit.size()));
    }

    private static boolean isPrivate(Area area) {
        return !area.isShared();
    }

    /** A hole by descriptor, or by address: what was there is zero, and the rest stays. */
    boolean hole(Actor actor) {
        Area area = any(actor, Capability.HOLE_PUNCH, Area::isShared);
        if (area == null) {
            return false;
        }
        int from = random.nextInt(area.pages());
        int to = from + 1 + random.nextInt(area.pages() - from);
        long length = (long) (to - from) * machine.pageBytes();
        if (random.nextBoolean()) {
            actor.process().punchHole(area.fd(), (long) from * machine.pageBytes(), length);
        } else {
            actor.process().madvise(area.page(from), length, Advice.REMOVE);
        }
        for (int i = from; i < to; i++) {
            area.set(i, 0);
        }
        MemorySteps.check(
                actor.process(), area, random.nextInt(area.pages()), "a load beside a hole");
        return true;
    }

    /** Locked memory stays as it is, whatever presses. */
    boolean lock(Actor actor) {
        Area area = any(actor, Capability.MEMORY_LOCK, each -> true);
        if (area == null) {
            return false;
        }
        SvaProcess process = actor.process();
        process.mlock(area.address(), area.length(), random.nextBoolean());
        MemorySteps.check(process, area, random.nextInt(area.pages()), "a load of locked memory");
        process.munlock(area.address(), area.length());
        return true;
    }

    /** What was written is on the disk, and still there. */
    boolean sync(Actor actor) {
        Area area = any(actor, Capability.WRITE_BACK, Area::isShared);
        if (area == null) {
            return false;
        }
        actor.process().msync(area.address(), area.length());
        MemorySteps.check(
                actor.process(), area, random.nextInt(area.pages()), "a load of a written file");
        return true;
    }

    /** Pages that are free to go keep what they held or read as zeroes, until they are written. */
    boolean free(Actor actor) {
        Area area = any(actor, Capability.DISCARD, AdviceSteps::isPrivate);
        if (area == null) {
            return false;
        }
        SvaProcess process = actor.process();
        process.madvise(area.address(), area.length(), Advice.FREE);
        for (int i = 0; i < area.pages(); i++) {
            long seen = process.loadLong(area.page(i));
            if (seen != 0 && area.value(i) != Area.UNKNOWN && seen != area.value(i)) {
                throw new Trouble(
                        "a load of memory free to go: page 0x%x holds 0x%x instead of 0x%x or 0"
                                .formatted(area.page(i), seen, area.value(i)));
            }
            long value = random.nextLong() >>> 1;
            process.storeLong(area.page(i), value);
            area.set(i, value);
        }
        return true;
    }

    /** Advice after which everything is as it was. */
    boolean hint(Actor actor) {
        Area area = any(actor, Capability.PAGEOUT, AdviceSteps::isPrivate);
        if (area == null) {
            return false;
        }
        SvaProcess process = actor.process();
        process.madvise(area.address(), area.length(), Advice.COLD);
        process.madvise(area.address(), area.length(), Advice.POPULATE_WRITE);
        if (machine.claims(Capability.MEMORY_PRESSURE)) {
            boolean merge = random.nextBoolean();
            process.madvise(
                    area.address(), area.length(), merge ? Advice.MERGEABLE : Advice.UNMERGEABLE);
        }
        MemorySteps.check(process, area, random.nextInt(area.pages()), "a load after advice");
        return true;
    }

    /** The pages go elsewhere, and the mapping stays: it reads as zeroes. */
    boolean leave(Actor actor) {
        Area area = any(actor, Capability.MREMAP, AdviceSteps::isPrivate);
        if (area == null) {
            return false;
        }
        SvaProcess process = actor.process();
        long at;
        try {
            at =
                    process.mremap(
                            RemapRequest.anywhere(area.address(), area.length(), area.length())
                                    .keepingOld());
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENOSYS) {
                return false;
            }
            throw e;
        }
        Area moved = area.movedTo(at);
        actor.areas().remove(area);
        actor.areas().add(moved);
        int page = random.nextInt(area.pages());
        MemorySteps.check(process, moved, page, "a load of pages that went elsewhere");
        if (process.loadLong(area.page(page)) != 0) {
            throw new Trouble(
                    "page 0x%x is not empty after its contents went elsewhere"
                            .formatted(area.page(page)));
        }
        process.munmap(area.address(), area.length());
        return true;
    }
}
