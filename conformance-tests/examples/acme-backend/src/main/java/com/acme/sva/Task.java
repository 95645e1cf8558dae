package com.acme.sva;

import org.opensva.api.accelerator.Job;

/** A job that a queue has accepted. */
final class Task {

    private final AcmeQueue queue;
    private final long ticket;
    private final Job job;
    private volatile boolean cancelled;

    Task(AcmeQueue queue, long ticket, Job job) {
        this.queue = queue;
        this.ticket = ticket;
        this.job = job;
    }

    AcmeQueue queue() {
        return queue;
    }

    long ticket() {
        return ticket;
    }

    Job job() {
        return job;
    }

    /** Asks the engine to end soon: it looks before every page that it touches. */
    void cancel() {
        cancelled = true;
    }

    boolean isCancelled() {
        return cancelled;
    }
}
