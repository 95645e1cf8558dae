package org.opensva.conformance.suite.bench;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareEvent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;

/**
 * Where a rule test works: it makes processes, opens devices, checks what it finds, and cleans up.
 *
 * <p><b>Threading.</b> Any thread of a test may call.
 */
public final class TestBench implements AutoCloseable {

    private static final int MAX_STEPS = 200;

    private final Backend backend;
    private final BenchSettings settings;
    private final SplittableRandom random;
    private final Tokens tokens;
    private final List<AutoCloseable> opened = Collections.synchronizedList(new ArrayList<>());
    private final List<String> steps = Collections.synchronizedList(new ArrayList<>());
    private volatile String step = "preparing";
    private volatile boolean spent;

    /**
     * Sets up a bench.
     *
     * @param backend the backend under test; the bench does not close it
     * @param settings the rest
     */
    public TestBench(Backend backend, BenchSettings settings) {
        this.backend = backend;
        this.settings = settings;
        this.random = new SplittableRandom(settings.seed());
        this.tokens = new Tokens(random.split());
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
     * How long things may take.
     *
     * @return the limits
     */
    public Limits limits() {
        return settings.limits();
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
     * Makes a value that occurs nowhere else.
     *
     * @param name what it stands for in messages, for example {@code the old page}
     * @return the value
     */
    public long token(String name) {
        return tokens.next(name);
    }

    /**
     * Puts a value into words.
     *
     * @param value a token or any other value
     * @return hexadecimal, with the name of a token
     */
    public String describe(long value) {
        return tokens.describe(value);
    }

    Tokens tokens() {
        return tokens;
    }

    // ---- processes, memory, devices -------------------------------------------------------------

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
     * Opens a queue without starting it.
     *
     * @param process who opens
     * @param index which accelerator
     * @return the handle, closed by the bench
     */
    public QueueHandle open(SvaProcess process, int index) {
        return adopt(accelerator(index).open(process));
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
        introspection.recordEvents(true);
        try {
            action.run();
            return introspection.events();
        } finally {
            introspection.recordEvents(false);
        }
    }

    // ---- checks ---------------------------------------------------------------------------------

    /**
     * Says what is done next; failures name it.
     *
     * @param format what is done, with placeholders
     * @param arguments values for the placeholders
     */
    public void step(String format, Object... arguments) {
        String text = arguments.length == 0 ? format : format.formatted(arguments);
        step = text;
        if (steps.size() < MAX_STEPS) {
            steps.add(text);
        }
    }

    /**
     * What is being done.
     *
     * @return the last step
     */
    public String currentStep() {
        return step;
    }

    /**
     * Makes the failure of a check.
     *
     * @param expected what the rule demands
     * @param seen what was there instead
     * @return the error to throw
     */
    public RuleViolation violation(String expected, String seen) {
        return new RuleViolation(settings.rules(), evidence(expected, seen));
    }

    /**
     * Makes the failure of a step that threw something unexpected.
     *
     * @param cause what was thrown
     * @return the error to throw
     */
    public RuleViolation unexpected(Throwable cause) {
        String seen =
                cause instanceof ErrnoException || cause instanceof CpuFaultException
                        ? String.valueOf(cause.getMessage())
                        : cause.toString();
        return new RuleViolation(
                settings.rules(), evidence("the step to succeed", firstLine(seen)), cause);
    }

    private Evidence evidence(String expected, String seen) {
        List<String> done;
        synchronized (steps) {
            done = List.copyOf(steps);
        }
        return new Evidence(settings.test(), step, expected, seen, settings.seed(), done);
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse(text);
    }

    /**
     * Checks a condition.
     *
     * @param holds true if all is well
     * @param expected what the rule demands
     * @param seen what is there instead
     */
    public void check(boolean holds, String expected, String seen) {
        if (!holds) {
            throw violation(expected, seen);
        }
    }

    /**
     * Checks a value.
     *
     * @param expected what must be there
     * @param seen what is there
     * @param what what the value is, for example {@code the child's page}
     */
    public void mustBe(long expected, long seen, String what) {
        if (expected != seen) {
            throw violation(
                    what + " to hold " + describe(expected), what + " holds " + describe(seen));
        }
    }

    /**
     * Checks that a call is refused.
     *
     * @param what the call in words
     * @param call the call
     * @param allowed the errors that the rule allows, at least one
     * @return the error
     */
    public Errno mustRefuse(String what, Runnable call, Errno... allowed) {
        String expected = what + " to be refused with " + names(allowed);
        try {
            call.run();
        } catch (ErrnoException refusal) {
            check(
                    Arrays.asList(allowed).contains(refusal.errno()),
                    expected,
                    String.valueOf(refusal.getMessage()));
            return refusal.errno();
        }
        throw violation(expected, "it was not refused");
    }

    private static String names(Errno... allowed) {
        return String.join(" or ", Arrays.stream(allowed).map(Errno::name).toList());
    }

    /**
     * Checks that a load or store of the process is refused by its page tables.
     *
     * @param what the access in words
     * @param access the access
     */
    public void mustFault(String what, Runnable access) {
        try {
            access.run();
        } catch (CpuFaultException fault) {
            return;
        }
        throw violation(what + " to be a memory fault of the process", "it was not");
    }

    /**
     * Runs something that the contract bounds in time.
     *
     * @param what the operation in words
     * @param action the operation
     */
    public void bounded(String what, Runnable action) {
        Concurrent<Boolean> running =
                Concurrent.start(() -> {
                    action.run();
                    return true;
                });
        await(what, running, limits().bounded());
    }

    /**
     * Starts something beside the test's own thread.
     *
     * @param action what to do
     * @param <T> what it yields
     * @return the running action; collect it with {@link #join}
     */
    public <T> Concurrent<T> beside(Callable<T> action) {
        return Concurrent.start(action);
    }

    /**
     * Waits for something that {@link #beside} started, at most as long as a bounded operation may
     * take.
     *
     * @param what the action in words
     * @param running the action
     * @param <T> what it yields
     * @return its value
     */
    public <T> T join(String what, Concurrent<T> running) {
        return await(what, running, limits().bounded());
    }

    private <T> T await(String what, Concurrent<T> running, Duration limit) {
        return running.await(limit)
                .orElseThrow(() ->
                        violation(
                                what + " to end within " + limit.toMillis() + " ms",
                                "it had not ended; it was at " + running.whereabouts()));
    }

    /**
     * Waits until something becomes true.
     *
     * @param what the state in words
     * @param limit how long to wait at most
     * @param condition the state; must be cheap
     */
    public void until(String what, Duration limit, java.util.function.BooleanSupplier condition) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw violation(what + " within " + limit.toMillis() + " ms", "it did not come");
            }
            Thread.onSpinWait();
            Thread.yield();
        }
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
