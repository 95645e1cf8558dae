package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRequest;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.backend.Backend;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/** Members that confuse those who share a queue, or jobs that come together. */
final class SharedQueueFaults {

    private SharedQueueFaults() {}

    /** Decorates every part, knowing those that were opened before it. */
    private static Defect parts(BiFunction<QueueHandle, List<QueueHandle>, QueueHandle> around) {
        return new Defect() {
            @Override
            public Backend around(Backend machine) {
                return WrappedBackend.withAccelerators(machine, to -> new Sharing(to, around));
            }
        };
    }

    private static final class Sharing extends ForwardingAccelerator {
        private final BiFunction<QueueHandle, List<QueueHandle>, QueueHandle> around;
        private final List<QueueHandle> parts = new CopyOnWriteArrayList<>();

        Sharing(Accelerator to, BiFunction<QueueHandle, List<QueueHandle>, QueueHandle> around) {
            super(to);
            this.around = around;
        }

        @Override
        public QueueHandle open(SvaProcess process, QueueRequest request) {
            QueueHandle part = super.open(process, request);
            QueueHandle broken = request.shared() ? around.apply(part, parts) : part;
            parts.add(part);
            return broken;
        }
    }

    /** A handle whose copies are sound. */
    private static class Part extends ForwardingHandle {
        Part(QueueHandle to) {
            super(to);
        }

        @Override
        QueueHandle around(QueueHandle copy) {
            return copy;
        }
    }

    /** Submits in the name of the first other part that is there. */
    private static final class InTheNameOf extends Part {
        private final List<QueueHandle> others;
        private QueueHandle used;

        InTheNameOf(QueueHandle to, List<QueueHandle> others) {
            super(to);
            this.others = others;
            used = to;
        }

        @Override
        public long submit(Job job) {
            used =
                    others.stream()
                            .filter(part -> part.state() == QueueState.STARTED)
                            .findFirst()
                            .orElse(sound());
            return used.submit(job);
        }

        @Override
        public JobResult await(long ticket, Duration timeout) {
            return used.await(ticket, timeout);
        }
    }

    /** Takes the jobs of a child as the parent's. */
    private static final class ServesChildren extends Part {
        ServesChildren(QueueHandle to) {
            super(to);
        }

        @Override
        QueueHandle around(QueueHandle copy) {
            return new InTheNameOf(copy, List.of(sound()));
        }
    }

    /** Takes every job, and forgets those for which there is no room. */
    private static final class NeverFull extends Part {
        private static final long FORGOTTEN = Long.MAX_VALUE;

        NeverFull(QueueHandle to) {
            super(to);
        }

        @Override
        public long submit(Job job) {
            try {
                return super.submit(job);
            } catch (ErrnoException e) {
                if (e.errno() == Errno.EAGAIN) {
                    return FORGOTTEN;
                }
                throw e;
            }
        }

        @Override
        public JobResult await(long ticket, Duration timeout) {
            return ticket == FORGOTTEN
                    ? new JobResult(JobStatus.SUCCESS, 0, 0, 0, 0)
                    : super.await(ticket, timeout);
        }
    }

    /** Loses its jobs when another submitter dies. */
    private static final class DiesAlong extends Part {
        private final List<QueueHandle> all;
        private final Set<QueueHandle> deadBefore;

        DiesAlong(QueueHandle to, List<QueueHandle> all) {
            super(to);
            this.all = all;
            deadBefore = all.stream().filter(DiesAlong::isDead).collect(Collectors.toSet());
        }

        private static boolean isDead(QueueHandle part) {
            return !part.holder().isAlive();
        }

        @Override
        public JobResult await(long ticket, Duration timeout) {
            JobResult result = super.await(ticket, timeout);
            boolean death =
                    all.stream().anyMatch(part -> isDead(part) && !deadBefore.contains(part));
            return death ? new JobResult(JobStatus.ABORTED, 0, 0, 0, 0) : result;
        }
    }

    /** Takes of several jobs as many as there is room for. */
    private static final class TakesSome extends Part {
        TakesSome(QueueHandle to) {
            super(to);
        }

        @Override
        public long[] submitAll(List<Job> jobs) {
            return jobs.stream().mapToLong(this::submit).toArray();
        }
    }

    private static final class PartOfABatch implements Defect {
        @Override
        public Backend around(Backend machine) {
            return WrappedBackend.withAccelerators(
                    machine,
                    accelerator ->
                            new ForwardingAccelerator(accelerator) {
                                @Override
                                public QueueHandle open(SvaProcess process) {
                                    return new TakesSome(super.open(process));
                                }
                            });
        }
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("a-shared-queue-keeps-the-first-pasid", UACCE_21)
                        .as("class of bug: a PASID that is latched with the queue")
                        .because("jobs of a shared queue act on its first opener's memory")
                        .perhapsAlso(UACCE_22, UACCE_23, UACCE_24)
                        .notTouching(UACCE_03, BIND_03)
                        .by(() -> parts(InTheNameOf::new)),
                BrokenBackend.breaking("a-child-submits-for-its-parent", UACCE_22)
                        .as(
                                "8dfa57aabff6, idxd: write() through an inherited descriptor"
                                        + " was not checked")
                        .because("a job of a child through an inherited part is its parent's")
                        .notTouching(UACCE_21, UACCE_03)
                        .by(() -> parts((part, before) -> new ServesChildren(part))),
                BrokenBackend.breaking("a-full-shared-queue-forgets", UACCE_23)
                        .as("class of bug: the flag that ENQCMD returns is not looked at")
                        .because("a job for which there is no room counts as taken")
                        .notTouching(UACCE_22, UACCE_03)
                        .by(() -> parts((part, before) -> new NeverFull(part))),
                BrokenBackend.breaking("a-dying-submitter-takes-others-along", UACCE_24)
                        .as("class of bug: a shared queue that is disabled to drain one PASID")
                        .because("jobs of all submitters are aborted when one of them dies")
                        .notTouching(UACCE_21, UACCE_03)
                        .by(() -> parts(DiesAlong::new)),
                BrokenBackend.breaking("a-batch-is-taken-in-part", UACCE_25)
                        .as("class of bug: room is looked at one job at a time")
                        .because("of several jobs as many are queued as there is room for")
                        .notTouching(UACCE_03, BIND_03)
                        .by(PartOfABatch::new));
    }
}
