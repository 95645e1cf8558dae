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

    private static final int PAGES = 64;

    /** Processes, each with a few pages. */
    @State(Scope.Benchmark)
    public static class Processes {

        /** The machine. */
        @Param({"smmuv3", "vtd"})
        String iommu;

        /** How many address spaces are bound. */
        @Param({"1", "64", "1024", "10000"})
        int spaces;

        private final long[] addresses = new long[WorkingSet.ORDER];
        private final int[] pasids = new int[WorkingSet.ORDER];
        private MeasuredMachine machine;
        private SvaProcess extra;
        private Endpoint endpoint;
        private BareDevice device;
        private AgentPort port;

        /** Binds them. */
        @Setup(Level.Trial)
        public void bind() {
            machine = MeasuredMachine.open(iommu, MeasuredMachine.Caches.LARGE);
            SvaProcess parent = machine.processes().spawn("measured");
            WorkingSet set = WorkingSet.map(parent, PAGES);
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
                for (int page = 0; page < PAGES; page++) {
                    port.read(numbers[i], Access.READ, set.address(page), buffer, 0, 8);
                    endpoint.read(numbers[i], Access.READ, set.address(page), buffer, 0, 8);
                }
            }
            Random random = new Random(7);
            for (int i = 0; i < WorkingSet.ORDER; i++) {
                addresses[i] = set.address(random.nextInt(PAGES));
                pasids[i] = numbers[random.nextInt(spaces)];
            }
        }

        /** Takes the machine apart. */
        @TearDown(Level.Trial)
        public void close() {
            machine.close();
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
        int i = stroll.next();
        return set.port.read(set.pasids[i], Access.READ, set.addresses[i], stroll.buffer, 0, 8);
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
        int i = stroll.next();
        return set.endpoint.read(set.pasids[i], Access.READ, set.addresses[i], stroll.buffer, 0, 8);
    }

    /**
     * One more address space is bound and unbound.
     *
     * @param set the processes
     * @return its PASID
     */
    @Benchmark
    public int bindAndUnbind(Processes set) {
        try (SvaBond bond = set.machine.binder().bind(set.endpoint, set.extra.addressSpace())) {
            return bond.pasid().value();
        }
    }
}
