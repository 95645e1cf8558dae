package org.opensva.conformance.measure;

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
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.memory.Access;
import org.opensva.api.process.Advice;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;

import java.util.concurrent.TimeUnit;

/** Changes of an address space while devices hold translations of it, and of many other pages. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class MappingBenchmark {

    private static final int RANGE = 64;

    /** A process, and what caches hold of it. */
    @State(Scope.Benchmark)
    public static class Resident {

        /** The machine. */
        @Param({"smmuv3", "vtd"})
        String iommu;

        /** How many other translations the IOTLB, and the ATC if there is one, hold. */
        @Param({"1000", "100000", "1000000"})
        int resident;

        /** What the process is bound to. */
        @Param({"nothing", "iotlb", "atc"})
        String bound;

        private MeasuredMachine machine;
        private SvaProcess process;
        private Endpoint endpoint;
        private AgentPort port;
        private int pasid;
        private long length;

        /** Fills the caches. */
        @Setup(Level.Trial)
        public void fill() {
            machine = MeasuredMachine.open(iommu, MeasuredMachine.Caches.LARGE);
            process = machine.processes().spawn("measured");
            length = process.pageSize();
            WorkingSet set = WorkingSet.map(process, resident);
            BareDevice device = machine.bareDevice();
            endpoint = machine.endpoint(1 << 20);
            port = device.port();
            if (!bound.equals("nothing")) {
                pasid = machine.binder().bind(device, process.addressSpace()).pasid().value();
            }
            if (bound.equals("atc")) {
                machine.binder().bind(endpoint, process.addressSpace());
            }
            byte[] buffer = new byte[8];
            for (int page = 0; page < resident && !bound.equals("nothing"); page++) {
                read(set.address(page), buffer);
            }
        }

        private void read(long address, byte[] buffer) {
            switch (bound) {
                case "atc" -> endpoint.read(pasid, Access.READ, address, buffer, 0, 8);
                case "iotlb" -> port.read(pasid, Access.READ, address, buffer, 0, 8);
                default -> {
                    // Nobody looks.
                }
            }
        }

        /** Takes the machine apart. */
        @TearDown(Level.Trial)
        public void close() {
            machine.close();
        }
    }

    /**
     * A page is mapped, touched by the process, read by the device, and unmapped.
     *
     * @param set the process
     * @param stroll the thread
     */
    @Benchmark
    @BenchmarkMode({Mode.AverageTime, Mode.SampleTime})
    public void mapTouchUnmap(Resident set, Stroll stroll) {
        long address = set.process.mmap(MapRequest.anonymous(set.length));
        set.process.storeLong(address, 1);
        set.read(address, stroll.buffer);
        set.process.munmap(address, set.length);
    }

    /** A page that is mapped, touched, and read by the device: one for each unmapping. */
    @State(Scope.Thread)
    public static class Mapped {

        private long address;

        /**
         * Maps it.
         *
         * @param set the process
         * @param stroll the thread
         */
        @Setup(Level.Invocation)
        public void map(Resident set, Stroll stroll) {
            address = set.process.mmap(MapRequest.anonymous(set.length));
            set.process.storeLong(address, 1);
            set.read(address, stroll.buffer);
        }
    }

    /**
     * A page that the process and the device have used is unmapped, and nothing else: page table,
     * TLBs, IOTLB, ATC, synchronisation. Each is timed by itself, so that a reading of the clock is
     * part of it.
     *
     * @param set the process
     * @param page the page
     */
    @Benchmark
    @BenchmarkMode({Mode.AverageTime, Mode.SampleTime})
    public void unmap(Resident set, Mapped page) {
        set.process.munmap(page.address, set.length);
    }

    /**
     * {@link #mapTouchUnmap} with a range of 64 pages.
     *
     * @param set the process
     * @param stroll the thread
     */
    @Benchmark
    public void mapTouchUnmapRange(Resident set, Stroll stroll) {
        long address = set.process.mmap(MapRequest.anonymous(set.length * RANGE));
        for (int page = 0; page < RANGE; page++) {
            set.process.storeLong(address + page * set.length, 1);
            set.read(address + page * set.length, stroll.buffer);
        }
        set.process.munmap(address, set.length * RANGE);
    }

    /** A process whose pages come and go, and a device that asks for them. */
    @State(Scope.Benchmark)
    public static class Absent {

        private static final int PAGES = 4096;

        /** The machine. */
        @Param({"smmuv3", "smmuv3-stall", "vtd"})
        String iommu;

        private MeasuredMachine machine;
        private SvaProcess process;
        private Endpoint endpoint;
        private int pasid;
        private long start;
        private long length;
        private int page;

        /** Binds it. */
        @Setup(Level.Trial)
        public void bind() {
            machine = MeasuredMachine.open(iommu, MeasuredMachine.Caches.AS_THEY_ARE);
            process = machine.processes().spawn("measured");
            length = process.pageSize();
            start = process.mmap(MapRequest.anonymous(length * PAGES));
            endpoint =
                    iommu.endsWith("-stall") ? machine.stallingEndpoint() : machine.endpoint(4096);
            pasid = machine.binder().bind(endpoint, process.addressSpace()).pasid().value();
        }

        private long next() {
            if (page == PAGES) {
                page = 0;
                process.madvise(start, length * PAGES, Advice.DONTNEED);
            }
            return start + length * page++;
        }

        /** Takes the machine apart. */
        @TearDown(Level.Trial)
        public void close() {
            machine.close();
        }
    }

    /**
     * A device writes to a page that is not there: page request, page fault, response, and the
     * access; once in 4 096 times all pages are given back.
     *
     * @param set the process
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    @BenchmarkMode({Mode.AverageTime, Mode.SampleTime})
    public long pageRequest(Absent set, Stroll stroll) {
        return set.endpoint.write(set.pasid, Access.WRITE, set.next(), stroll.buffer, 0, 8);
    }
}
