package org.opensva.api.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;

import org.opensva.api.process.ErrnoException;

import java.util.function.Supplier;

/**
 * Spans around calls of the control plane, named in {@link SvaTelemetry}: what processes ask of a
 * kernel, emulated or not.
 *
 * <p>Where nothing records spans a call goes straight to its body.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class KernelTracer {

    private final Tracer tracer;
    private final boolean on;

    /**
     * Creates a tracer.
     *
     * @param telemetry where spans go
     */
    public KernelTracer(OpenTelemetry telemetry) {
        this.tracer = telemetry.getTracer(SvaTelemetry.SCOPE);
        this.on = SvaTelemetry.recordsSpans(telemetry);
    }

    /**
     * Starts a span with a name of {@link SvaTelemetry}.
     *
     * @param name the name
     * @return a builder
     */
    public SpanBuilder span(String name) {
        return tracer.spanBuilder(name);
    }

    /**
     * Tells whether spans go anywhere.
     *
     * @return false for the no-operation telemetry
     */
    public boolean isOn() {
        return on;
    }

    /**
     * Runs a call of a process inside a span.
     *
     * @param <T> what it returns
     * @param name the name of the span
     * @param pid the process id
     * @param addressSpace the id of the address space
     * @param body the call
     * @return what the body returns
     */
    public <T> T call(String name, long pid, long addressSpace, Supplier<T> body) {
        return on ? run(processSpan(name, pid, addressSpace), body) : body.get();
    }

    /**
     * Runs a call about a range inside a span.
     *
     * @param name the name of the span
     * @param pid the process id
     * @param addressSpace the id of the address space
     * @param address first address
     * @param length number of bytes
     * @param body the call
     */
    public void range(
            String name, long pid, long addressSpace, long address, long length, Runnable body) {
        if (!on) {
            body.run();
            return;
        }
        range(
                name,
                pid,
                addressSpace,
                address,
                length,
                () -> {
                    body.run();
                    return true;
                });
    }

    /**
     * Runs a call about a range inside a span.
     *
     * @param <T> what it returns
     * @param name the name of the span
     * @param pid the process id
     * @param addressSpace the id of the address space
     * @param address first address
     * @param length number of bytes
     * @param body the call
     * @return what the body returns
     */
    public <T> T range(
            String name, long pid, long addressSpace, long address, long length, Supplier<T> body) {
        if (!on) {
            return body.get();
        }
        return run(
                processSpan(name, pid, addressSpace)
                        .setAttribute(SvaAttributes.ADDRESS, SvaTelemetry.address(address))
                        .setAttribute(SvaAttributes.LENGTH, length),
                body);
    }

    /**
     * Runs anything inside a span, which is current meanwhile.
     *
     * @param <T> what it returns
     * @param builder the span
     * @param body what to do
     * @return what the body returns
     */
    public <T> T run(SpanBuilder builder, Supplier<T> body) {
        Span span = builder.startSpan();
        try (Scope _ = span.makeCurrent()) {
            return body.get();
        } catch (ErrnoException e) {
            span.setAttribute(SvaAttributes.ERRNO, e.errno().name());
            span.setStatus(StatusCode.ERROR);
            throw e;
        } finally {
            span.end();
        }
    }

    private SpanBuilder processSpan(String name, long pid, long addressSpace) {
        Lane lane = name.equals(SvaTelemetry.SPAN_RELEASE) ? Lane.KERNEL : Lane.PROCESS;
        return span(name)
                .setAttribute(SvaAttributes.LANE, lane.id())
                .setAttribute(SvaAttributes.PROCESS, pid)
                .setAttribute(SvaAttributes.ADDRESS_SPACE, addressSpace);
    }
}
