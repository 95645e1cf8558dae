package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** Members whose queues do not behave as open files do. */
final class HandleFaults {

    private HandleFaults() {}

    /** Decorates every handle that is opened. */
    private static Defect handles(UnaryOperator<QueueHandle> around) {
        return new Defect() {
            @Override
            public Backend around(Backend machine) {
                return WrappedBackend.withAccelerators(
                        machine,
                        accelerator ->
                                new ForwardingAccelerator(accelerator) {
                                    @Override
                                    public QueueHandle open(SvaProcess process) {
                                        return around.apply(super.open(process));
                                    }
                                });
            }
        };
    }

    /** A handle whose copies are sound. */
    private abstract static class Own extends ForwardingHandle {
        Own(QueueHandle to) {
            super(to);
        }

        @Override
        QueueHandle around(QueueHandle copy) {
            return copy;
        }
    }

    private static final class PutKills extends Own {
        private volatile boolean dead;

        PutKills(QueueHandle to) {
            super(to);
        }

        @Override
        public void putQueue() {
            super.putQueue();
            dead = true;
        }

        @Override
        public QueueState state() {
            return dead ? QueueState.ZOMBIE : super.state();
        }

        @Override
        public void start() {
            if (dead) {
                throw new ErrnoException(Errno.ENXIO, "start", "the queue is dead");
            }
            super.start();
        }
    }

    private static final class StartsTwice extends Own {
        StartsTwice(QueueHandle to) {
            super(to);
        }

        @Override
        public void start() {
            if (state() != QueueState.STARTED) {
                super.start();
            }
        }
    }

    private static final class TakesAnyCommand extends Own {
        TakesAnyCommand(QueueHandle to) {
            super(to);
        }

        @Override
        public void control(int command) {}
    }

    private static final class StaysReadable extends Own {
        private volatile boolean seen;

        StaysReadable(QueueHandle to) {
            super(to);
        }

        @Override
        public boolean poll(Duration timeout) {
            seen |= super.poll(seen ? Duration.ZERO : timeout);
            return seen;
        }
    }

    private static final class MapsAgain extends Own {
        private final Map<QueueRegion, Long> mapped = new EnumMap<>(QueueRegion.class);

        MapsAgain(QueueHandle to) {
            super(to);
        }

        @Override
        public synchronized long mapRegion(QueueRegion region) {
            try {
                long address = super.mapRegion(region);
                mapped.put(region, address);
                return address;
            } catch (ErrnoException refused) {
                Long before = mapped.get(region);
                if (refused.errno() == Errno.EEXIST && before != null) {
                    return before;
                }
                throw refused;
            }
        }
    }

    /** Whoever closes a copy closes all of them. */
    private static final class ClosesAll extends ForwardingHandle {
        private final List<QueueHandle> copies;

        ClosesAll(QueueHandle to, List<QueueHandle> copies) {
            super(to);
            this.copies = copies;
            synchronized (copies) {
                copies.add(to);
            }
        }

        @Override
        QueueHandle around(QueueHandle copy) {
            return new ClosesAll(copy, copies);
        }

        @Override
        public void close() {
            List<QueueHandle> all;
            synchronized (copies) {
                all = List.copyOf(copies);
                copies.clear();
            }
            all.forEach(QueueHandle::close);
            super.close();
        }
    }

    /** Every close of a copy stops the queue, as if flush were release. */
    private static final class CopyStops extends Own {
        CopyStops(QueueHandle to) {
            super(to);
        }

        @Override
        QueueHandle around(QueueHandle copy) {
            return new ForwardingHandle(copy) {
                @Override
                QueueHandle around(QueueHandle next) {
                    return next;
                }

                @Override
                public void close() {
                    if (CopyStops.this.state() == QueueState.STARTED) {
                        CopyStops.this.putQueue();
                    }
                    super.close();
                }
            };
        }
    }

    /** A copy acts on the address space of whoever holds it. */
    private static final class FollowsTheHolder extends Own {
        FollowsTheHolder(QueueHandle to) {
            super(to);
        }

        @Override
        QueueHandle around(QueueHandle copy) {
            if (copy.holder().addressSpace().id() == holder().addressSpace().id()) {
                return copy;
            }
            return new Rebound(copy);
        }
    }

    private static final class Rebound extends Own {
        private final QueueHandle own;

        Rebound(QueueHandle copy) {
            super(copy);
            own = copy.accelerator().open(copy.holder());
            own.start();
        }

        @Override
        public long submit(Job job) {
            return own.submit(job);
        }

        @Override
        public JobResult await(long ticket, Duration timeout) {
            return own.await(ticket, timeout);
        }

        @Override
        public void close() {
            own.close();
            super.close();
        }
    }

    /** Counts a queue as free from put to close. */
    private static final class PutReturns implements Defect {
        @Override
        public Backend around(Backend machine) {
            return WrappedBackend.withAccelerators(machine, Counting::new);
        }

        private static final class Counting extends ForwardingAccelerator {
            private final AtomicInteger stopped = new AtomicInteger();

            Counting(Accelerator to) {
                super(to);
            }

            @Override
            public int availableInstances() {
                return super.availableInstances() + stopped.get();
            }

