package org.opensva.emulated.kernel;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.emulated.kernel.mm.AddressSpaces;
import org.opensva.emulated.kernel.mm.HugePagePolicy;
import org.opensva.emulated.kernel.mm.ProcessorTlbs;
import org.opensva.emulated.kernel.paging.PagingMode;
import org.opensva.emulated.kernel.pressure.Tormentor;
import org.opensva.emulated.kernel.process.EmulatedKernel;
import org.opensva.emulated.machine.BuddyFrameAllocator;
import org.opensva.emulated.machine.ChunkedMemory;
import org.opensva.emulated.machine.EventLog;
import org.opensva.emulated.machine.Processors;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A machine with a kernel and no devices. */
public final class TestMachine implements AutoCloseable {

    private static final long BASE = 0x8000_0000L;

    public final PagingMode mode;
    public final int pageBytes;
    public final ChunkedMemory memory;
    public final BuddyFrameAllocator frames;
    public final EventLog events = new EventLog(1 << 16);
    public final AddressSpaces addressSpaces;
    public final EmulatedKernel kernel;
    public final Tormentor pressure;

    public TestMachine(PagingMode mode) {
        this(mode, 1L << 30);
    }

    public TestMachine(PagingMode mode, long bytes) {
        this(mode, bytes, HugePagePolicy.MADVISE);
    }

    public TestMachine(PagingMode mode, long bytes, HugePagePolicy hugePages) {
        this(mode, bytes, hugePages, ProcessorTlbs.UNSHARED);
    }

    public TestMachine(PagingMode mode, long bytes, HugePagePolicy hugePages, ProcessorTlbs tlbs) {
        this(mode, bytes, hugePages, AddressSpaces.SWAP_PAGES, new Processors(4, 256), tlbs);
    }

    public static TestMachine withSwap(PagingMode mode, long bytes, int swapPages) {
        return new TestMachine(
                mode,
                bytes,
                HugePagePolicy.MADVISE,
                swapPages,
                new Processors(4, 256),
                ProcessorTlbs.UNSHARED);
    }

    public static TestMachine withProcessors(PagingMode mode, Processors processors) {
        return new TestMachine(
                mode,
                1L << 30,
                HugePagePolicy.MADVISE,
                AddressSpaces.SWAP_PAGES,
                processors,
                ProcessorTlbs.UNSHARED);
    }

    private TestMachine(
            PagingMode mode,
            long bytes,
            HugePagePolicy hugePages,
            int swapPages,
            Processors processors,
            ProcessorTlbs tlbs) {
        this.mode = mode;
        pageBytes = mode.geometry().granule().bytes();
        memory = new ChunkedMemory(BASE, bytes);
        frames = new BuddyFrameAllocator(memory, BASE, bytes, mode.entries().poison());
        addressSpaces =
                new AddressSpaces(
                        memory,
                        frames,
                        BASE + bytes,
                        mode,
                        hugePages,
                        swapPages,
                        processors,
                        tlbs,
                        events);
        pressure = new Tormentor(addressSpaces, Thread.ofPlatform().daemon().factory());
        kernel = new EmulatedKernel(addressSpaces, new KernelTracer(OpenTelemetry.noop()));
    }

    public SvaProcess spawn() {
        return kernel.spawn("test");
    }

    public long anonymous(SvaProcess process, long pages) {
        return process.mmap(MapRequest.anonymous(pages * pageBytes));
    }

    /** What each eight bytes of a freed frame hold. */
    public long poison() {
        return mode.entries().poison();
    }

    /**
     * What hardware finds for an address: the physical address of its page of 4 KiB, with bit 0
     * set, and bit 1 if writes are let through; 0 if nothing is there. A walk of its own.
     */
    public long walk(SvaProcess process, long address) {
        long root = process.addressSpace().pageTable().orElseThrow().root();
        return switch (mode) {
            case ARM64_4K -> walkArm(root, address, 39, 9);
            case ARM64_16K -> walkArm(root, address, 47, 11);
            case ARM64_64K -> walkArm(root, address, 42, 13);
            case X86_64_4LEVEL -> walkX86(root, address, 39);
            case X86_64_5LEVEL -> walkX86(root, address, 48);
        };
    }

    private long walkArm(long root, long address, int firstShift, int bits) {
        long table = root;
        int shift = firstShift;
        while (true) {
            long entry = memory.readLong(table + (address >>> shift & (1L << bits) - 1) * 8);
            boolean last = shift == bits + 3;
            if ((entry & 1) == 0 || last && (entry & 2) == 0) {
                return 0;
            }
            if (last || (entry & 2) == 0) {
                boolean usable = (entry & 1 << 6) != 0 && (entry & 1 << 10) != 0;
                boolean writes = (entry & 1 << 7) == 0;
                return leaf(usable, entry & 0xFFFF_FFFF_F000L, shift, address, writes);
            }
            table = entry & 0xFFFF_FFFF_F000L;
            shift -= bits;
        }
    }

    private long walkX86(long root, long address, int firstShift) {
        long table = root;
        int shift = firstShift;
        boolean writes = true;
        boolean user = true;
        while (true) {
            long entry = memory.readLong(table + (address >>> shift & 511) * 8);
            if ((entry & 1) == 0) {
                return 0;
            }
            writes &= (entry & 2) != 0;
            user &= (entry & 4) != 0;
            if (shift == 12 || (entry & 1 << 7) != 0) {
                return leaf(user, entry & 0xF_FFFF_FFFF_F000L, shift, address, writes);
            }
            table = entry & 0xF_FFFF_FFFF_F000L;
            shift -= 9;
        }
    }

    private static long leaf(boolean usable, long frame, int shift, long address, boolean writes) {
        if (!usable) {
            return 0;
        }
        if ((frame & (1L << shift) - 1) != 0) {
            throw new AssertionError("a page of 2^%d bytes at 0x%x".formatted(shift, frame));
        }
        return frame | address & (1L << shift) - 1 & -4096 | 1 | (writes ? 2 : 0);
    }

    public static boolean writable(long found) {
        return (found & 2) != 0;
    }

    public static long frame(long found) {
        return found & -4096;
    }

    @Override
    public void close() {
        pressure.close();
        kernel.close();
        addressSpaces.close();
    }

    /** Keeps what it hears, and runs a check each time before it returns. */
    public static final class Recorder implements AddressSpaceListener {
        public final List<AddressRange> ranges = new ArrayList<>();
        public final AtomicInteger releases = new AtomicInteger();
        public Runnable check = () -> {};
        public Runnable releaseCheck = () -> {};

        @Override
        public synchronized void invalidate(AddressRange range) {
            ranges.add(range);
            check.run();
        }

        @Override
        public synchronized void release() {
            releases.incrementAndGet();
            releaseCheck.run();
        }

        public synchronized boolean covers(long address, long length) {
            for (long at = address; at < address + length; at += 4096) {
                long page = at;
                if (ranges.stream().noneMatch(range -> range.contains(page))) {
                    return false;
                }
            }
            return true;
        }
    }
}
