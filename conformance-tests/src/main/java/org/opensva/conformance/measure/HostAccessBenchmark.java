package org.opensva.conformance.measure;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

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
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;

/** Bytes that a device moves in a real process, against the system call that moves them. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class HostAccessBenchmark {

    /** Memory of a real process, reached through an ATC. */
    @State(Scope.Benchmark)
    public static class Host {

        /** How many bytes are moved at once. */
        @Param({"64", "4096", "1048576"})
        int bytes;

        private final byte[] buffer = new byte[1 << 20];
        private final MemorySegment memory = Arena.ofAuto().allocate((1 << 20) + 32, 64);
        private final MethodHandle readv = call("process_vm_readv");
        private final MethodHandle writev = call("process_vm_writev");
        private MeasuredMachine machine;
        private Endpoint endpoint;
        private int pasid;
        private long process;
        private long address;

        /** Binds the process, and touches its memory. */
        @Setup(Level.Trial)
        public void bind() {
            machine = MeasuredMachine.openHost();
            SvaProcess spawned = machine.processes().spawn("measured");
            process = spawned.pid();
            long mapped = spawned.mmap(MapRequest.anonymous(4 << 20));
            address = mapped + (2 << 20) - 1 & -(2L << 20);
            spawned.store(address, buffer);
            endpoint = machine.endpoint(1 << 12);
            endpoint.setPasidEnabled(true);
            endpoint.setAtsEnabled(true);
            pasid = machine.binder().bind(endpoint, spawned.addressSpace()).pasid().value();
            memory.set(JAVA_LONG, 1 << 20, memory.address());
            memory.set(JAVA_LONG, (1 << 20) + 8, bytes);
            memory.set(JAVA_LONG, (1 << 20) + 16, address);
            memory.set(JAVA_LONG, (1 << 20) + 24, bytes);
        }

        /** Both functions of the C library: {@code process_vm_readv(2)}. */
        @SuppressWarnings("restricted")
        private static MethodHandle call(String name) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(
                    linker.defaultLookup().find(name).orElseThrow(),
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                            JAVA_LONG));
        }

        private long run(MethodHandle which) throws Throwable {
            long vectors = memory.address() + (1 << 20);
            long moved = (long) which.invokeExact((int) process, vectors, 1L, vectors + 16, 1L, 0L);
            if (moved != bytes) {
                throw new IllegalStateException("the system call says " + moved);
            }
            return moved;
        }

        private long complete(long result) {
            if (!DmaResult.isComplete(result)) {
                throw new IllegalStateException("the access ends " + DmaResult.status(result));
            }
            return result;
        }

        /** Takes the backend apart. */
        @TearDown(Level.Trial)
        public void close() {
            machine.close();
        }
    }

    /**
     * A read by a device.
     *
     * @param host the process
     * @return the result
     */
    @Benchmark
    public long hostRead(Host host) {
        return host.complete(
                host.endpoint.read(
                        host.pasid, Access.READ, host.address, host.buffer, 0, host.bytes));
    }

    /**
     * A write by a device.
     *
     * @param host the process
     * @return the result
     */
    @Benchmark
    public long hostWrite(Host host) {
        return host.complete(
                host.endpoint.write(
                        host.pasid, Access.WRITE, host.address, host.buffer, 0, host.bytes));
    }

    /**
     * {@code process_vm_readv}.
     *
     * @param host the process
     * @return the number of bytes
     * @throws Throwable never
     */
    @Benchmark
    public long bareHostRead(Host host) throws Throwable {
        return host.run(host.readv);
    }

    /**
     * {@code process_vm_writev}.
     *
     * @param host the process
     * @return the number of bytes
     * @throws Throwable never
     */
    @Benchmark
    public long bareHostWrite(Host host) throws Throwable {
        return host.run(host.writev);
    }
}
