package org.opensva.conformance.suite.bench;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.MachineParts;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareEvent;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Where a rule test works: it makes processes, opens devices, checks what it finds, and cleans up.
 *
 * <p><b>Threading.</b> Any thread of a test may call.
 */
public final class TestBench extends Checks implements AutoCloseable {

    private final Backend backend;
    private final SplittableRandom random;
    private final List<AutoCloseable> opened = Collections.synchronizedList(new ArrayList<>());
    private final List<QueueHandle> queues = Collections.synchronizedList(new ArrayList<>());
    private final TimelineRecorder recorder;
    private volatile boolean spent;
    private volatile boolean backendClosed;

    /**
     * Sets up a bench.
     *
     * @param backend the backend under test; the bench does not close it
     * @param settings the rest
     */
    public TestBench(Backend backend, BenchSettings settings) {
        this(backend, settings, new SpanFeed(OpenTelemetry.noop()));
    }

    /**
     * Sets up a bench whose pictures show the backend's spans.
     *
     * @param backend the backend under test; the bench does not close it
     * @param settings the rest
     * @param feed what the backend was opened with
     */
    public TestBench(Backend backend, BenchSettings settings, SpanFeed feed) {
        super(settings);
        this.backend = backend;
        this.random = new SplittableRandom(settings.seed());
        this.recorder =
                new TimelineRecorder(
                        claims(Capability.INTROSPECTION)
                                ? backend.introspection()
                                : Optional.empty(),
                        feed);
    }

    /** Begins to keep what happens, for the picture of a failure; forgets what was kept so far. */
    public void beginTimeline() {
        recorder.begin();
    }

    /** Ends what {@link #beginTimeline} began. */
    public void endTimeline() {
        recorder.end();
    }

    @Override
    public void noted(Timeline.Lane lane, String what, Supplier<String> detail) {
        recorder.note(lane, what, detail);
    }

    @Override
    Optional<Timeline> timeline() {
        try {
            return recorder.timeline();
        } catch (RuntimeException e) {
            // A failure is worth more than its picture.
            return Optional.empty();
        }
    }

    /**
     * The backend under test.
     *
     * @return the backend
     */
    public Backend backend() {
        return backend;
    }

    /**
     * Who the backend is.
     *
     * @return its descriptor
     */
    public BackendDescriptor descriptor() {
        return backend.descriptor();
    }

    /**
     * Tells whether the backend claims a capability.
     *
     * @param capability which one
     * @return true if it does
     */
    public boolean claims(Capability capability) {
        return descriptor().claims(capability);
    }

    /**
     * The test's random choices; the same for the same seed.
     *
     * @return a generator for the test's own thread
     */
    public RandomGenerator random() {
        return random;
    }

    /**
     * The page size of processes.
     *
     * @return bytes
     */
    public int pageSize() {
        return backend.processes().pageSize();
    }

    /**
     * Length of some pages.
     *
     * @param count how many
     * @return bytes
     */
    public long pages(long count) {
        return count * pageSize();
    }

    /**
     * Starts a process.
     *
     * @param name its name in messages
     * @return the process, closed by the bench
     */
    public SvaProcess process(String name) {
        return adopt(backend.processes().spawn(name));
    }

    /**
     * Forks a process.
     *
     * @param parent the parent
     * @return the child, closed by the bench
     */
    public SvaProcess fork(SvaProcess parent) {
        return adopt(parent.fork());
    }

    /**
     * Has the bench close something when the test is over, last opened first.
     *
     * @param resource what to close
     * @param <T> its type
     * @return the same object
     */
    public <T extends AutoCloseable> T adopt(T resource) {
        opened.add(resource);
        return resource;
    }

    /**
     * Maps private anonymous memory. Nothing is touched.
     *
     * @param process the process
     * @param count number of pages
     * @return the address
     */
    public long map(SvaProcess process, long count) {
        return process.mmap(MapRequest.anonymous(pages(count)));
    }

    /**
     * Maps private anonymous memory and stores a token of its own at the start of every page.
     *
     * @param process the process
     * @param count number of pages
     * @param name what the tokens stand for in messages
     * @return the memory
     */
    public Memory memory(SvaProcess process, int count, String name) {
        return fill(process, map(process, count), count, name);
    }

    /**
     * Stores a token at the start of every page of a mapping.
     *
     * @param process the process
     * @param address its first address
     * @param count number of pages
     * @param name what the tokens stand for in messages
     * @return the memory
     */
    public Memory fill(SvaProcess process, long address, int count, String name) {
        Memory memory = new Memory(this, process, address, count);
        memory.store(name);
        return memory;
    }

    /**
     * Pages of a process as they are.
     *
     * @param process the process
     * @param address the first address
     * @param count number of pages
     * @return the memory, known to hold zeros
     */
    public Memory view(SvaProcess process, long address, int count) {
        return new Memory(this, process, address, count);
    }

