package com.acme.gzip;

import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Prints the trace of each request when it has ended, for who has no collector at hand. */
final class TracePrinter implements SpanProcessor {

    /** What never comes to an end is not kept. */
    private static final int MOST = 10_000;

    /** Of spans of one name below one span, that many are printed. */
    private static final int SIBLINGS = 3;

    private final ConcurrentHashMap<String, List<SpanData>> traces = new ConcurrentHashMap<>();
    private final Consumer<String> out;

    TracePrinter(Consumer<String> out) {
        this.out = out;
    }

    @Override
    public void onEnd(ReadableSpan ended) {
        SpanData span = ended.toSpanData();
        if (traces.size() < MOST) {
            traces.compute(
                    span.getTraceId(),
                    (id, known) -> {
                        List<SpanData> all = known == null ? new ArrayList<>() : known;
                        all.add(span);
                        return all;
                    });
        }
        SpanContext parent = span.getParentSpanContext();
        if (!parent.isValid() || parent.isRemote()) {
            List<SpanData> all = traces.remove(span.getTraceId());
            if (all != null
                    && span.getInstrumentationScopeInfo().getName().equals(TracedHandler.SCOPE)) {
                all.sort(Comparator.comparingLong(SpanData::getStartEpochNanos));
                print(span, all);
            }
        }
    }

    private void print(SpanData root, List<SpanData> all) {
        StringBuilder text = new StringBuilder("trace " + root.getTraceId());
        if (root.getParentSpanContext().isValid()) {
            text.append(", of the caller's span ").append(root.getParentSpanId());
        }
        append(text, root, all, 1);
        out.accept(text.toString());
    }

    private static void append(StringBuilder text, SpanData span, List<SpanData> all, int depth) {
        text.append('\n').append("  ".repeat(depth)).append(span.getName());
        text.append(
                " %.3f ms".formatted((span.getEndEpochNanos() - span.getStartEpochNanos()) * 1e-6));
        span.getAttributes()
                .forEach((key, value) -> {
                    if (key.getKey().startsWith("sva.") || key.getKey().startsWith("http.resp")) {
                        text.append(' ').append(key.getKey()).append('=').append(value);
                    }
                });
        Map<String, Integer> seen = new LinkedHashMap<>();
        for (SpanData other : all) {
            if (other.getParentSpanId().equals(span.getSpanId())
                    && seen.merge(other.getName(), 1, Integer::sum) <= SIBLINGS) {
                append(text, other, all, depth + 1);
            }
        }
        seen.forEach((name, count) -> {
            if (count > SIBLINGS) {
                text.append('\n').append("  ".repeat(depth + 1));
                text.append("... %d more %s".formatted(count - SIBLINGS, name));
            }
        });
    }

    @Override
    public void onStart(Context parent, ReadWriteSpan span) {
        // A span is printed when it has ended.
    }

    @Override
    public boolean isStartRequired() {
        return false;
    }

    @Override
    public boolean isEndRequired() {
        return true;
    }
}
