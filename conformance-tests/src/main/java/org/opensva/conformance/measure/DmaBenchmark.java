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
import org.opensva.api.ats.Endpoint;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.memory.Access;
import org.opensva.api.process.SvaProcess;

import java.util.concurrent.TimeUnit;

/**
 * Bytes moved by a device, within 1 000 pages that are mapped and whose translations are cached.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class DmaBenchmark {

    /** How many pages are moved in. */
    static final int PAGES = 1024;

    /** Memory of a process, reached through an ATC and without one. */
    @State(Scope.Benchmark)
    public static class Memory {

        /** The machine. */
        @Param({"smmuv3", "vtd"})
        String iommu;

        /** How many bytes are moved at once. */
        @Param({"64", "4096", "1048576"})
        int bytes;

        private MeasuredMachine machine;
        private Endpoint endpoint;
        private DmaPort bare;
        private int pasid;
        private long start;
        private long mask;

        /** Binds the process. */
        @Setup(Level.Trial)
        public void bind() {
            machine = MeasuredMachine.open(iommu, MeasuredMachine.Caches.LARGE);
            SvaProcess process = machine.processes().spawn("measured");
            WorkingSet set = WorkingSet.map(process, PAGES);
            endpoint = machine.endpoint(1 << 12);
            BareDevice device = machine.bareDevice();
            pasid = machine.binder().bind(endpoint, process.addressSpace()).pasid().value();
            machine.binder().bind(device, process.addressSpace());
            bare = device.port();
            start = set.address(0);
            mask = set.address(PAGES) - start - 1 & -(long) bytes;
        }

        private long address(Stroll stroll) {
            return start + (stroll.next() * 4096L & mask);
        }

        /** Takes the machine apart. */
        @TearDown(Level.Trial)
        public void close() {
            machine.close();
        }
    }

    /**
     * A read through the ATC.
     *
     * @param memory the memory
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long dmaRead(Memory memory, Stroll stroll) {
        return memory.endpoint.read(
                memory.pasid, Access.READ, memory.address(stroll), stroll.buffer, 0, memory.bytes);
    }

    /**
     * A write through the ATC.
     *
     * @param memory the memory
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long dmaWrite(Memory memory, Stroll stroll) {
        return memory.endpoint.write(
                memory.pasid, Access.WRITE, memory.address(stroll), stroll.buffer, 0, memory.bytes);
    }

    /**
     * A read through the IOTLB.
     *
     * @param memory the memory
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long dmaReadUntranslated(Memory memory, Stroll stroll) {
        return memory.bare.read(
                memory.pasid, Access.READ, memory.address(stroll), stroll.buffer, 0, memory.bytes);
    }
}
