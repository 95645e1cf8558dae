package org.opensva.conformance.races;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Decides whether what was seen of a page can be explained. A page has lives, one after the other,
 * each from the beginning of the call that maps it to the end of the call that unmaps it. An access
 * meets the lives that overlap it, and sees what was stored or written in one of them: so an access
 * that began after an unmapping had returned never sees, or changes, the life before it.
 *
 * <p>Values occur once in a race, except zero, which is what new memory holds.
 */
public final class PageChecker {

    /** One life of a page. */
    private static final class Life {
        private @Nullable Operation map;
        private @Nullable Operation store;
        private @Nullable Operation unmap;

        long from() {
            return map == null ? Long.MIN_VALUE : map.begun();
        }

        long to() {
            return unmap == null ? Long.MAX_VALUE : unmap.ended();
        }

        boolean meets(Operation operation) {
            return operation.overlaps(from(), to());
        }
    }

    private final TreeMap<Integer, Life> lives = new TreeMap<>();
    private final Map<Long, Operation> writes = new HashMap<>();
    private final Map<Long, Life> stores = new HashMap<>();

    private PageChecker(List<Operation> operations) {
        for (Operation operation : operations) {
            switch (operation.kind()) {
                case MAP -> life(operation).map = operation;
                case UNMAP -> life(operation).unmap = operation;
                case STORE -> {
                    life(operation).store = operation;
                    stores.put(operation.value(), life(operation));
                }
                case WRITE -> writes.put(operation.value(), operation);
                case READ, LOAD, ALIAS -> {}
            }
        }
    }

    private Life life(Operation operation) {
        return lives.computeIfAbsent(operation.life(), number -> new Life());
    }

    /**
     * Checks the history of one page.
     *
     * @param operations all of one page
     * @return the first thing that cannot be explained
     */
    public static Optional<Contradiction> check(List<Operation> operations) {
        PageChecker checker = new PageChecker(operations);
        return operations.stream()
                .flatMap(operation -> checker.judge(operation).stream())
                .findFirst();
    }

    private Optional<Contradiction> judge(Operation seen) {
        return switch (seen.kind()) {
            case READ, LOAD -> judgeAccess(seen);
            case ALIAS -> judgeAlias(seen);
            case MAP, STORE, UNMAP, WRITE -> Optional.empty();
        };
    }

    private Optional<Contradiction> judgeAccess(Operation seen) {
        if (seen.value() == 0) {
            return Optional.empty();
        }
        Life origin = stores.get(seen.value());
        if (origin != null) {
            return origin.meets(seen)
                    ? Optional.empty()
                    : stale(seen, "it saw what a life held that had ended", origin, null);
        }
        Operation write = writes.get(seen.value());
        if (write == null) {
            return unknown(seen);
        }
        boolean explained =
                write.begun() <= seen.ended()
                        && lives.values().stream()
                                .anyMatch(life -> life.meets(write) && life.meets(seen));
        return explained
                ? Optional.empty()
                : stale(seen, "it saw what was written in another life", last(write), write);
    }

    private Optional<Contradiction> judgeAlias(Operation seen) {
        Life life = life(seen);
        Operation store = life.store;
        if (seen.value() == 0 || store != null && store.value() == seen.value()) {
            return Optional.empty();
        }
        Operation write = writes.get(seen.value());
        if (write == null) {
            return unknown(seen);
        }
        return life.meets(write)
                ? Optional.empty()
                : stale(
                        seen,
                        "the memory was written by an access that began after its unmapping had"
                                + " returned",
                        life,
                        write);
    }

    private Life last(Operation write) {
        Life found = new Life();
        for (Life life : lives.values()) {
            if (life.meets(write)) {
                found = life;
            }
        }
        return found;
    }

    private static Optional<Contradiction> unknown(Operation seen) {
        return Optional.of(
                new Contradiction(
                        false, seen, "it saw what nobody wrote to this page", List.of(seen)));
    }

    private static Optional<Contradiction> stale(
            Operation seen, String why, Life life, @Nullable Operation write) {
        List<Operation> shown = new ArrayList<>();
        for (Operation operation :
                new @Nullable Operation[] {life.map, life.store, life.unmap, write, seen}) {
            if (operation != null) {
                shown.add(operation);
            }
        }
        shown.sort(Comparator.comparingLong(Operation::begun));
        return Optional.of(new Contradiction(true, seen, why, shown));
    }
}
