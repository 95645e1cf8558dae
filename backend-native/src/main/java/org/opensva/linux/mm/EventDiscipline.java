package org.opensva.linux.mm;

/**
 * How the memory of a process is watched. There is one right way; the others are mistakes that
 * somebody could make, for those who have to show that they find them.
 */
public enum EventDiscipline {
    /** Caching stops, cached translations go, accesses end, and only then is the event read. */
    INVALIDATE_FIRST {
        @Override
        void serve(HostAddressSpace space) {
            space.exclusively(space::readEvents);
        }
    },
    /** The event is read, and then what it tells of is done: the process is ahead meanwhile. */
    READ_FIRST {
        @Override
        void serve(HostAddressSpace space) {
            space.readEvents();
            space.exclusively(space::readEvents);
        }
    },
    /**
     * A move is taken for something that concerns the process alone, and the unmapping of its old
     * place, which the kernel reports too, for a part of it.
     */
    MOVES_IGNORED {
        @Override
        void serve(HostAddressSpace space) {
            while (space.readEvent()) {
                if (!space.lastWasMove()) {
                    space.exclusively(() -> {});
                }
            }
        }
    },
    /**
     * The process id stands for the memory: what the process is after exec is what was bound before
     * it.
     */
    PROCESS_NAMED {
        @Override
        void serve(HostAddressSpace space) {
            INVALIDATE_FIRST.serve(space);
        }
    };

    /** Called when there is something to read; returns when there is nothing any more. */
    abstract void serve(HostAddressSpace space);
}
