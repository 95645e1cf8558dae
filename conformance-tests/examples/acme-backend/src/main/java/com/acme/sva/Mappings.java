package com.acme.sva;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.MapRequest;

/**
 * The calls that change mappings. Each checks its arguments first, so that a refused call changes
 * nothing, and leaves the order of clearing, invalidating and freeing to {@link PageMap}.
 */
final class Mappings {

    private final AcmeAddressSpace space;

    Mappings(AcmeAddressSpace space) {
        this.space = space;
    }

    /** A half-open, page-aligned part of the process's addresses. */
    private record Span(long start, long end) {

        static Span of(String call, long address, long length, Errno tooLarge) {
            if (Frame.offsetOf(address) != 0) {
                throw new ErrnoException(Errno.EINVAL, call, "the address is not page-aligned");
            }
            if (length <= 0 || address < 0) {
                throw new ErrnoException(Errno.EINVAL, call, "there is no such range");
            }
            if (length > VmaTree.END || address > VmaTree.END - rounded(length)) {
                throw new ErrnoException(tooLarge, call, "the range leaves the address space");
            }
            return new Span(address, address + rounded(length));
        }
    }

    private static long rounded(long length) {
        return (length + Frame.SIZE - 1) & -Frame.SIZE;
    }

    long map(MapRequest request, @Nullable MemoryObject object) {
        String call = "mmap";
        Span wanted =
                Span.of(
                        call,
                        request.fixed() ? request.address() : 0,
                        request.length(),
                        Errno.ENOMEM);
        long length = wanted.end() - wanted.start();
        if (Frame.offsetOf(request.offset()) != 0
                || request.offset() < 0
                || request.offset() > Long.MAX_VALUE - length) {
            throw new ErrnoException(Errno.EINVAL, call, "the offset makes no sense");
        }
        if (request.fixed() && wanted.start() < VmaTree.LOWEST) {
            throw new ErrnoException(Errno.EPERM, call, "the lowest addresses cannot be mapped");
        }
        return space.change(() -> {
            long start = request.fixed() ? wanted.start() : place(request.address(), length);
            remove(start, start + length);
            space.vmas.add(
                    new Vma(
                            start,
                            start + length,
                            request.protection(),
                            request.shared(),
                            object,
                            object == null ? 0 : request.offset(),
                            Vma.OnFork.COPY));
            return start;
        });
    }

    private long place(long hint, long length) {
        long wish = Frame.pageOf(hint);
        if (wish > 0 && wish <= VmaTree.END - length && space.vmas.isFree(wish, wish + length)) {
            return wish;
        }
        long place = space.vmas.gap(length);
        if (place == 0) {
            throw new ErrnoException(Errno.ENOMEM, "mmap", "no address range is large enough");
        }
        return place;
    }

    void unmap(long address, long length) {
        Span span = Span.of("munmap", address, length, Errno.EINVAL);
        space.change(() -> {
            remove(span.start(), span.end());
            return true;
        });
    }

    /** Pages first: they may be the last that keep a memory object's frames from reuse. */
    private void remove(long start, long end) {
        space.pages.clear(start, end);
        space.vmas.remove(start, end);
    }

    void protect(long address, long length, Protection protection) {
        if (length == 0 && Frame.offsetOf(address) == 0) {
            return;
        }
        Span span = Span.of("mprotect", address, length, Errno.ENOMEM);
        space.change(() -> {
            requireMapped("mprotect", span);
            space.vmas.change(span.start(), span.end(), vma -> vma.with(protection));
            space.pages.narrow(span.start(), span.end(), protection.access());
            return true;
        });
    }

    private void requireMapped(String call, Span span) {
        if (!space.vmas.covers(span.start(), span.end())) {
            throw new ErrnoException(Errno.ENOMEM, call, "part of the range is not mapped");
        }
    }

    void advise(long address, long length, Advice advice) {
        if (length == 0 && Frame.offsetOf(address) == 0) {
            return;
        }
        Span span = Span.of("madvise", address, length, Errno.ENOMEM);
        space.change(() -> {
            requireMapped("madvise", span);
            switch (advice) {
                case DONTNEED -> space.pages.clear(span.start(), span.end());
                case POPULATE_WRITE -> populate(span);
                case DONTFORK -> onFork(span, Vma.OnFork.OMIT);
                case WIPEONFORK -> wipeOnFork(span);
                case HUGEPAGE, NOHUGEPAGE -> {
                    // Pages have one size here, and the advice is only a wish.
                }
                default ->
                        throw new ErrnoException(
                                Errno.EINVAL, "madvise", advice + " is not known here");
            }
            return true;
        });
    }

    private void onFork(Span span, Vma.OnFork fork) {
        space.vmas.change(span.start(), span.end(), vma -> vma.with(fork));
    }

    private void wipeOnFork(Span span) {
        for (long at = span.start(); at < span.end(); ) {
            Vma vma = space.vmas.find(at);
            if (vma == null || vma.object() != null) {
                throw new ErrnoException(
                        Errno.EINVAL, "madvise", "only private anonymous memory can be wiped");
            }
            at = vma.end();
        }
        onFork(span, Vma.OnFork.WIPE);
    }

    private void populate(Span span) {
        for (long page = span.start(); page < span.end(); page += Frame.SIZE) {
            FaultOutcome outcome = space.handleFault(page, Access.READ | Access.WRITE);
            if (outcome != FaultOutcome.RESOLVED) {
                throw new ErrnoException(
                        outcome == FaultOutcome.OUT_OF_MEMORY ? Errno.ENOMEM : Errno.EINVAL,
                        "madvise",
                        "page 0x%x cannot be written".formatted(page));
            }
        }
    }

    long remap(long address, long oldLength, long newLength, boolean mayMove) {
        Span old = Span.of("mremap", address, oldLength, Errno.EINVAL);
        long length = rounded(newLength);
        if (newLength <= 0 || newLength > VmaTree.END) {
            throw new ErrnoException(Errno.EINVAL, "mremap", "the new length makes no sense");
        }
        return space.change(() -> {
            Vma vma = space.vmas.find(old.start());
            if (vma == null || vma.end() < old.end()) {
                throw new ErrnoException(
                        Errno.EFAULT, "mremap", "the old range is not one mapping");
            }
            long oldSize = old.end() - old.start();
            if (length <= oldSize) {
                remove(old.start() + length, old.end());
                return old.start();
            }
            long newEnd = old.start() + length;
            if (vma.end() == old.end() && space.vmas.isFree(old.end(), newEnd)) {
                space.vmas.change(old.start(), old.end(), grown -> grown.part(old.start(), newEnd));
                return old.start();
            }
            if (!mayMove) {
                throw new ErrnoException(
                        Errno.ENOMEM, "mremap", "there is no room, and it may not move");
            }
            return move(vma.part(old.start(), old.end()), length);
        });
    }

    /** The new mapping first, so that the memory object always has one of the two. */
    private long move(Vma old, long length) {
        long place = place(0, length);
        space.vmas.add(old.movedTo(place, length));
        space.pages.move(old.start(), place, old.end() - old.start());
        space.vmas.remove(old.start(), old.end());
        return place;
    }
}
