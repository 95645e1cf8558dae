package org.opensva.emulated.kernel;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.mm.AddressSpaces;
import org.opensva.emulated.kernel.process.EmulatedKernel;
import org.opensva.emulated.machine.BuddyFrameAllocator;
import org.opensva.emulated.machine.ChunkedMemory;
import org.opensva.emulated.machine.EventLog;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A machine with a kernel and no devices. */
public final class TestMachine implements AutoCloseable {

    public static final int PAGE = 4096;
    private static final long BASE = 0x8000_0000L;

    public final ChunkedMemory memory;
    public final BuddyFrameAllocator frames;
    public final EventLog events = new EventLog(1 << 16);
    public final AddressSpaces addressSpaces;
    public final EmulatedKernel kernel;

    public TestMachine() {
        this(1L << 30);
    }

    public TestMachine(long bytes) {
        memory = new ChunkedMemory(BASE, bytes);
        frames = new BuddyFrameAllocator(memory, BASE, bytes);
        addressSpaces = new AddressSpaces(memory, frames, BASE + bytes, events);
        kernel = new EmulatedKernel(addressSpaces, new KernelTracer(OpenTelemetry.noop()));
    }

    public SvaProcess spawn() {
        return kernel.spawn("test");
    }

    public static long anonymous(SvaProcess process, long pages) {
        return process.mmap(MapRequest.anonymous(pages * PAGE));
    }

    /** The entry that hardware finds for an address, 0 if there is none: a walk of its own. */
    public long hardwareEntry(SvaProcess process, long address) {
        long table = process.addressSpace().pageTable().orElseThrow().root();
        for (int shift = 39; shift > 12; shift -= 9) {
            long entry = memory.readLong(table + (address >>> shift & 511) * 8);
            if ((entry & 3) != 3) {
                return 0;
            }
            table = entry & 0xFFFF_FFFF_F000L;
        }
        long entry = memory.readLong(table + (address >>> 12 & 511) * 8);
        return (entry & 3) == 3 ? entry : 0;
    }

    public static boolean writable(long entry) {
        return entry != 0 && (entry & 1 << 7) == 0;
    }

    public static long frame(long entry) {
        return entry & 0xFFFF_FFFF_F000L;
    }

    @Override
    public void close() {
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
            for (long at = address; at < address + length; at += PAGE) {
                long page = at;
                if (ranges.stream().noneMatch(range -> range.contains(page))) {
                    return false;
                }
            }
            return true;
        }
    }
}
