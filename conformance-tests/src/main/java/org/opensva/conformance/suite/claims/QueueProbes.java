package org.opensva.conformance.suite.claims;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.AcceleratorInfo;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueRequest;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.Inconclusive;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.claims.Probe.Seen;

import java.util.List;
import java.util.Map;

/** What queues and their descriptors can do. */
final class QueueProbes {

    private QueueProbes() {}

    /** A queue that can be used, and memory for its jobs. */
    private record Used(QueueHandle handle, Job job) {}

    private static Job job(TestBench bench, SvaProcess process) {
        if (!bench.accelerator(0).info().operations().contains(Operation.FILL)) {
            throw new Inconclusive(bench.accelerator(0).name() + " cannot fill memory");
        }
        long page = bench.map(process, 1);
        process.storeLong(page, 1);
        return Job.fill(page, Long.BYTES, 2);
    }

    private static Used started(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Job job = job(bench, process);
        QueueHandle handle = bench.open(process, 0);
        if (bench.claims(Capability.QUEUE_STATES)) {
            handle.start();
        }
        return new Used(handle, job);
    }

    static Seen passing(TestBench bench) {
        QueueHandle handle = bench.open(bench.process("owner"), 0);
        SvaProcess receiver = bench.process("receiver");
        QueueHandle passed = bench.adopt(handle.passTo(receiver));
        return passed.holder().pid() == receiver.pid()
                ? Seen.present("another process received the descriptor")
                : Seen.broken("the descriptor was passed and is not the receiver's");
    }

    static Seen pasid(TestBench bench) {
        int pasid = bench.open(bench.process("owner"), 0).pasid().value();
        return pasid > 0
                ? Seen.present("the queue names its PASID")
                : Seen.broken("the queue names PASID " + pasid);
    }

    static Seen shared(TestBench bench) {
        return kind(bench, QueueRequest.SHARED, "the shared queue");
    }

    static Seen priorities(TestBench bench) {
        return kind(
                bench,
                QueueRequest.DEDICATED.withPriority(QueueRequest.HIGHEST),
                "a queue of the highest priority");
    }

    private static Seen kind(TestBench bench, QueueRequest request, String what) {
        bench.adopt(bench.accelerator(0).open(bench.process("owner"), request));
        return Seen.present(what + " was opened");
    }

    static Seen batch(TestBench bench) {
        Used used = started(bench);
        long[] tickets = used.handle.submitAll(List.of(used.job, used.job));
        for (long ticket : tickets) {
            if (!used.handle.await(ticket, bench.limits().job()).succeeded()) {
                return Seen.broken("two jobs were submitted at once, and one of them failed");
            }
        }
        return Seen.of(
                tickets.length == 2,
                "two jobs were submitted at once and done",
                tickets.length + " of two jobs were submitted");
    }

    static Seen states(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Job job = job(bench, process);
        QueueHandle handle = bench.open(process, 0);
        try {
            handle.await(handle.submit(job), bench.limits().job());
            return Seen.absent("a queue takes jobs without having been started");
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
        }
        handle.start();
        return handle.await(handle.submit(job), bench.limits().job()).succeeded()
                ? Seen.present("a queue takes jobs once it has been started")
                : Seen.broken("a queue was started, and its first job failed");
    }

    static Seen regions(TestBench bench) {
        Map<QueueRegion, Long> sizes = bench.accelerator(0).info().regionSizes();
        if (sizes.isEmpty()) {
            return Seen.absent("the device names no region");
        }
        QueueRegion region = sizes.keySet().iterator().next();
        bench.open(bench.process("owner"), 0).mapRegion(region);
        return Seen.present("the region %s was mapped".formatted(region));
    }

    static Seen instances(TestBench bench) {
        Accelerator accelerator = bench.accelerator(0);
        AcceleratorInfo info = accelerator.info();
        int before = accelerator.availableInstances();
        bench.open(bench.process("owner"), 0);
        int after = accelerator.availableInstances();
        return after < before && before <= info.instances()
                ? Seen.present("an open queue is one that is not available")
                : bench.claims(Capability.INSTANCES)
                        ? Seen.absent(
                                "%d of %d queues were available, and %d with one more open"
                                        .formatted(before, info.instances(), after))
                        : Seen.unknown("the number did not change with a queue");
    }

    static Seen poll(TestBench bench) {
        Used used = started(bench);
        long ticket = used.handle.submit(used.job);
        boolean there =
                used.handle.poll(
                        bench.claims(Capability.POLL)
                                ? bench.limits().job()
                                : bench.limits().settle().dividedBy(10));
        used.handle.await(ticket, bench.limits().job());
        return Seen.of(
                there, "a completion was waited for", "a completion that came woke nobody up");
    }

    static Seen refusesForeign(TestBench bench) {
        return foreign(bench)
                ? Seen.absent("a foreign handle submitted a job")
                : Seen.present("a foreign handle was refused with EPERM");
    }

    static Seen takesForeign(TestBench bench) {
        return foreign(bench)
                ? Seen.present("a foreign handle submitted a job")
                : Seen.absent("a foreign handle was refused with EPERM");
    }

    /** Tells whether a handle works in a process that did not open the queue. */
    private static boolean foreign(TestBench bench) {
        if (!bench.claims(Capability.FORK) && !bench.claims(Capability.PASS_HANDLE)) {
            throw new Inconclusive("no other process can have a handle");
        }
        Used used = started(bench);
        QueueHandle theirs;
        if (bench.claims(Capability.FORK)) {
            theirs = used.handle.inheritedBy(bench.fork(used.handle.holder()));
        } else {
            theirs = used.handle.passTo(bench.process("receiver"));
        }
        bench.adopt(theirs);
        try {
            theirs.await(theirs.submit(used.job), bench.limits().job());
            return true;
        } catch (ErrnoException e) {
            if (e.errno() == Errno.EPERM) {
                return false;
            }
            throw e;
        }
    }
}
