package org.opensva.conformance.measure;

import org.openjdk.jmh.annotations.AuxCounters;
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
import org.openjdk.jmh.infra.BenchmarkParams;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.memory.Access;
import org.opensva.api.process.Advice;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;

import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * A host of the size of a data centre's: what one operation costs among very many processes and
 * devices. It is flat, or something scans.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@SuppressWarnings("NullAway.Init")
public class ScaleBenchmark {

    /** Processes that are bound to one device, with nothing mapped. */
    @State(Scope.Benchmark)
    public static class Crowd {

        /** The machine; an SMMUv3 has ASIDs for 65535 address spaces, VT-d has PASIDs for more. */
        @Param({"vtd"})
        String iommu;

        /** How many processes. */
        @Param({"1000", "10000", "100000"})
        int processes;

        private final Random random = new Random(11);
        private MeasuredMachine machine;
        private Endpoint device;
        private SvaProcess[] all;
        private long pageBytes;
        private double keptBytes;

        /** Starts and binds them. */
        @Setup(Level.Trial)
        public void fill() {
            machine = MeasuredMachine.open(iommu, MeasuredMachine.Caches.AS_THEY_ARE);
            device = machine.endpoint(64);
            pageBytes = machine.processes().pageSize();
            all = new SvaProcess[processes];
            long before = MeasuredMachine.heap();
            for (int i = 0; i < processes; i++) {
                all[i] = machine.processes().spawn("one of many");
                machine.binder().bind(device, all[i].addressSpace());
            }
            keptBytes = (double) (MeasuredMachine.heap() - before) / processes;
        }

        /** Takes the machine apart. */
        @TearDown(Level.Trial)
        public void close() {
            machine.close();
        }
    }

    /** What one bound process more keeps. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Kept {

        private double bytes;

        /**
         * Takes what was found when the processes were bound.
         *
         * @param crowd the processes
         * @param run how many iterations there are, over which counters are summed
         */
        @Setup(Level.Trial)
        public void take(Crowd crowd, BenchmarkParams run) {
            bytes = crowd.keptBytes / run.getMeasurement().getCount() / run.getForks();
        }

        /**
         * Bytes of the heap for each process. Nothing is mapped, so that page tables are empty.
         *
         * @return the share of one iteration
         */
        public double keptBytes() {
            return bytes;
        }
    }

    /** Processes and devices, each process bound to a few of the devices. */
    @State(Scope.Benchmark)
    public static class Host {

        /** The machine. */
        @Param({"smmuv3", "vtd"})
        String iommu;

        /** How many devices, with ten times as many processes. */
        @Param({"10", "1000"})
        int devices;

        private final Random random = new Random(13);
        private MeasuredMachine machine;
        private Endpoint[] plugged;
        private SvaProcess[] all;

        /** So many PASIDs have one table of a device at least (Intel VT-d section 9.4). */
        private static final int TABLE = 64;

        /** Starts and binds them, and has every device make the tables of all their PASIDs. */
        @Setup(Level.Trial)
        public void fill() {
            machine = MeasuredMachine.open(iommu, MeasuredMachine.Caches.AS_THEY_ARE);
            plugged = new Endpoint[devices];
            for (int i = 0; i < devices; i++) {
                plugged[i] = machine.endpoint(64);
            }
            all = new SvaProcess[10 * devices];
            for (int i = 0; i < all.length; i++) {
                all[i] = machine.processes().spawn("one of many");
                for (int bound = 0; bound < 3; bound++) {
                    machine.binder().bind(plugged[(i + bound) % devices], all[i].addressSpace());
                }
            }
            for (Endpoint device : plugged) {
                for (int i = 0; i < all.length; i += TABLE) {
                    machine.binder().bind(device, all[i].addressSpace()).close();
                }
            }
        }

        /** Takes the machine apart. */
        @TearDown(Level.Trial)
        public void close() {
            machine.close();
        }
    }

    /** A mapping of a tebibyte, and a device that goes anywhere in it. */
    @State(Scope.Benchmark)
    public static class Sparse {

        private static final long LENGTH = 1L << 40;

        /** The machine. */
        @Param({"smmuv3", "vtd"})
        String iommu;

        private final Random random = new Random(17);
        private final byte[] buffer = new byte[8];
        private MeasuredMachine machine;
        private SvaProcess process;
        private Endpoint device;
        private int pasid;
        private long address;
        private long pageBytes;

        /** Maps it. */
        @Setup(Level.Trial)
        public void map() {
            machine = MeasuredMachine.open(iommu, MeasuredMachine.Caches.AS_THEY_ARE);
            process = machine.processes().spawn("sparse");
            device = machine.endpoint(4096);
            pageBytes = machine.processes().pageSize();
            pasid = machine.binder().bind(device, process.addressSpace()).pasid().value();
            address = process.mmap(MapRequest.anonymous(LENGTH));
        }

        /** Takes the machine apart. */
        @TearDown(Level.Trial)
        public void close() {
            machine.close();
        }
    }

    /**
     * A process comes among many, is bound, unbound, and ends; its PASID is taken and given back.
     *
     * @param crowd the others
     * @param kept what each of them keeps
     * @return its PASID
     */
    @Benchmark
    public int lifeOfAProcess(Crowd crowd, Kept kept) {
        try (SvaProcess process = crowd.machine.processes().spawn("another");
                SvaBond bond = crowd.machine.binder().bind(crowd.device, process.addressSpace())) {
            return bond.pasid().value();
        }
    }

    /**
     * One of many bound processes maps a page, stores to it, and unmaps it.
     *
     * @param crowd the processes
     * @return where the page was
     */
    @Benchmark
    public long mapTouchUnmap(Crowd crowd) {
        SvaProcess process = crowd.all[crowd.random.nextInt(crowd.all.length)];
        long at = process.mmap(MapRequest.anonymous(crowd.pageBytes));
        process.storeLong(at, 1);
        process.munmap(at, crowd.pageBytes);
        return at;
    }

    /**
     * Any process of a large host is bound to any device once more, and unbound.
     *
     * @param host the host
     * @return its PASID
     */
    @Benchmark
    @BenchmarkMode({Mode.AverageTime, Mode.SampleTime})
    public int bindAndUnbind(Host host) {
        SvaProcess process = host.all[host.random.nextInt(host.all.length)];
        Endpoint device = host.plugged[host.random.nextInt(host.plugged.length)];
        try (SvaBond bond = host.machine.binder().bind(device, process.addressSpace())) {
            return bond.pasid().value();
        }
    }

    /**
     * A device writes to a page of a sparse tebibyte that nobody has touched, and the page is given
     * back: a translation that fails, a page request, a fault, a walk, an invalidation.
     *
     * @param sparse the mapping
     * @return the result of the write
     */
    @Benchmark
    public long touchAnywhere(Sparse sparse) {
        long page =
                sparse.address + (sparse.random.nextLong() & Sparse.LENGTH - 1 & -sparse.pageBytes);
        long done = sparse.device.write(sparse.pasid, Access.WRITE, page, sparse.buffer, 0, 8);
        sparse.process.madvise(page, sparse.pageBytes, Advice.DONTNEED);
        return done;
    }
}
