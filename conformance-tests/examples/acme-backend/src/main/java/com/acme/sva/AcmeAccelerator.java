package com.acme.sva;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.AcceleratorInfo;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * An accelerator: hardware queues to be taken, one translation cache, and one worker that does the
 * jobs of all queues in the order in which they came.
 *
 * <p>Its lock guards opening and closing. The memory management calls {@link Bond}s, never the
 * accelerator, so that an exit cannot wait for somebody who opens.
 */
final class AcmeAccelerator implements Accelerator {

    private static final int QUEUE_DEPTH = 64;

    private final String name;
    private final RequesterId requester;
    private final int instances;
    private final TranslationCache cache = new TranslationCache();
    private final Map<AcmeAddressSpace, Bond> bonds = new HashMap<>();
    private final BlockingQueue<Task> accepted = new LinkedBlockingQueue<>();
    private final Thread worker;
    private int open;

    AcmeAccelerator(String name, RequesterId requester, int instances) {
        this.name = name;
        this.requester = requester;
        this.instances = instances;
        this.worker = Thread.ofPlatform().daemon().name(name).start(this::work);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public RequesterId requester() {
        return requester;
    }

    @Override
    public AcceleratorInfo info() {
        return new AcceleratorInfo(
                "acme-1",
                true,
                Arrays.stream(Operation.values())
                        .filter(JobEngine.OPERATIONS::contains)
                        .map(Operation::id)
                        .toList(),
                JobEngine.OPERATIONS,
                instances,
                Map.of(),
                QUEUE_DEPTH);
    }

    @Override
    public synchronized int availableInstances() {
        return instances - open;
    }

    TranslationCache cache() {
        return cache;
    }

    /** Takes a queue, binds, and installs the descriptor; what fails is undone to the last step. */
    @Override
    public QueueHandle open(SvaProcess process) {
        AcmeProcess opener = AcmeProcess.of(process);
        AcmeQueue queue = take(opener, opener.addressSpace());
        try {
            return new AcmeQueueHandle(queue, opener, opener.files().install(queue, true));
        } catch (ErrnoException e) {
            queue.release();
            throw e;
        }
    }

    private synchronized AcmeQueue take(AcmeProcess opener, AcmeAddressSpace space) {
        if (open == instances) {
            throw new ErrnoException(
                    Errno.EBUSY, "open(" + name + ")", "all " + instances + " queues are taken");
        }
        Bond bond = bonds.get(space);
        if (bond == null) {
            bond = new Bond(space, cache);
            bonds.put(space, bond);
        }
        open++;
        AcmeQueue queue = new AcmeQueue(this, opener, bond, QUEUE_DEPTH);
        bond.add(queue);
        return queue;
    }

    /** The end of a queue that has stopped: unbind with the last one, then offer it to others. */
    synchronized void giveBack(AcmeQueue queue) {
        Bond bond = queue.bond();
        if (bond.remove(queue)) {
            bonds.remove(bond.space());
            bond.dissolve();
        }
        open--;
    }

    @Override
    public void remove() {
        throw new ErrnoException(
                Errno.EOPNOTSUPP, "remove(" + name + ")", "this device cannot be removed");
    }

    // ---- the worker -----------------------------------------------------------------------------

    void accept(Task task) {
        accepted.add(task);
    }

    private void work() {
        try {
            while (true) {
                Task task = accepted.take();
                if (task.queue().begin(task)) {
                    task.queue().finish(task, JobEngine.run(task));
                }
            }
        } catch (InterruptedException e) {
            // The backend is closing; its processes and so all jobs have ended before.
            Thread.currentThread().interrupt();
        }
    }

    void shutDown() {
        worker.interrupt();
        try {
            worker.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return name + " (" + requester + ")";
    }
}
