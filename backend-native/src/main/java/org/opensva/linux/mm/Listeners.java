package org.opensva.linux.mm;

import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace.Subscription;
import org.opensva.api.process.AddressSpaceListener;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Who hears of the changes of an address space. Calls to one listener take turns, so that closing a
 * subscription waits for the one that runs.
 */
final class Listeners {

    private final List<Entry> entries = new CopyOnWriteArrayList<>();

    private final class Entry implements Subscription {

        private final AddressSpaceListener listener;
        private boolean open = true;

        Entry(AddressSpaceListener listener) {
            this.listener = listener;
        }

        synchronized void invalidate(AddressRange range) {
            if (open) {
                listener.invalidate(range);
            }
        }

        synchronized void release() {
            if (open) {
                open = false;
                listener.release();
            }
        }

        @Override
        public void close() {
            entries.remove(this);
            synchronized (this) {
                open = false;
            }
        }
    }

    Subscription add(AddressSpaceListener listener) {
        Entry entry = new Entry(listener);
        entries.add(entry);
        return entry;
    }

    /** Everybody hears it, whatever becomes of the others; the first failure is thrown then. */
    void invalidate(AddressRange range) {
        tell(entries, entry -> entry.invalidate(range));
    }

    private static void tell(List<Entry> all, Consumer<Entry> what) {
        RuntimeException failure = null;
        Error error = null;
        for (Entry entry : all) {
            try {
                what.accept(entry);
            } catch (RuntimeException e) {
                failure = failure == null ? e : failure;
            } catch (Error e) {
                error = error == null ? e : error;
            }
        }
        if (error != null) {
            throw error;
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** Each hears it once; none hears anything after it. */
    void release() {
        while (!entries.isEmpty()) {
            List<Entry> now = List.copyOf(entries);
            entries.removeAll(now);
            tell(now, Entry::release);
        }
    }
}
