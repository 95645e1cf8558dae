package org.opensva.linux.mm;

import io.opentelemetry.context.Context;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/**
 * The traces of the calls that a process is in. The kernel reports what a call has changed to
 * another thread, and not which call it was.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
final class CallsUnderWay {

    private final List<Context> calls = new CopyOnWriteArrayList<>();

    /** Makes a call, and tells meanwhile in whose trace. */
    <T> T during(Supplier<T> call) {
        Context own = Context.current();
        calls.add(own);
        try {
            return call.get();
        } finally {
            calls.remove(own);
        }
    }

    /**
     * Whose trace a change belongs to.
     *
     * @return the context of this thread if it has one, that of the only call under way, or none:
     *     with two of them nobody knows
     */
    Context cause() {
        Context own = Context.current();
        if (!own.equals(Context.root())) {
            return own;
        }
        List<Context> now = List.copyOf(calls);
        return now.size() == 1 ? now.getFirst() : Context.root();
    }
}
