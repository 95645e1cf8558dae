package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.Access;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.emulated.kernel.paging.EntryFormat;
import org.opensva.emulated.kernel.paging.Geometry;
import org.opensva.emulated.kernel.paging.PagingMode;
import org.opensva.emulated.machine.Processors;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * The memory management of a machine: makes address spaces and memory objects, and knows those
 * whose identity has not ended.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class AddressSpaces implements AutoCloseable {

    /** As many pages as swap has room for, if nothing else is said. */
    public static final int SWAP_PAGES = 1 << 20;

    private final HugePagePolicy hugePages;
    private final EntryFormat entries;
    private final Geometry geometry;
    private final PageFrames frames;
    private final SwapArea swap;
    private final Processors processors;
    private final AsidSpace asids;
    private final Transits transits;
    private final PageWork pages;
    private final MemoryRelief relief;
    private final FaultLocks faultLocks = new FaultLocks();
    private final WriteBack writeBack;
    private final SharedHugePages sharedHugePages;
    private final HardwareEventSink events;
    private volatile Runnable whenMergeable = () -> {};
    private final AtomicLong ids = new AtomicLong();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Map<Long, ProcessAddressSpace> identities = new ConcurrentHashMap<>();

    /**
     * Creates the memory management.
     *
     * @param memory physical memory
     * @param frames where pages and page tables come from
     * @param memoryLimit the physical address after the last byte of memory; entries can hold the
     *     addresses below
     * @param mode how page tables are written
     * @param hugePages which mappings get huge pages
     * @param swapPages how many pages swap has room for
     * @param processors who loads and stores, with TLBs of their own
     * @param tlbs how they maintain the TLBs of others
     * @param events where events go
     * @throws IllegalArgumentException if entries cannot hold the addresses of memory
     */
    public AddressSpaces(
            PhysicalMemory memory,
            FrameAllocator frames,
            long memoryLimit,
            PagingMode mode,
            HugePagePolicy hugePages,
            int swapPages,
            Processors processors,
            ProcessorTlbs tlbs,
            HardwareEventSink events) {
        if (memoryLimit <= 0 || memoryLimit > 1L << mode.entries().physicalAddressBits()) {
            throw new IllegalArgumentException(
                    "memory that ends at 0x%x does not fit page tables".formatted(memoryLimit));
        }
        this.hugePages = hugePages;
        this.processors = processors;
        this.asids = new AsidSpace(tlbs);
        this.entries = mode.entries();
        this.geometry = mode.geometry();
        this.frames = new PageFrames(memory, frames, events, geometry, memoryLimit);
        this.swap = new SwapArea(geometry.granule().bytes(), swapPages);
        this.transits = new Transits(this.frames, entries, geometry, swap);
        Reclaim reclaim = new Reclaim(this.frames, swap, transits);
        this.relief = new MemoryRelief(this.frames, transits, reclaim);
        this.writeBack = new WriteBack(this.frames, transits);
        PageMigration migration = new PageMigration(this.frames, transits);
        this.sharedHugePages = new SharedHugePages(this.frames, migration);
        this.pages =
                new PageWork(
                        this,
                        migration,
                        new Compaction(this.frames, migration),
                        reclaim,
                        writeBack,
                        new SamePages(this.frames));
        this.events = events;
    }

    /**
     * Makes an empty address space with one user.
     *
     * @return the address space
     * @throws ErrnoException {@code ENOMEM}
     */
    public ProcessAddressSpace create() {
        while (true) {
            try {
                ProcessAddressSpace space = new ProcessAddressSpace(ids.incrementAndGet(), this);
                identities.put(space.id(), space);
                return space;
            } catch (OutOfFramesException e) {
                if (!relief.relieve()) {
                    throw new ErrnoException(
                            Errno.ENOMEM, "create address space", String.valueOf(e.getMessage()));
                }
            }
        }
    }

    /**
     * Makes a memory object with one reference.
     *
     * @param size number of bytes, at least 0
     * @return the object
     */
    public MemoryObject createObject(long size) {
        return new MemoryObject(frames, swap, geometry, relief, size, false);
    }

    /**
     * Makes a file on a disk with one reference.
     *
     * @param size number of bytes, at least 0
     * @return the file
     */
    public MemoryObject createFile(long size) {
        return new MemoryObject(frames, swap, geometry, relief, size, true);
    }

    /**
     * Writes the pages of a file back that were written to.
     *
     * @param file the file; nothing is done for an object without a disk
     */
    public void writeBack(MemoryObject file) {
        writeBack.writeAll(file, 0, Long.MAX_VALUE);
    }

    /**
     * Ties a PASID to the identity of an address space (Linux: {@code mm->iommu_mm}).
     *
     * @param addressSpaceId the number of the address space; the caller has a hold on it
     * @param pasid the PASID, or -1 to undo
     * @param atEnd runs when the identity ends
     * @throws ErrnoException {@code EINVAL} if there is no such address space here
     */
    public void claimPasid(long addressSpaceId, int pasid, Runnable atEnd) {
        ProcessAddressSpace space = identities.get(addressSpaceId);
        if (space == null) {
            throw new ErrnoException(
                    Errno.EINVAL, "bind", "address space " + addressSpaceId + " does not exist");
        }
        space.claimPasid(pasid, atEnd);
    }

    /**
     * What the kernel can do to pages on its own account.
     *
     * @return for all address spaces of the machine
     */
    public PageWork pages() {
        return pages;
    }

    /**
     * Finds the address space of a number.
     *
     * @param id the number
     * @return the address space, or empty if its identity has ended or is of another machine
     */
    public Optional<ProcessAddressSpace> find(long id) {
        return Optional.ofNullable(identities.get(id));
    }

    /**
     * The page size of processes.
     *
     * @return bytes
     */
    public int pageSize() {
        return geometry.granule().bytes();
    }

    /**
     * Counts the address spaces whose identity has not ended.
     *
     * @return how many there are
     */
    public int identityCount() {
        return identities.size();
    }

    /**
     * Counts the ASIDs that IOMMUs have asked for.
     *
     * @return how many address spaces share theirs
     */
    public int sharedAsidCount() {
        return asids.count();
    }

    /**
     * Counts the pages of processes and memory objects.
     *
     * @return pages, not counting the zero page
     */
    public long pageCount() {
        return frames.pageCount();
    }

    /**
     * Counts the page-table pages.
     *
     * @return tables
     */
    public long tableCount() {
        return frames.tableCount();
    }

    /**
     * Counts the pages in swap.
     *
     * @return slots in use
     */
    public int swappedPages() {
        return swap.usedSlots();
    }

    /**
     * Frees what is shared by all address spaces. They must have ended; closing again does nothing.
     */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            frames.close();
        }
    }

    /** Sees what the TLBs of processors hold. */
    public interface TlbVisitor {
        /**
         * A cached translation of a page.
         *
         * @param processor whose TLB it is in
         * @param addressSpace the number of the address space
         * @param address the address of the page
         * @param physical where it is in memory
         * @param access what is allowed, as {@link Access} bits
         */
        void translation(int processor, long addressSpace, long address, long physical, int access);
    }

    /**
     * Visits what the TLBs of processors hold and would still use.
     *
     * @param visitor gets each translation; what changes meanwhile may be seen or not
     */
    public void visitTlbs(TlbVisitor visitor) {
        processors.visit((processor, space, page, entry) -> {
            int access = 0;
            for (int one : new int[] {Access.READ, Access.WRITE, Access.EXECUTE}) {
                access |= entries.allows(entry, one) ? one : 0;
            }
            visitor.translation(
                    processor, space, page << geometry.pageShift(), entries.frame(entry), access);
        });
    }

    /**
     * Whether a cache holds what the tables of an address space do not allow any more.
     *
     * @param addressSpace the number of the address space; one that is not known has no tables
     * @param address the first address that the cache translates alike
     * @param sizeShift log2 of the size of that
     * @param physical where the cache says it is
     * @param access what the cache says is allowed, as {@link Access} bits
     * @param isHeld whether the cache holds it still; asked while nothing is taken away, so that it
     *     cannot be about to be invalidated
     * @return true if it does
     */
    public boolean isStale(
            long addressSpace,
            long address,
            int sizeShift,
            long physical,
            int access,
            BooleanSupplier isHeld) {
        ProcessAddressSpace space = identities.get(addressSpace);
        return space == null
                ? isHeld.getAsBoolean()
                : space.visits().isStale(address, sizeShift, physical, access, isHeld);
    }

    Collection<ProcessAddressSpace> known() {
        return identities.values();
    }

    /**
     * Says who ends processes when memory runs out and nothing can be reclaimed; without one, calls
     * fail and accesses are refused.
     *
     * @param killer ends a process
     */
    public void whenOutOfMemory(OutOfMemoryKiller killer) {
        relief.setKiller(killer);
    }

    /**
     * Says who reclaims in the background.
     *
     * @param wake is run when less memory is free than should be, by whoever allocates; it does not
     *     wait
     */
    public void whenMemoryIsLow(Runnable wake) {
        relief.setWhenLow(wake);
    }

    /**
     * Reclaims some pages in the background, those first that were not used for the longest time.
     *
     * @return false if enough memory is free, or nothing more can be reclaimed
     */
    public boolean reclaimSome() {
        return frames.isBelow(PageFrames.Watermark.HIGH) && relief.shrink(MemoryRelief.BATCH) > 0;
    }

    /**
     * Says who merges pages of the same contents in the background.
     *
     * @param wake is run when a process says that pages of it may be merged; it does not wait
     */
    public void whenMergeable(Runnable wake) {
        whenMergeable = wake;
    }

    void wakeMerging() {
        whenMergeable.run();
    }

    FaultLocks faultLocks() {
        return faultLocks;
    }

    SharedHugePages sharedHugePages() {
        return sharedHugePages;
    }

    WriteBack writeBack() {
        return writeBack;
    }

    MemoryRelief relief() {
        return relief;
    }

    Transits transits() {
        return transits;
    }

    Processors processors() {
        return processors;
    }

    AsidSpace asids() {
        return asids;
    }

    HugePagePolicy hugePages() {
        return hugePages;
    }

    EntryFormat entries() {
        return entries;
    }

    Geometry geometry() {
        return geometry;
    }

    PageFrames frames() {
        return frames;
    }

    SwapArea swap() {
        return swap;
    }

    HardwareEventSink events() {
        return events;
    }

    void ended(ProcessAddressSpace space) {
        identities.remove(space.id());
    }
}
