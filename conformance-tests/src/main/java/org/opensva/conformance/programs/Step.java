package org.opensva.conformance.programs;

import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;

import java.util.Locale;

/**
 * One step of a program. Pages are numbered within a window of {@link Program#PAGES} pages that
 * every process has at one address, and within a memory object of {@link Program#OBJECT_PAGES}
 * pages that every process spawned has made and its children inherit.
 */
public sealed interface Step {

    /**
     * Who acts.
     *
     * @return the number of a process, 0 or more
     */
    int process();

    /**
     * What it does, as it stands in the text of a program after the process.
     *
     * @return a few words
     */
    String action();

    /**
     * The step as a line of a program.
     *
     * @return the process and its action
     */
    default String text() {
        return "p" + process() + " " + action();
    }

    /**
     * A process starts, with a memory object of its own.
     *
     * @param process who
     */
    record Spawn(int process) implements Step {
        @Override
        public String action() {
            return "spawn";
        }
    }

    /**
     * The process forks.
     *
     * @param process who
     * @param child the number of the child
     */
    record Fork(int process, int child) implements Step {
        @Override
        public String action() {
            return "fork p" + child;
        }
    }

    /** The ways in which the current address space of a process ends. */
    enum Ending {
        /** The program is replaced. */
        EXEC,
        /** The process ends from within. */
        EXIT,
        /** The process is killed. */
        KILL
    }

    /**
     * An address space loses its process.
     *
     * @param process who
     * @param ending how
     */
    record End(int process, Ending ending) implements Step {
        @Override
        public String action() {
            return lower(ending);
        }
    }

    /**
     * Maps anonymous memory, over whatever was there.
     *
     * @param process who
     * @param span where
     */
    record Map(int process, Span span) implements Step {
        @Override
        public String action() {
            return "map " + span.text();
        }
    }

    /**
     * Maps pages of the memory object, over whatever was there.
     *
     * @param process who
     * @param span where
     * @param objectPage the first page of the object
     * @param shared false for a private mapping
     */
    record MapObject(int process, Span span, int objectPage, boolean shared) implements Step {
        @Override
        public String action() {
            return "map %s %s %d".formatted(span.text(), shared ? "shared" : "private", objectPage);
        }
    }

    /**
     * Unmaps pages.
     *
     * @param process who
     * @param span where
     */
    record Unmap(int process, Span span) implements Step {
        @Override
        public String action() {
            return "unmap " + span.text();
        }
    }

    /**
     * Changes the protection of mapped pages.
     *
     * @param process who
     * @param span where
     * @param protection what they allow then
     */
    record Protect(int process, Span span, Protection protection) implements Step {
        @Override
        public String action() {
            return "protect %s %s".formatted(span.text(), lower(protection));
        }
    }

    /**
     * Gives advice about mapped pages.
     *
     * @param process who
     * @param span where
     * @param advice what
     */
    record Advise(int process, Span span, Advice advice) implements Step {
        @Override
        public String action() {
            return "advise %s %s".formatted(span.text(), lower(advice));
        }
    }

    /**
     * Gives the memory object another size.
     *
     * @param process who
     * @param pages how many pages it has then
     */
    record Truncate(int process, int pages) implements Step {
        @Override
        public String action() {
            return "truncate " + pages;
        }
    }

    /**
     * Moves a page out of the window, looks at it there, and unmaps it. The next page must be
     * mapped, so that the kernel has to move it.
     *
     * @param process who
     * @param page which
     */
    record Move(int process, int page) implements Step {
        @Override
        public String action() {
            return "move " + page;
        }
    }

    /**
     * The processor loads the first eight bytes of a page.
     *
     * @param process who
     * @param page which
     */
    record Load(int process, int page) implements Step {
        @Override
        public String action() {
            return "load " + page;
        }
    }

    /**
     * The processor stores the first eight bytes of a page.
     *
     * @param process who
     * @param page which
     * @param value what
     */
    record Store(int process, int page, long value) implements Step {
        @Override
        public String action() {
            return "store %d 0x%x".formatted(page, value);
        }
    }

    /**
     * Opens and starts a queue.
     *
     * @param process who
     * @param queue the number of the queue
     * @param device which accelerator
     */
    record Open(int process, int queue, int device) implements Step {
        @Override
        public String action() {
            return "open q%d on %d".formatted(queue, device);
        }
    }

    /** What a holder does with a queue, apart from work. */
    enum Control {
        /** Closes its copy of the handle. */
        CLOSE,
        /** Stops the queue. */
        PUT,
        /** Starts the queue. */
        START
    }

    /**
     * Controls a queue.
     *
     * @param process who
     * @param queue which
     * @param control what
     */
    record Manage(int process, int queue, Control control) implements Step {
        @Override
        public String action() {
            return lower(control) + " q" + queue;
        }
    }

    /**
     * Passes a handle to another process.
     *
     * @param process who
     * @param queue which
     * @param receiver to whom
     */
    record Pass(int process, int queue, int receiver) implements Step {
        @Override
        public String action() {
            return "pass q%d p%d".formatted(queue, receiver);
        }
    }

    /**
     * The device reads the first eight bytes of a page.
     *
     * @param process who submits
     * @param queue through which queue
     * @param page which
     */
    record Read(int process, int queue, int page) implements Step {
        @Override
        public String action() {
            return "read %d by q%d".formatted(page, queue);
        }
    }

    /**
     * The device writes the first eight bytes of every page of a span; of one page only them, of
     * several everything.
     *
     * @param process who submits
     * @param queue through which queue
     * @param span which pages
     * @param value what
     */
    record Write(int process, int queue, Span span, long value) implements Step {
        @Override
        public String action() {
            return "write %s 0x%x by q%d".formatted(span.text(), value, queue);
        }
    }

    /**
     * The name of a constant in the text of a program.
     *
     * @param constant the constant
     * @return lower case, with hyphens
     */
    static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
