package org.opensva.conformance.kernel;

import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapFlag;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.RemapRequest;
import org.opensva.api.process.SvaProcess;

import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Draws system calls about memory, sensible ones and others. */
final class Calls {

    static final long BASE = 1L << 35;
    static final int PAGES = 20;
    static final int PAGE = 4096;
    static final int OBJECT_PAGES = 8;

    /** What depends on how a kernel was built or set up, and on how much memory there is. */
    private static final Set<Advice> LEFT_OUT =
            EnumSet.of(
                    Advice.COLLAPSE,
                    Advice.HUGEPAGE,
                    Advice.NOHUGEPAGE,
                    Advice.MERGEABLE,
                    Advice.UNMERGEABLE);

    private static final List<Advice> ADVICE =
            List.copyOf(EnumSet.complementOf(EnumSet.copyOf(LEFT_OUT)));

    /** A call that every machine makes alike. */
    interface Call {
        /** Makes the call; what it returns is compared. */
        long of(SvaProcess process, int object);
    }

    /** A call with its text. */
    record Drawn(String text, Call call) {}

    private final Random random;

    Calls(Random random) {
        this.random = random;
    }

    private long address() {
        long page = BASE + (long) random.nextInt(PAGES) * PAGE;
        return random.nextInt(16) == 0 ? page + 8 : page;
    }

    private long length() {
        return switch (random.nextInt(24)) {
            case 0 -> 0;
            case 1, 2 -> 1L << 60;
            case 3, 4, 5 -> 1 + random.nextInt(4 * PAGE);
            default -> (1L + random.nextInt(5)) * PAGE;
        };
    }

    private Protection protection() {
        return random.nextBoolean()
                ? Protection.READ_WRITE
                : List.of(Protection.NONE, Protection.READ).get(random.nextInt(2));
    }

    Drawn next() {
        return switch (random.nextInt(16)) {
            case 0, 1, 2, 3 -> map();
            case 4 -> {
                long at = address();
                long length = length();
                yield drawn(
                        "munmap(0x%x, %d)".formatted(at, length),
                        process -> process.munmap(at, length));
            }
            case 5 -> {
                long at = address();
                long length = length();
                Protection protection = protection();
                yield drawn(
                        "mprotect(0x%x, %d, %s)".formatted(at, length, protection),
                        process -> process.mprotect(at, length, protection));
            }
            case 6, 7, 8 -> {
                long at = address();
                // Never so long that it reaches what the process itself stands on.
                long length = Math.min(length(), (long) PAGES * PAGE);
                Advice advice = ADVICE.get(random.nextInt(ADVICE.size()));
                yield drawn(
                        "madvise(0x%x, %d, %s)".formatted(at, length, advice),
                        process -> advise(process, at, length, advice));
            }
            case 9 -> lock();
            case 10, 11 -> remap();
            case 12 -> {
                long offset = random.nextInt(OBJECT_PAGES * PAGE);
                long from =
                        random.nextInt(12) == 0 ? -offset : offset & -(8L << random.nextInt(10));
                long length = length();
                yield new Drawn(
                        "punch(%d, %d)".formatted(from, length),
                        (process, object) -> {
                            process.punchHole(object, from, length);
                            return 0;
                        });
            }
            case 13 -> {
                long size = random.nextInt(OBJECT_PAGES * PAGE + 1) & -(8L << random.nextInt(10));
                yield new Drawn(
                        "truncate(%d)".formatted(size),
                        (process, object) -> {
                            process.truncate(object, size);
                            return 0;
                        });
            }
            default -> store();
        };
    }

    private interface Change {
        void of(SvaProcess process);
    }

    private static Drawn drawn(String text, Change change) {
        return new Drawn(
                text,
                (process, object) -> {
                    change.of(process);
                    return 0;
                });
    }

    /** What is free to go may be gone or not: afterwards it is. */
    private static void advise(SvaProcess process, long at, long length, Advice advice) {
        try {
            process.madvise(at, length, advice);
        } finally {
            if (advice == Advice.FREE) {
                discard(process, at, length);
            }
        }
    }

    private static void discard(SvaProcess process, long at, long length) {
        try {
            process.madvise(at, length, Advice.DONTNEED);
        } catch (ErrnoException refused) {
            // As the advice before it.
            return;
        }
    }

    private Drawn store() {
        long at = BASE + (long) random.nextInt(PAGES) * PAGE + random.nextInt(2) * (PAGE - 8);
        long value = random.nextLong();
        return drawn(
                "store(0x%x, %d)".formatted(at, value), process -> process.storeLong(at, value));
    }

    private Drawn map() {
        long at = address();
        long length = length();
        Protection protection = protection();
        boolean shared = random.nextBoolean();
        boolean file = random.nextBoolean();
        long offset =
                (long) random.nextInt(OBJECT_PAGES) * PAGE + (random.nextInt(16) == 0 ? 8 : 0);
        EnumSet<MapFlag> flags = EnumSet.noneOf(MapFlag.class);
        boolean fixed = random.nextInt(4) != 0;
        if (!fixed) {
            flags.add(MapFlag.FIXED_NOREPLACE);
        }
        if (random.nextInt(6) == 0) {
            flags.add(MapFlag.GROWSDOWN);
        }
        if (random.nextInt(6) == 0) {
            flags.add(MapFlag.LOCKED);
        }
        if (random.nextInt(6) == 0) {
            flags.add(MapFlag.POPULATE);
        }
        return new Drawn(
                "mmap(0x%x, %d, %s, %s, %s, %d, fixed %s, %s)"
                        .formatted(
                                at,
                                length,
                                protection,
                                shared ? "shared" : "private",
                                file ? "object" : "anonymous",
                                offset,
                                fixed,
                                flags),
                (process, object) ->
                        process.mmap(
                                new MapRequest(
                                        at,
                                        length,
                                        protection,
                                        shared,
                                        fixed,
                                        file ? object : MapRequest.ANONYMOUS,
                                        file ? offset : 0),
                                flags));
    }

    private Drawn lock() {
        boolean onFault = random.nextBoolean();
        long at = address();
        long length = length();
        return switch (random.nextInt(4)) {
            case 0 ->
                    drawn(
                            "mlock(0x%x, %d)".formatted(at, length),
                            process -> process.mlock(at, length, onFault));
            case 1 ->
                    drawn(
                            "msync(0x%x, %d)".formatted(at, length),
                            process -> process.msync(at, length));
            default ->
                    drawn(
                            "munlock(0x%x, %d)".formatted(at, length),
                            process -> process.munlock(at, length));
        };
    }

    /** What moves goes to a place of the window: where else, each kernel decides for itself. */
    private Drawn remap() {
        RemapRequest request =
                new RemapRequest(
                        address(),
                        // The tail of what shrinks is unmapped: no further than the window.
                        Math.min(length(), 5L * PAGE),
                        length(),
                        random.nextInt(4) != 0,
                        random.nextInt(4) != 0,
                        address(),
                        random.nextInt(4) == 0);
        return new Drawn(
                request.toString(),
                (process, object) -> {
                    long moved = process.mremap(request);
                    if (moved >= BASE && moved < BASE + (long) PAGES * PAGE) {
                        return moved;
                    }
                    process.munmap(moved, request.newLength());
                    return 1;
                });
    }
}
