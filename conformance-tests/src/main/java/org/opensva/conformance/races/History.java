package org.opensva.conformance.races;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The operations of a race. Thread-safe.
 *
 * <p>Stamps come from one counter: if an operation's last stamp is less than another's first, the
 * one had returned before the other was begun.
 */
public final class History {

    private final AtomicLong clock = new AtomicLong();
    private final List<Operation> operations = new ArrayList<>();

    /** Creates a history without operations. */
    public History() {}

    /**
     * A stamp.
     *
     * @return a number that only grows
     */
    public long now() {
        return clock.incrementAndGet();
    }

    /**
     * Notes an operation that has just returned.
     *
     * @param kind what was done
     * @param page which page
     * @param life which life of the page, or -1
     * @param value what was stored, written or seen
     * @param begun the stamp taken before it
     */
    public void note(Operation.Kind kind, int page, int life, long value, long begun) {
        Operation operation = new Operation(kind, page, life, value, begun, now());
        synchronized (operations) {
            operations.add(operation);
        }
    }

    /**
     * The operations of a page.
     *
     * @param page which page
     * @return in the order in which they were begun
     */
    public List<Operation> of(int page) {
        synchronized (operations) {
            return operations.stream()
                    .filter(operation -> operation.page() == page)
                    .sorted(Comparator.comparingLong(Operation::begun))
                    .toList();
        }
    }

    /**
     * Counts the operations.
     *
     * @param kind of this kind
     * @return how many
     */
    public long count(Operation.Kind kind) {
        synchronized (operations) {
            return operations.stream().filter(operation -> operation.kind() == kind).count();
        }
    }
}
