package org.opensva.api.accelerator;

/**
 * What kind of queue is wanted.
 *
 * <p>A dedicated queue belongs to one address space and holds its PASID. A shared queue is one
 * queue of the device for all who open it so: each submission carries the PASID of the submitter,
 * which the submitter cannot choose, and is told to try again while the queue is full (Intel DSA
 * Architecture Specification section 3.3, shared work queues, {@code ENQCMD}). A part in it takes
 * none of the device's queues, has no priority of its own, keeps no streams, and takes jobs one by
 * one; a handle of it is of no use in a foreign address space, whatever the policy, because a
 * submission from there carries another PASID.
 *
 * @param shared true for the shared queue
 * @param priority the share of the device's time relative to other queues with work, {@value
 *     #LOWEST} to {@value #HIGHEST}; a queue of any priority gets its share
 * @param limit how many jobs may be in the queue at once, or 0 for as many as it holds
 */
public record QueueRequest(boolean shared, int priority, int limit) {

    /** The smallest share. */
    public static final int LOWEST = 1;

    /** The largest share. */
    public static final int HIGHEST = 15;

    /** What {@link Accelerator#open(org.opensva.api.process.SvaProcess)} asks for. */
    public static final QueueRequest DEDICATED = new QueueRequest(false, 8, 0);

    /** A part in the shared queue. */
    public static final QueueRequest SHARED = new QueueRequest(true, 8, 0);

    /** Checks the ranges. */
    public QueueRequest {
        if (priority < LOWEST || priority > HIGHEST) {
            throw new IllegalArgumentException(
                    "priority is " + priority + ", allowed: " + LOWEST + ".." + HIGHEST);
        }
        if (limit < 0) {
            throw new IllegalArgumentException("limit is " + limit + ", allowed: 0 or more");
        }
    }

    /**
     * The same with another priority.
     *
     * @param value {@value #LOWEST} to {@value #HIGHEST}
     * @return a changed copy
     */
    public QueueRequest withPriority(int value) {
        return new QueueRequest(shared, value, limit);
    }

    /**
     * The same with another limit.
     *
     * @param value how many jobs at once, or 0 for as many as the queue holds
     * @return a changed copy
     */
    public QueueRequest withLimit(int value) {
        return new QueueRequest(shared, priority, value);
    }
}
