package org.opensva.conformance.zoo;

import org.opensva.api.backend.Backend;
import org.opensva.api.backend.MemoryPressure;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Advice;
import org.opensva.api.process.MapFlag;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.RemapRequest;
import org.opensva.api.process.SvaProcess;

import java.util.Set;
import java.util.function.Supplier;

/** Knows which call of a process the current thread carries out. */
final class SystemCalls {

    /** The calls that change page tables, as far as a defect can tell them apart. */
    enum Call {
        /** None: what happens is the memory management's own doing, or a device's. */
        NONE,
        MMAP,
        MUNMAP,
        MPROTECT_NARROWER,
        MPROTECT_WIDER,
        MREMAP,
        DISCARD,
        RECLAIM,
        OTHER_ADVICE,
        TRUNCATE,
        PUNCH_HOLE,
        FORK,
        STORE,
        /** Not a call: the kernel moves pages. */
        MIGRATION,
        /** Not a call: the kernel merges pages. */
        MERGING,
        /** Not a call: the kernel writes pages back to a disk. */
        WRITING_BACK,
        /** Not a call: the kernel write-protects pages. */
        WATCHING,
        /** Not a call: the kernel takes memory away. */
        REAPING
    }

    private final ThreadLocal<Call> current = ThreadLocal.withInitial(() -> Call.NONE);

    Call current() {
        return current.get();
    }

    /** Has every process of a machine, and its kernel, tell what it is doing. */
    Backend around(Backend machine) {
        return WrappedBackend.withPressure(
                WrappedBackend.withProcesses(machine, Observed::new), ObservedPressure::new);
    }

    private static Call of(MemoryPressure.Kind kind) {
        return switch (kind) {
            case MIGRATE -> Call.MIGRATION;
            case MERGE -> Call.MERGING;
            case WRITE_PROTECT -> Call.WATCHING;
            case REAP -> Call.REAPING;
            case WRITE_BACK -> Call.WRITING_BACK;
            case RECLAIM, SPLIT, COLLAPSE, AGE, COMPACT -> Call.NONE;
        };
    }

    private final class ObservedPressure implements MemoryPressure {
        private final MemoryPressure to;

        ObservedPressure(MemoryPressure to) {
            this.to = to;
        }

        @Override
        public Set<Kind> kinds() {
            return to.kinds();
        }

        @Override
        public long apply(Kind kind, AddressSpace space, AddressRange range) {
            return during(of(kind), () -> to.apply(kind, space, range));
        }

        @Override
        public long round(long seed) {
            return to.round(seed);
        }

        @Override
        public Torment torment(long seed) {
            return to.torment(seed);
        }
    }

    private <T> T during(Call call, Supplier<T> body) {
        Call before = current.get();
        current.set(call);
        try {
            return body.get();
        } finally {
            current.set(before);
        }
    }

    private void during(Call call, Runnable body) {
        during(
                call,
                () -> {
                    body.run();
                    return call;
                });
    }

    private static Call of(Protection protection) {
        return protection == Protection.READ_WRITE ? Call.MPROTECT_WIDER : Call.MPROTECT_NARROWER;
    }

    private static Call of(Advice advice) {
        return switch (advice) {
            case DONTNEED -> Call.DISCARD;
            case PAGEOUT -> Call.RECLAIM;
            default -> Call.OTHER_ADVICE;
        };
    }

    private final class Observed extends ForwardingProcess {

        Observed(SvaProcess to) {
            super(to);
        }

        @Override
        public long mmap(MapRequest request) {
            return during(Call.MMAP, () -> super.mmap(request));
        }

        @Override
        public void munmap(long address, long length) {
            during(Call.MUNMAP, () -> super.munmap(address, length));
        }

        @Override
        public void mprotect(long address, long length, Protection protection) {
            during(of(protection), () -> super.mprotect(address, length, protection));
        }

        @Override
        public long mremap(long address, long oldLength, long newLength, boolean mayMove) {
            return during(Call.MREMAP, () -> super.mremap(address, oldLength, newLength, mayMove));
        }

        @Override
        public void madvise(long address, long length, Advice advice) {
            during(of(advice), () -> super.madvise(address, length, advice));
        }

        @Override
        public void truncate(int fd, long size) {
            during(Call.TRUNCATE, () -> super.truncate(fd, size));
        }

        @Override
        public long mmap(MapRequest request, Set<MapFlag> flags) {
            return during(Call.MMAP, () -> super.mmap(request, flags));
        }

        @Override
        public long mremap(RemapRequest request) {
            return during(Call.MREMAP, () -> super.mremap(request));
        }

        @Override
        public void punchHole(int fd, long offset, long length) {
            during(Call.PUNCH_HOLE, () -> super.punchHole(fd, offset, length));
        }

        @Override
        public void msync(long address, long length) {
            during(Call.WRITING_BACK, () -> super.msync(address, length));
        }

        @Override
        public void store(long address, byte[] source, int offset, int length) {
            during(Call.STORE, () -> super.store(address, source, offset, length));
        }

        @Override
        public void storeLong(long address, long value) {
            during(Call.STORE, () -> super.storeLong(address, value));
        }

        @Override
        public SvaProcess fork() {
            return new Observed(during(Call.FORK, super::fork));
        }
    }
}
