package org.opensva.conformance.zoo;

import org.opensva.api.backend.Backend;
import org.opensva.api.process.Advice;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.ProcessHost;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.testbackend.ForwardingBackend;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A sound machine that watches its user: no process may be used after it was closed, none may be
 * made after the machine was closed, and every process has to be closed before the machine is, but
 * for those that are {@link #LEFT} to it. What it sees it writes down, and goes on. Handles are not
 * watched: what a closed one answers is part of the contract. Nor is who asks for the address
 * space, which the machine does too.
 */
final class Strict implements Defect {

    /** The name of processes that a test leaves to the machine, to see what becomes of them. */
    private static final String LEFT = "left to the backend";

    private final String machine;
    private final List<String> misuse;

    /** Guarded by the monitor; what is open, and which call opened it. */
    private final Map<Object, String> open = new LinkedHashMap<>();

    private boolean closed;

    /**
     * Watches one machine.
     *
     * @param machine the selector of a sound machine
     * @param misuse where to write what is done wrong; thread-safe
     */
    Strict(String machine, List<String> misuse) {
        this.machine = machine;
        this.misuse = misuse;
    }

    @Override
    public String machine() {
        return machine;
    }

    @Override
    public Backend around(Backend opened) {
        Backend all =
                new WrappedBackend(
                        opened,
                        new Host(opened.processes()),
                        opened.accelerators(),
                        opened.memoryPressure());
        return new ForwardingBackend(all) {
            @Override
            public void close() {
                ended();
                super.close();
            }
        };
    }

    private synchronized void ended() {
        if (!closed) {
            closed = true;
            open.values().stream()
                    .filter(what -> !what.contains(LEFT))
                    .forEach(what -> misuse.add("never closed: " + what));
        }
    }

    private synchronized <T> T opened(T resource, String what) {
        if (closed) {
            misuse.add("opened after the machine was closed: " + what);
        }
        open.put(resource, what);
        return resource;
    }

    private synchronized void closed(Object resource) {
        open.remove(resource);
    }

    private synchronized void used(Object resource, String call) {
        if (!open.containsKey(resource)) {
            misuse.add(call + " of something that was closed");
        }
    }

    private final class Host implements ProcessHost {
        private final ProcessHost to;

        Host(ProcessHost to) {
            this.to = to;
        }

        @Override
        public SvaProcess spawn(String name) {
            return new Process(to.spawn(name), "process '" + name + "'");
        }

        @Override
        public int pageSize() {
            return to.pageSize();
        }
    }

    private final class Process extends ForwardingProcess {
        private final String what;

        Process(SvaProcess to, String what) {
            super(to);
            this.what = what;
            opened(this, what);
        }

        @Override
        public long mmap(MapRequest request) {
            used(this, "mmap");
            return super.mmap(request);
        }

        @Override
        public void munmap(long address, long length) {
            used(this, "munmap");
            super.munmap(address, length);
        }

        @Override
        public void madvise(long address, long length, Advice advice) {
            used(this, "madvise");
            super.madvise(address, length, advice);
        }

        @Override
        public void load(long address, byte[] target, int offset, int length) {
            used(this, "load");
            if (offset < 0 || length < 0 || length > target.length - offset) {
                misuse.add("load beyond the array");
            }
            super.load(address, target, offset, length);
        }

        @Override
        public long loadLong(long address) {
            used(this, "loadLong");
            return super.loadLong(address);
        }

        @Override
        public void storeLong(long address, long value) {
            used(this, "storeLong");
            super.storeLong(address, value);
        }

        @Override
        public SvaProcess fork() {
            used(this, "fork");
            return new Process(super.fork(), "a forked child of " + what);
        }

        @Override
        public SvaProcess vfork() {
            used(this, "vfork");
            return new Process(super.vfork(), "a vforked child of " + what);
        }

        @Override
        public void close() {
            closed(this);
            super.close();
        }
    }
}
