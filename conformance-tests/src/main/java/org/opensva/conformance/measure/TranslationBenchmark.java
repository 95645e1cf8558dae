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
import org.openjdk.jmh.annotations.Threads;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.memory.Access;
import org.opensva.api.process.SvaProcess;

import java.util.concurrent.TimeUnit;

/** Reads of eight bytes by a device: what it costs to find where they are. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class TranslationBenchmark {

    private static final int ATC_ENTRIES = 1 << 21;

    /** What all working sets share. */
    abstract static class Bound {

        private MeasuredMachine machine;
        private SvaBond bond;

        /** Addresses to go to, one after the other. */
        long[] order;

        /** The PASID. */
        int pasid;

        /** The untranslated way in. */
        AgentPort port;

        /** A second device, for a second thread. */
        AgentPort otherPort;

        final void bind(String iommu, int pages, MeasuredMachine.Caches caches) {
            machine = MeasuredMachine.open(iommu, caches);
            SvaProcess process = machine.processes().spawn("measured");
            WorkingSet set = WorkingSet.map(process, pages);
            BareDevice device = machine.bareDevice();
            BareDevice other = machine.bareDevice();
            bond = machine.binder().bind(device, process.addressSpace());
            machine.binder().bind(other, process.addressSpace());
            port = device.port();
            otherPort = other.port();
            pasid = bond.pasid().value();
            order = set.order();
            byte[] buffer = new byte[8];
            for (int page = 0; page < pages; page++) {
                check(port.read(pasid, Access.READ, set.address(page), buffer, 0, 8));
            }
        }

        /** Takes the machine apart. */
        @TearDown(Level.Trial)
        public void close() {
            machine.close();
        }
    }

    /** Everything is in the IOTLB. */
    @State(Scope.Benchmark)
    public static class Iotlb extends Bound {

        /** The machine. */
        @Param({"smmuv3-noats", "vtd"})
        String iommu;

        /** How many pages. */
        @Param({"1", "1000", "10000", "100000", "1000000"})
        int pages;

        /** Fills the IOTLB. */
        @Setup(Level.Trial)
        public void fill() {
            bind(iommu, pages, MeasuredMachine.Caches.LARGE);
        }
    }

    /** Next to nothing is in the IOTLB, all tables but the last are in the walk caches. */
    @State(Scope.Benchmark)
    public static class WalkCache extends Bound {

        /** The machine. */
        @Param({"smmuv3-noats", "vtd", "vtd-5level"})
        String iommu;

        /** How many pages. */
        @Param({"1000", "100000", "1000000"})
        int pages;

        /** Fills the walk caches. */
        @Setup(Level.Trial)
        public void fill() {
            bind(iommu, pages, MeasuredMachine.Caches.WALK_CACHE);
        }
    }

    /** Next to nothing is in any cache. */
    @State(Scope.Benchmark)
    public static class Tables extends Bound {

        /** The machine. */
        @Param({"smmuv3-noats", "vtd", "vtd-5level"})
        String iommu;

        /** How many pages: more than 2 MiB each, so that walk caches of four do not help. */
        @Param({"100000", "1000000"})
        int pages;

        /** Warms the tables. */
        @Setup(Level.Trial)
        public void fill() {
            bind(iommu, pages, MeasuredMachine.Caches.NONE);
        }
    }

    /** Everything is in the ATC. */
    @State(Scope.Benchmark)
    public static class Atc {

        /** The machine. */
        @Param({"smmuv3", "vtd"})
        String iommu;

        /** How many pages. */
        @Param({"1", "1000", "10000", "100000", "1000000"})
        int pages;

        private MeasuredMachine machine;
        private Endpoint endpoint;
        private long[] order;
        private int pasid;

        /** Fills the ATC. */
        @Setup(Level.Trial)
        public void fill() {
            machine = MeasuredMachine.open(iommu, MeasuredMachine.Caches.LARGE);
            SvaProcess process = machine.processes().spawn("measured");
            WorkingSet set = WorkingSet.map(process, pages);
            endpoint = machine.endpoint(ATC_ENTRIES);
            pasid = machine.binder().bind(endpoint, process.addressSpace()).pasid().value();
            order = set.order();
            byte[] buffer = new byte[8];
            for (int page = 0; page < pages; page++) {
                check(endpoint.read(pasid, Access.READ, set.address(page), buffer, 0, 8));
            }
        }

        /** Takes the machine apart. */
        @TearDown(Level.Trial)
        public void close() {
            machine.close();
        }
    }

    private static void check(long result) {
        if (!DmaResult.isComplete(result)) {
            throw new IllegalStateException("a page is not there: " + DmaResult.status(result));
        }
    }

    private static long read(Bound set, AgentPort port, Stroll stroll) {
        long address = set.order[stroll.next()];
        return port.read(set.pasid, Access.READ, address, stroll.buffer, 0, 8);
    }

    /**
     * The translation is in the ATC.
     *
     * @param set the pages
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long atcHit(Atc set, Stroll stroll) {
        long address = set.order[stroll.next()];
        return set.endpoint.read(set.pasid, Access.READ, address, stroll.buffer, 0, 8);
    }

    /**
     * Two threads on one ATC.
     *
     * @param set the pages
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    @Threads(2)
    public long atcHitByTwo(Atc set, Stroll stroll) {
        return atcHit(set, stroll);
    }

    /**
     * The translation is in the IOTLB.
     *
     * @param set the pages
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long iotlbHit(Iotlb set, Stroll stroll) {
        return read(set, set.port, stroll);
    }

    /**
     * Two threads, each with a device of its own, behind one IOMMU.
     *
     * @param set the pages
     * @param stroll the thread
     * @param lane which device
     * @return the result
     */
    @Benchmark
    @Threads(2)
    public long iotlbHitByTwo(Iotlb set, Stroll stroll, Lane lane) {
        return read(set, lane.first ? set.port : set.otherPort, stroll);
    }

    /** Which of two devices a thread has. */
    @State(Scope.Thread)
    public static class Lane {
        private boolean first;

        /**
         * Chooses.
         *
         * @param threads who this thread is
         */
        @Setup(Level.Trial)
        public void choose(org.openjdk.jmh.infra.ThreadParams threads) {
            first = threads.getThreadIndex() == 0;
        }
    }

    /**
     * Only the last table is read.
     *
     * @param set the pages
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long walkCacheHit(WalkCache set, Stroll stroll) {
        return read(set, set.port, stroll);
    }

    /**
     * Every table is read.
     *
     * @param set the pages
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long walk(Tables set, Stroll stroll) {
        return read(set, set.port, stroll);
    }
}