            @Override
            public QueueHandle open(SvaProcess process) {
                return new Own(super.open(process)) {
                    private boolean put;

                    @Override
                    public synchronized void putQueue() {
                        super.putQueue();
                        if (!put) {
                            put = true;
                            stopped.incrementAndGet();
                        }
                    }

                    @Override
                    public synchronized void start() {
                        super.start();
                        taken();
                    }

                    @Override
                    public synchronized void close() {
                        taken();
                        super.close();
                    }

                    private void taken() {
                        if (put) {
                            put = false;
                            stopped.decrementAndGet();
                        }
                    }
                };
            }
        }
    }

    /** Counts a queue as free once for every close. */
    private static final class ClosesCount implements Defect {
        @Override
        public Backend around(Backend machine) {
            return WrappedBackend.withAccelerators(machine, Counting::new);
        }

        private static final class Counting extends ForwardingAccelerator {
            private final AtomicInteger tooMany = new AtomicInteger();

            Counting(Accelerator to) {
                super(to);
            }

            @Override
            public int availableInstances() {
                return super.availableInstances() + tooMany.get();
            }

            @Override
            public QueueHandle open(SvaProcess process) {
                return new Own(super.open(process)) {
                    private final AtomicInteger closes = new AtomicInteger();

                    @Override
                    public void close() {
                        if (closes.getAndIncrement() > 0) {
                            tooMany.incrementAndGet();
                        }
                        super.close();
                    }
                };
            }
        }
    }

    private static Defect openerPolicy(Defect defect) {
        return new Defect() {
            @Override
            public Map<String, String> options() {
                return Map.of("foreign-handles", ForeignHandlePolicy.OPENER.id());
            }

            @Override
            public Backend around(Backend machine) {
                return defect.around(machine);
            }
        };
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("foreign-handle-is-accepted", FORK_11, UACCE_20, FORK_13)
                        .as(
                                "8dfa57aabff6, idxd: write() through an inherited descriptor"
                                        + " was not checked")
                        .because("a handle in a foreign address space is not refused")
                        .notTouching(BIND_03, UACCE_04)
                        .by(OnlySaysItRefuses::new),
                BrokenBackend.breaking("foreign-handle-follows-its-holder", FORK_11, BIND_15)
                        .as("8dfa57aabff6, idxd: a descriptor used from another address" + " space")
                        .because("a job through a foreign handle works in its holder's memory")
                        .notTouching(BIND_03, UACCE_08)
                        .by(() -> openerPolicy(handles(FollowsTheHolder::new))),
                BrokenBackend.breaking("put-kills-the-queue", UACCE_04)
                        .as("26c08dabe547, uacce: UACCE_CMD_PUT_Q made the queue a zombie")
                        .because("a queue that was put can never be started again")
                        .notTouching(UACCE_03, BIND_03)
                        .by(() -> handles(PutKills::new)),
                BrokenBackend.breaking("put-returns-the-queue", UACCE_04, UACCE_12)
                        .as("26c08dabe547, uacce: UACCE_CMD_PUT_Q gave the queue back at once")
                        .because("a queue that was put counts as free before it is closed")
                        .notTouching(UACCE_03, BIND_03)
                        .by(PutReturns::new),
                BrokenBackend.breaking("closing-twice-counts-twice", UACCE_09)
                        .as("UADK ce296eb0: a descriptor closed twice on an error path")
                        .because("a handle that two threads close gives its queue back twice")
                        .notTouching(UACCE_04, UACCE_03)
                        .by(ClosesCount::new),
                BrokenBackend.breaking("a-queue-starts-twice", UACCE_03)
                        .as("class of bug: a state that START_Q does not check")
                        .because("a second start is accepted")
                        .notTouching(UACCE_04, BIND_03)
                        .by(() -> handles(StartsTwice::new)),
                BrokenBackend.breaking("any-control-command-is-taken", UACCE_05, UACCE_16)
                        .as("class of bug: an ioctl without a default case")
                        .because("control commands that nobody knows succeed")
                        .notTouching(UACCE_04, BIND_03)
                        .by(() -> handles(TakesAnyCommand::new)),
                BrokenBackend.breaking("poll-stays-readable", UACCE_08)
                        .as("class of bug: the return value of poll, which idxd had to" + " fix")
                        .because("poll goes on reporting a completion that was collected")
                        .notTouching(UACCE_04, BIND_03)
                        .by(() -> handles(StaysReadable::new)),
                BrokenBackend.breaking("a-region-is-mapped-twice", UACCE_06)
                        .as("class of bug: the slot of a region is not checked")
                        .because("mapping a mapped region succeeds")
                        .notTouching(UACCE_04, BIND_03)
                        .by(() -> handles(MapsAgain::new)),
                BrokenBackend.breaking("any-close-ends-the-queue", FORK_14)
                        .as(
                                "UADK ce296eb0: a descriptor closed twice, which may be"
                                        + " somebody else's")
                        .because("closing one copy of a handle closes all of them")
                        .perhapsAlso(FORK_15)
                        .notTouching(UACCE_04, BIND_03)
                        .by(() -> handles(handle -> new ClosesAll(handle, new ArrayList<>()))),
                BrokenBackend.breaking("a-copys-close-stops-the-queue", FORK_15)
                        .as("class of bug: a queue stopped by flush instead of release")
                        .because("a child that closes its copy stops its parent's queue")
                        .notTouching(UACCE_04, BIND_03)
                        .by(() -> handles(CopyStops::new)));
    }
}