    /**
     * Maps a memory object twice in one process.
     *
     * @param process the process
     * @param count number of pages
     * @return the two views
     */
    public Alias alias(SvaProcess process, int count) {
        int fd = process.createSharedMemory(pages(count));
        long first = process.mmap(MapRequest.sharedFile(fd, 0, pages(count)));
        long second = process.mmap(MapRequest.sharedFile(fd, 0, pages(count)));
        return new Alias(
                new Memory(this, process, first, count),
                new Memory(this, process, second, count),
                fd);
    }

    /**
     * An accelerator.
     *
     * @param index its position
     * @return the accelerator
     */
    public Accelerator accelerator(int index) {
        List<Accelerator> all = backend.accelerators();
        if (index >= all.size()) {
            throw violation(
                    "at least " + (index + 1) + " accelerators, as claimed", all.size() + "");
        }
        return all.get(index);
    }

    /**
     * Opens a queue of the first accelerator and starts it.
     *
     * @param process who opens
     * @return the device as that process uses it
     */
    public BoundDevice device(SvaProcess process) {
        return device(process, 0);
    }

    /**
     * Opens a queue and starts it.
     *
     * @param process who opens
     * @param index which accelerator
     * @return the device as that process uses it
     */
    public BoundDevice device(SvaProcess process, int index) {
        QueueHandle handle = open(process, index);
        if (claims(Capability.QUEUE_STATES)) {
            handle.start();
        }
        return new BoundDevice(this, handle, process);
    }

    /**
     * Opens a queue without starting it. If this test alone has taken every queue that the device
     * has, its scenario is too large for the device, which is no fault of the device.
     *
     * @param process who opens
     * @param index which accelerator
     * @return the handle, closed by the bench
     */
    public QueueHandle open(SvaProcess process, int index) {
        Accelerator accelerator = accelerator(index);
        try {
            QueueHandle handle = adopt(accelerator.open(process));
            queues.add(handle);
            return handle;
        } catch (ErrnoException e) {
            int instances = accelerator.info().instances();
            if (e.errno() == Errno.EBUSY && taken(accelerator) >= instances) {
                throw new NotObservable(
                        "%s has %d queues, and the scenario needs more at once"
                                .formatted(accelerator.name(), instances));
            }
            throw e;
        }
    }

    private long taken(Accelerator accelerator) {
        synchronized (queues) {
            return queues.stream()
                    .filter(handle -> handle.accelerator().name().equals(accelerator.name()))
                    .filter(handle -> handle.state() != QueueState.ZOMBIE)
                    .count();
        }
    }

    /**
     * Opens a queue of the first accelerator, and lets every refusal through.
     *
     * @param process who opens
     */
    public void tryToOpen(SvaProcess process) {
        adopt(accelerator(0).open(process));
    }

    /**
     * Uses a started queue.
     *
     * @param handle any handle of it
     * @param memory the process whose address space the queue is bound to
     * @return the device
     */
    public BoundDevice use(QueueHandle handle, SvaProcess memory) {
        return new BoundDevice(this, handle, memory);
    }

    /**
     * Notes that the test changes the backend for good, so that no other test may go on with it.
     */
    public void spend() {
        spent = true;
    }

    /**
     * Tells whether the test changed the backend for good.
     *
     * @return true after {@link #spend}
     */
    public boolean isSpent() {
        return spent;
    }

    /**
     * Closes the backend, whatever is open or under way: what the test opened itself and did not
     * give to the bench is for the backend to end. No other test goes on with it.
     */
    public void closeBackend() {
        spent = true;
        backendClosed = true;
        recorder.end();
        bounded("closing the backend", backend::close);
    }

    /**
     * Tells whether the test closed the backend.
     *
     * @return true after {@link #closeBackend}
     */
    public boolean isBackendClosed() {
        return backendClosed;
    }

    /**
     * The parts that the backend is made of.
     *
     * @return the parts; a test that needs them cannot observe anything where they are not shown
     */
    public MachineParts parts() {
        return backend.parts()
                .orElseThrow(() -> new NotObservable("the backend does not show its parts"));
    }

    /**
     * The hardware events of some action.
     *
     * @param action what to record
     * @return the events
     */
    public List<HardwareEvent> events(Runnable action) {
        var introspection =
                backend.introspection()
                        .orElseThrow(() ->
                                violation("introspection, as claimed", "the backend offers none"));
        recorder.renew();
        action.run();
        return introspection.events();
    }

    /**
     * Closes everything that the test opened, last opened first. Failures of closing are reported
     * together, after everything was tried.
     */
    @Override
    public void close() {
        List<AutoCloseable> all;
        synchronized (opened) {
            all = new ArrayList<>(opened);
            opened.clear();
        }
        Collections.reverse(all);
        RuleViolation failure = null;
        for (AutoCloseable resource : all) {
            try {
                resource.close();
            } catch (Exception e) {
                step("closing what the test had opened");
                RuleViolation next = unexpected(e);
                if (failure == null) {
                    failure = next;
                } else {
                    failure.addSuppressed(next);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
