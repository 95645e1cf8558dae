package org.opensva.conformance.measure;

import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;

import java.util.Random;

/**
 * Pages of a process: as many addresses as are asked for on a few thousand frames, so that a
 * million pages cost their page tables and no more.
 */
final class WorkingSet {

    /** As many accesses as there are in a precomputed order; a power of two. */
    static final int ORDER = 1 << 17;

    /** As many frames as there are at most. */
    static final int FRAMES = 4096;

    private static final long SEED = 42;

    private final long start;
    private final int pages;
    private final int pageSize;

    private WorkingSet(long start, int pages, int pageSize) {
        this.start = start;
        this.pages = pages;
        this.pageSize = pageSize;
    }

    /** Maps pages, one range, and has the process touch each. */
    static WorkingSet map(SvaProcess process, int pages) {
        int pageSize = process.pageSize();
        int frames = Math.min(pages, FRAMES);
        int file = process.createSharedMemory((long) frames * pageSize);
        long start = process.mmap(MapRequest.anonymous((long) pages * pageSize));
        for (int page = 0; page < pages; page += frames) {
            long length = (long) Math.min(frames, pages - page) * pageSize;
            process.mmap(MapRequest.sharedFile(file, 0, length).at(start + (long) page * pageSize));
        }
        WorkingSet set = new WorkingSet(start, pages, pageSize);
        set.touch(process);
        return set;
    }

    /** Has a process that inherited the pages touch each. */
    void touch(SvaProcess process) {
        for (int page = 0; page < pages; page++) {
            process.storeLong(address(page), page);
        }
    }

    long address(int page) {
        return start + (long) page * pageSize;
    }

    int pages() {
        return pages;
    }

    /** Its addresses in a pseudo-random order, the same in every run. */
    long[] order() {
        Random random = new Random(SEED);
        long[] order = new long[ORDER];
        for (int i = 0; i < ORDER; i++) {
            order[i] = address(random.nextInt(pages));
        }
        return order;
    }
}
