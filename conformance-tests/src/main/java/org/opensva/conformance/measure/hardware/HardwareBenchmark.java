package org.opensva.conformance.measure.hardware;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;

import java.util.Random;
import java.util.concurrent.TimeUnit;

/** What the hardware itself does, without driver and kernel. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class HardwareBenchmark {

    private static final int ORDER = 1 << 17;

    /** What the working sets have in common. */
    abstract static class Pages {
        private final long[] order = new long[ORDER];
        private final byte[] buffer = new byte[8];
        private Unit unit;
        private int at;
        private int come;

        final void make(String iommu, boolean nested, int pages, int iotlb) {
            unit = Unit.of(iommu, nested, pages, iotlb);
            for (int page = 0; page < pages; page++) {
                long result = read(Unit.START + page * 4096L);
                if (!DmaResult.isComplete(result)) {
                    throw new IllegalStateException(
                            "page " + page + ": " + DmaResult.status(result));
                }
            }
            Random random = new Random(42);
            for (int i = 0; i < ORDER; i++) {
                order[i] = Unit.START + random.nextInt(pages) * 4096L;
            }
        }

        final long next() {
            at = at + 1 & ORDER - 1;
            return order[at];
        }

        final long coming() {
            come = come + 1 & 63;
            return Unit.COMING + come * 4096L;
        }

        final long read(long address) {
            return unit.port().read(Unit.PASID, Access.READ, address, buffer, 0, 8);
        }

        final Unit unit() {
            return unit;
        }

        /** Takes the unit apart. */
        @TearDown(Level.Trial)
        public void close() {
            unit.close();
        }
    }

    /** Pages that an IOTLB of four entries does not hold. */
    @State(Scope.Benchmark)
    public static class Walks extends Pages {

        /** The IOMMU. */
        @Param({"smmuv3", "vtd"})
        String iommu;

        /** How many pages. */
        @Param({"1000", "100000", "1000000"})
        int pages;

        /** Whether a hypervisor's tables translate what the guest's give. */
        @Param({"false", "true"})
        boolean nested;

        /** Maps them. */
        @Setup(Level.Trial)
        public void map() {
            make(iommu, nested, pages, 4);
        }
    }

    /** Pages that are all in the IOTLB. */
    @State(Scope.Benchmark)
    public static class Entries extends Pages {

        /** The IOMMU. */
        @Param({"smmuv3", "vtd"})
        String iommu;

        /** How many translations the IOTLB holds. */
        @Param({"1000", "100000", "1000000"})
        int resident;

        /** Fills the IOTLB. */
        @Setup(Level.Trial)
        public void fill() {
            make(iommu, false, resident, 1 << 21);
        }
    }

    /**
     * A read of eight bytes that walks; all tables but the last are in the walk caches.
     *
     * @param pages the pages
     * @return the result
     */
    @Benchmark
    public long walkAndFill(Walks pages) {
        return pages.read(pages.next());
    }

    /**
     * A page that is not in the IOTLB is invalidated: command, sync, completion.
     *
     * @param entries what the IOTLB holds
     */
    @Benchmark
    public void invalidatePage(Entries entries) {
        entries.unit().invalidatePage(Unit.OTHER, entries.next());
    }

    /**
     * A page that is in the IOTLB is invalidated, and brought back by a read that walks.
     *
     * @param entries what the IOTLB holds
     * @return the result of the read
     */
    @Benchmark
    public long invalidatePageAndWalk(Entries entries) {
        long address = entries.next();
        entries.unit().invalidatePage(Unit.PASID, address);
        return entries.read(address);
    }

    /**
     * What a driver does for a short DMA: a page is mapped, read by the device, which walks, taken
     * away, and invalidated: command, sync, completion.
     *
     * @param entries what else the IOTLB holds
     * @return the result of the read
     */
    @Benchmark
    public long driverCycle(Entries entries) {
        long address = entries.coming();
        entries.unit().map(address);
        long result = entries.read(address);
        entries.unit().unmap(address);
        entries.unit().invalidatePage(Unit.PASID, address);
        return result;
    }

    /**
     * A range of 512 pages, none of them in the IOTLB, is invalidated by one command.
     *
     * @param entries what the IOTLB holds
     */
    @Benchmark
    public void invalidateRange(Entries entries) {
        entries.unit().invalidateRange(Unit.OTHER, entries.next());
    }

    /**
     * Everything is invalidated; the first time that is all that was mapped.
     *
     * @param entries what the IOTLB held
     */
    @Benchmark
    public void invalidateAll(Entries entries) {
        entries.unit().invalidateAll();
    }

    /**
     * An address space that has nothing in the IOTLB is invalidated.
     *
     * @param entries what the IOTLB holds
     */
    @Benchmark
    public void invalidateSpace(Entries entries) {
        entries.unit().invalidateSpace(Unit.OTHER);
    }
}
