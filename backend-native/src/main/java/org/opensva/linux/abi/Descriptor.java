package org.opensva.linux.abi;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A file descriptor of this Java machine, closed once. Whoever has it open keeps it from being
 * closed while a call uses it.
 */
public final class Descriptor implements AutoCloseable {

    private final SystemCalls kernel;
    private final int number;
    private final AtomicBoolean open = new AtomicBoolean(true);

    /**
     * Takes a descriptor over.
     *
     * @param kernel where it is open
     * @param number 0 or more
     */
    public Descriptor(SystemCalls kernel, long number) {
        this.kernel = kernel;
        this.number = Math.toIntExact(number);
    }

    /**
     * Opens what a call returned.
     *
     * @param kernel where the call was made
     * @param result what it returned
     * @param operation the call as a user would name it
     * @return the descriptor
     * @throws org.opensva.api.process.ErrnoException if the call failed
     */
    public static Descriptor of(SystemCalls kernel, long result, String operation) {
        return new Descriptor(kernel, KernelErrors.check(result, operation));
    }

    /**
     * The number of the descriptor.
     *
     * @return 0 or more
     */
    public int number() {
        return number;
    }

    /** Closes it. Closing again does nothing. */
    @Override
    public void close() {
        if (open.compareAndSet(true, false)) {
            kernel.call(SystemCall.CLOSE, number, 0, 0);
        }
    }
}
