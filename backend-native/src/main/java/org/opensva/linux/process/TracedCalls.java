package org.opensva.linux.process;

import org.opensva.api.telemetry.KernelTracer;

import java.util.function.Supplier;

/**
 * Spans around what a process asks of the kernel about its memory; what threads of this backend do
 * meanwhile about the changes belongs to them.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
final class TracedCalls {

    private final KernelTracer tracer;
    private final HostProcess process;

    TracedCalls(KernelTracer tracer, HostProcess process) {
        this.tracer = tracer;
        this.process = process;
    }

    void range(String name, long address, long length, Runnable call) {
        range(
                name,
                address,
                length,
                () -> {
                    call.run();
                    return true;
                });
    }

    <T> T range(String name, long address, long length, Supplier<T> call) {
        return tracer.isOn()
                ? tracer.range(
                        name,
                        process.pid(),
                        process.memorySpace().id(),
                        address,
                        length,
                        () -> process.memorySpace().during(call))
                : call.get();
    }

    <T> T call(String name, Supplier<T> call) {
        return tracer.isOn()
                ? tracer.call(
                        name,
                        process.pid(),
                        process.memorySpace().id(),
                        () -> process.memorySpace().during(call))
                : call.get();
    }
}
