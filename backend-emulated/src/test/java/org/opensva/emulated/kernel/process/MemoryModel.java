package org.opensva.emulated.kernel.process;

import org.opensva.api.memory.Protection;

/** What a process must see of memory: one value for each page, in so few words that it is plain. */
final class MemoryModel {

    private MemoryModel() {}

    /** A memory object or file. */
    static final class Content {
        final int fd;
        final long[] values;
        int pages;

        Content(int fd, int pages) {
            this.fd = fd;
            this.values = new long[pages];
            this.pages = pages;
        }

        void truncate(int newPages) {
            clear(newPages, values.length);
            pages = newPages;
        }

        void clear(int from, int to) {
            for (int i = from; i < to; i++) {
                values[i] = 0;
            }
        }
    }

    /** A page of a process. */
    static final class Cell {
        Protection protection = Protection.READ_WRITE;
        Content content;
        int index;
        boolean shared;

        /** The private value; null if a private mapping still shows the content. */
        Long own = 0L;

        /** The value may have become 0 of its own accord. */
        boolean lazilyFreed;

        boolean wipe;
        boolean dontFork;
        boolean locked;

        static Cell of(Content content, int index, boolean shared) {
            Cell cell = new Cell();
            cell.content = content;
            cell.index = index;
            cell.shared = shared;
            cell.own = null;
            return cell;
        }

        boolean beyondEnd() {
            return content != null && index >= content.pages;
        }

        /** Whether the processor can use it at all, so that it can be locked. */
        boolean usable() {
            return protection.access() != 0 && !beyondEnd();
        }

        boolean isPrivateAnonymous() {
            return content == null;
        }

        boolean mayBe(long seen) {
            return seen == value() || lazilyFreed && seen == 0;
        }

        /** A look has shown what became of it. */
        void was(long seen) {
            if (lazilyFreed && seen == 0) {
                own = 0L;
                lazilyFreed = false;
            }
        }

        long value() {
            return content != null && (shared || own == null) ? content.values[index] : own;
        }

        void set(long value) {
            lazilyFreed = false;
            if (content != null && shared) {
                content.values[index] = value;
            } else {
                own = value;
            }
        }

        /** As a mapping begins. */
        void discard() {
            lazilyFreed = false;
            own = content != null ? null : Long.valueOf(0);
        }

        /** A private page that can be written to becomes the process's own. */
        void populate() {
            if (content != null && !shared && own == null && protection.allows(2)) {
                own = content.values[index];
            }
        }

        Cell copy() {
            Cell copy = new Cell();
            copy.protection = protection;
            copy.content = content;
            copy.index = index;
            copy.shared = shared;
            copy.own = own;
            copy.lazilyFreed = lazilyFreed;
            copy.wipe = wipe;
            copy.dontFork = dontFork;
            copy.locked = locked;
            return copy;
        }

        /** What a child has; null for nothing. */
        Cell inherited() {
            if (dontFork) {
                return null;
            }
            Cell child = copy();
            child.locked = false;
            if (wipe) {
                child.own = 0L;
                child.lazilyFreed = false;
            }
            return child;
        }
    }
}
