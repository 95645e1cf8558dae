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
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.memory.Access;
import org.opensva.api.process.SvaProcess;

import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Many address spaces bound to one device. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class SpacesBenchmark {

    /** So many all address spaces have together, so that only their number differs. */
    static final int PAGES = 100_000;

    /** Processes, each with a few pages. */
    abstract static class Bound {

        private final long[] addresses = new long[WorkingSet.ORDER];
        private final int[] pasids = new int[WorkingSet.ORDER];
        private MeasuredMachine machine;
        private SvaProcess extra;
        private Endpoint endpoint;
        private BareDevice device;
        private AgentPort port;

        final void bind(String iommu, int spaces) {
            int pages = Math.max(1, PAGES / spaces);
            machine = MeasuredMachine.open(iommu, MeasuredMachine.Caches.LARGE);
            SvaProcess parent = machine.processes().spawn("measured");
            WorkingSet set = WorkingSet.map(parent, pages);
            extra = parent.fork();
            endpoint = machine.endpoint(1 << 20);
            device = machine.bareDevice();
            port = device.port();
            int[] numbers = new int[spaces];
            byte[] buffer = new byte[8];
            for (int i = 0; i < spaces; i++) {
                SvaProcess process = i == 0 ? parent : parent.fork();
                set.touch(process);
                numbers[i] =
                        machine.binder().bind(endpoint, process.addressSpace()).pasid().value();
                machine.binder().bind(device, process.addressSpace());
                for (int page = 0; page < pages; page++) {
                    port.read(numbers[i], Access.READ, set.address(page), buffer, 0, 8);
                    endpoint.read(numbers[i], Access.READ, set.address(page), buffer, 0, 8);
                }
            }
            Random random = new Random(7);
            for (int i = 0; i < WorkingSet.ORDER; i++) {
                addresses[i] = set.address(random.nextInt(pages));
                pasids[i] = numbers[random.nextInt(spaces)];
            }
        }

        final SvaBond bindExtra() {
            return machine.binder().bind(endpoint, extra.addressSpace());
        }

        final long iotlb(Stroll stroll) {
            int i = stroll.next();
            return port.read(pasids[i], Access.READ, addresses[i], stroll.buffer, 0, 8);
        }

        final long atc(Stroll stroll) {
            int i = stroll.next();
            return endpoint.read(pasids[i], Access.READ, addresses[i], stroll.buffer, 0, 8);
        }

        /** Takes the machine apart. */
        @TearDown(Level.Trial)
        public void close() {
            machine.close();
        }
    }

    /** Up to ten thousand address spaces. */
    @State(Scope.Benchmark)
    public static class Processes extends Bound {

        /** The machine. */
        @Param({"smmuv3", "vtd"})
        String iommu;

        /** How many address spaces are bound. */
        @Param({"1", "64", "1024", "10000"})
        int spaces;

        /** Binds them. */
        @Setup(Level.Trial)
        public void bind() {
            bind(iommu, spaces);
        }
    }

    /** More address spaces than the 16 bits of an SMMUv3's ASIDs can tell apart. */
    @State(Scope.Benchmark)
    public static class Most extends Bound {

        /** The machine; PASIDs of VT-d have 20 bits, and it needs no other number. */
        @Param("vtd")
        String iommu;

        /** How many address spaces are bound. */
        @Param("100000")
        int spaces;

        /** Binds them. */
        @Setup(Level.Trial)
        public void bind() {
            bind(iommu, spaces);
        }
    }

    /**
     * A read of eight bytes, the translation in the IOTLB.
     *
     * @param set the processes
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long iotlbHitOfMany(Processes set, Stroll stroll) {
        return set.iotlb(stroll);
    }

    /**
     * A read of eight bytes, the translation in the ATC.
     *
     * @param set the processes
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long atcHitOfMany(Processes set, Stroll stroll) {
        return set.atc(stroll);
    }

    /**
     * A read of eight bytes, the translation in the IOTLB, for one of 100 000 PASIDs.
     *
     * @param set the processes
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long iotlbHitOfMost(Most set, Stroll stroll) {
        return set.iotlb(stroll);
    }

    /**
     * A read of eight bytes, the translation in the ATC, for one of 100 000 PASIDs.
     *
     * @param set the processes
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long atcHitOfMost(Most set, Stroll stroll) {
        return set.atc(stroll);
    }

    /**
     * One more address space is bound and unbound.
     *
     * @param set the processes
     * @return its PASID
     */
    @Benchmark
    @BenchmarkMode({Mode.AverageTime, Mode.SampleTime})
    public int bindAndUnbind(Processes set) {
        try (SvaBond bond = set.bindExtra()) {
            return bond.pasid().value();
        }
    }
}
