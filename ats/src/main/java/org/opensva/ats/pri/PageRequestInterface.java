package org.opensva.ats.pri;

import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.ats.pri.RequestGroup.Phase;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A page request interface (PCI Express Base 6.x section 10.4): asks for pages in groups, and
 * matches responses to them.
 *
 * <p>Every message takes one of the credits that software allocated, until its group is answered. A
 * group has a PRG index of its own; indexes are reused as late as possible. A group whose answer
 * does not come in time has failed for the device, but keeps its index and its credits until the
 * answer comes after all or the interface is reset, so that a late answer meets no other group.
 *
 * <p>Response Failure stops the interface: no group is answered any more, and nothing is asked for,
 * until software disables and enables it (section 10.4.2.2, table of response codes).
 *
 * <p>Disabling ends the asking only. What was asked for is answered all the same, and the interface
 * is stopped when the last answer has come; resetting it gives the rest up (section 10.5.2.2).
 *
 * <p><b>Threading.</b> Any thread may call. {@link #request} blocks, {@link #respond} does not.
 */
public final class PageRequestInterface {

    /** PRG indexes have nine bits. */
    public static final int MAX_GROUPS = 512;

    /** How often an answer is looked for before the waiting thread sleeps. */
    private static final int SPINS = 50;

    /** Status: the host answered Response Failure (bit 0 of the status register). */
    public static final int RESPONSE_FAILURE = 1;

    /** Status: a response named no outstanding group (bit 1 of the status register, UPRGI). */
    public static final int UNEXPECTED_INDEX = 1 << 1;

    /** Status: no request is outstanding and none will be made (bit 8 of the status register). */
    public static final int STOPPED = 1 << 8;

    private final Consumer<PageRequest> sender;
    private final int capacity;
    private final long timeoutNanos;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition credit = lock.newCondition();
    private final Condition settled = lock.newCondition();
    private final RequestGroups groups = new RequestGroups(MAX_GROUPS);

    private boolean enabled;
    private boolean gone;
    private boolean failed;
    private int status;
    private long requests;
    private long responses;
    private long unexpected;

    /**
     * Creates the interface, disabled.
     *
     * @param capacity how many messages the device can have outstanding, 1 to 512
     * @param timeoutNanos how long an answer, or a credit, is waited for
     * @param sender where messages go; may call {@link #respond} from within
     */
    public PageRequestInterface(int capacity, long timeoutNanos, Consumer<PageRequest> sender) {
        if (capacity < 1 || capacity > MAX_GROUPS) {
            throw new IllegalArgumentException("capacity " + capacity + " is not in 1..512");
        }
        this.capacity = capacity;
        this.timeoutNanos = timeoutNanos;
        this.sender = sender;
    }

    /**
     * Enables the interface; without effect while it is enabled.
     *
     * @param credits how many messages may be outstanding (Outstanding Page Request Allocation),
     *     more than 0; more than the capacity means the capacity
     */
    public void enable(int credits) {
        lock.lock();
        try {
            if (!enabled && !gone) {
                groups.allocate(Math.min(credits, capacity));
                failed = false;
                enabled = true;
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Disables the interface: nothing is asked for any more. Groups that were begun are completed
     * and answered.
     */
    public void disable() {
        lock.lock();
        try {
            enabled = false;
            credit.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Resets the interface: groups that wait have failed, credits and indexes are free. For an
     * interface that is disabled.
     */
    public void reset() {
        lock.lock();
        try {
            settleAll(PageOutcome.FAILED);
        } finally {
            lock.unlock();
        }
    }

    /** Ends the interface for good: the device was unplugged. */
    public void close() {
        lock.lock();
        try {
            gone = true;
            enabled = false;
            settleAll(PageOutcome.GONE);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Tells whether requests can be made.
     *
     * @return true if the interface is enabled and did not fail
     */
    public boolean isActive() {
        lock.lock();
        try {
            return enabled && !failed;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The status bits.
     *
     * @return any of {@link #RESPONSE_FAILURE}, {@link #UNEXPECTED_INDEX}, {@link #STOPPED}
     */
    public int status() {
        lock.lock();
        try {
            boolean idle = failed || (!enabled && groups.outstanding() == 0);
            return status | (idle ? STOPPED : 0);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Clears status bits, as writing ones to them does.
     *
     * @param bits any of {@link #RESPONSE_FAILURE} and {@link #UNEXPECTED_INDEX}
     */
    public void clearStatus(int bits) {
        lock.lock();
        try {
            status &= ~bits;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Asks for pages, as one group, and waits for the answer.
     *
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @param access the wanted {@link org.opensva.api.memory.Access} bits
     * @param address the first page
     * @param pages how many consecutive pages; fewer are asked for if there are not as many credits
     *     in all
     * @return how it ended
     */
    public PageOutcome request(int pasid, int access, long address, int pages) {
        long deadline = System.nanoTime() + timeoutNanos;
        boolean interrupted = false;
        lock.lock();
        try {
            while (!gone && enabled && !failed && groups.available(pages) == 0) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return PageOutcome.FAILED;
                }
                interrupted |= awaitOrNote(credit, left);
            }
            if (gone) {
                return PageOutcome.GONE;
            }
            if (!enabled || failed) {
                return PageOutcome.FAILED;
            }
            int messages = groups.available(pages);
            RequestGroup group = groups.add(lock.newCondition(), pasid, messages);
            requests += messages;
            try {
                send(group, access, address);
            } catch (RuntimeException e) {
                giveUp(group);
                throw e;
            }
            lookAgain(group);
            PageOutcome outcome = group.outcome;
            while (outcome == null) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    group.phase = Phase.ABANDONED;
                    settled.signalAll();
                    return PageOutcome.FAILED;
                }
                interrupted |= awaitOrNote(group.answered, left);
                outcome = group.outcome;
            }
            return outcome;
        } finally {
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * An answer often comes sooner than a thread could be put to sleep and woken up: for that long
     * the caller looks for it itself, without the lock, and lets others run.
     */
    private void lookAgain(RequestGroup group) {
        if (group.outcome != null) {
            return;
        }
        lock.unlock();
        try {
            for (int i = 0; i < SPINS && group.outcome == null; i++) {
                Thread.yield();
            }
        } finally {
            lock.lock();
        }
    }

    /** An interrupt does not take the request back, so that it must not end the wait either. */
    @SuppressWarnings("WaitNotInLoop") // the loops are the callers'
    private static boolean awaitOrNote(Condition condition, long nanos) {
        try {
            var _ = condition.awaitNanos(nanos);
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }

    /** What could not be sent will not be answered. */
    private void giveUp(RequestGroup group) {
        if (group.phase != Phase.SETTLED) {
            settle(group, PageOutcome.FAILED);
        }
    }

    /** Messages leave without the lock, because the answer may come from within. */
    private void send(RequestGroup group, int access, long address) {
        long page = address & -4096L;
        for (int i = 0; i < group.messages && group.phase == Phase.SENDING; i++) {
            boolean last = i == group.messages - 1;
            if (last) {
                group.phase = Phase.WAITING;
            }
            lock.unlock();
            try {
                sender.accept(
                        new PageRequest(group.pasid, page + i * 4096L, access, group.index, last));
            } finally {
                lock.lock();
            }
        }
    }

    /**
     * Receives a PRG Response. One that no group waits for is counted and otherwise ignored.
     *
     * @param response the message
     */
    public void respond(PageGroupResponse response) {
        lock.lock();
        try {
            if (failed) {
                return; // Section 10.4.2.2: ignored, pending re-enablement.
            }
            RequestGroup group = groups.find(response);
            if (group == null) {
                status |= UNEXPECTED_INDEX;
                unexpected++;
                return;
            }
            responses++;
            settle(group, outcome(response.response()));
            if (response.response() == PageResponse.RESPONSE_FAILURE) {
                status |= RESPONSE_FAILURE;
                failed = true;
                settleAll(PageOutcome.FAILED);
            }
        } finally {
            lock.unlock();
        }
    }

    private static PageOutcome outcome(PageResponse response) {
        return switch (response) {
            case SUCCESS -> PageOutcome.SUCCESS;
            case INVALID_REQUEST -> PageOutcome.INVALID;
            case RESPONSE_FAILURE -> PageOutcome.FAILED;
        };
    }

    private void settle(RequestGroup group, PageOutcome outcome) {
        groups.settle(group, outcome);
        settled.signalAll();
        credit.signalAll();
    }

    private void settleAll(PageOutcome outcome) {
        groups.settleAll(outcome);
        settled.signalAll();
        credit.signalAll();
    }

    /**
     * Waits until no group of a PASID is outstanding.
     *
     * @param pasid the PASID
     * @param nanos how long at most
     * @return false if some still are
     */
    public boolean drain(int pasid, long nanos) {
        long deadline = System.nanoTime() + nanos;
        boolean interrupted = false;
        lock.lock();
        try {
            while (groups.hasWaiting(pasid)) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                interrupted |= awaitOrNote(settled, left);
            }
            return !groups.hasAbandoned(pasid);
        } finally {
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * How many messages are outstanding.
     *
     * @return 0 to the allocation
     */
    public int outstanding() {
        lock.lock();
        try {
            return groups.outstanding();
        } finally {
            lock.unlock();
        }
    }

    /**
     * How many Page Requests were sent.
     *
     * @return a number that only grows
     */
    public long requests() {
        lock.lock();
        try {
            return requests;
        } finally {
            lock.unlock();
        }
    }

    /**
     * How many responses met their group.
     *
     * @return a number that only grows
     */
    public long responses() {
        lock.lock();
        try {
            return responses;
        } finally {
            lock.unlock();
        }
    }

    /**
     * How many responses met no group.
     *
     * @return a number that only grows
     */
    public long unexpected() {
        lock.lock();
        try {
            return unexpected;
        } finally {
            lock.unlock();
        }
    }
}
