package org.opensva.linux.mm;

import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace.Subscription;
import org.opensva.api.process.AddressSpaceListener;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

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

    void invalidate(AddressRange range) {
        entries.forEach(entry -> entry.invalidate(range));
    }

    /** Each hears it once; none hears anything after it. */
    void release() {
        while (!entries.isEmpty()) {
            List<Entry> now = List.copyOf(entries);
            entries.removeAll(now);
            now.forEach(Entry::release);
        }
    }
}
