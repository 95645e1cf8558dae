package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.backend.Backend;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** Members that are opened, numbered, started and answered for wrongly. */
final class OpeningFaults {

    private static final String NARROW = "emulated:smmuv3-narrow";
    private static final String WITHOUT_FAULTS = "emulated:vtd-nopri";

    private OpeningFaults() {}

    private static Defect devices(String machine, UnaryOperator<Accelerator> around) {
        return new Defect() {
            @Override
            public String machine() {
                return machine;
            }

            @Override
            public Backend around(Backend opened) {
                return WrappedBackend.withAccelerators(opened, around);
            }
        };
    }

    private static Defect handles(String machine, UnaryOperator<QueueHandle> around) {
        return devices(
                machine,
                accelerator ->
                        new ForwardingAccelerator(accelerator) {
                            @Override
                            public QueueHandle open(SvaProcess process) {
                                return around.apply(super.open(process));
                            }
                        });
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

    /** Answers an open with another error than the one that it failed with. */
    private static Defect refusing(String machine, Set<Errno> with, Errno instead) {
        return devices(
                machine,
                accelerator ->
                        new ForwardingAccelerator(accelerator) {
                            @Override
                            public QueueHandle open(SvaProcess process) {
                                try {
                                    return super.open(process);
                                } catch (ErrnoException e) {
                                    throw with.contains(e.errno())
                                            ? new ErrnoException(instead, "open", "it failed")
                                            : e;
                                }
                            }
                        });
    }

    /** A reference that is taken before an open fails is never given back. */
    private static final class Raised extends ForwardingAccelerator {
        private final AtomicInteger lost = new AtomicInteger();

        Raised(Accelerator to) {
            super(to);
        }

        @Override
        public QueueHandle open(SvaProcess process) {
            if (availableInstances() > 0 && availableInstances() <= lost.get()) {
                throw new ErrnoException(Errno.EBUSY, "open", "no queue is left");
            }
            try {
                return super.open(process);
            } catch (ErrnoException e) {
                lost.incrementAndGet();
                throw e;
            }
        }
    }

    private static JobResult pretended(JobResult result) {
        return result.status() == JobStatus.PAGE_FAULT
                ? new JobResult(
                        JobStatus.SUCCESS, result.consumed(), result.produced(), result.value(), 0)
                : result;
    }

    /** Jobs that met a fault are reported as done. */
    private static final class Pretends extends Own {
        Pretends(QueueHandle to) {
            super(to);
        }

        @Override
        public JobResult await(long ticket, Duration timeout) {
            return pretended(super.await(ticket, timeout));
        }
    }

    /** Started by open. */
    private static final class Started extends Own {
        private boolean asked;

        Started(QueueHandle to) {
            super(to);
            to.start();
        }

        @Override
        public synchronized void start() {
            if (asked) {
                super.start();
            }
            asked = true;
        }
    }

    /** A region that was mapped once is taken for ever. */
    private static final class Taken extends Own {
        private final Set<QueueRegion> mapped = EnumSet.noneOf(QueueRegion.class);

        Taken(QueueHandle to) {
            super(to);
        }

        @Override
        public synchronized long mapRegion(QueueRegion region) {
            if (!mapped.add(region)) {
                throw new ErrnoException(Errno.EEXIST, "mmap", "the region is mapped");
            }
            return super.mapRegion(region);
        }
    }

    /** Stopping forgets what was accepted. */
    private static final class Forgets extends Own {
        private final Set<Long> accepted = ConcurrentHashMap.newKeySet();
        private final Set<Long> forgotten = ConcurrentHashMap.newKeySet();

        Forgets(QueueHandle to) {
            super(to);
        }

        @Override
        public long submit(Job job) {
            long ticket = super.submit(job);
            accepted.add(ticket);
            return ticket;
        }

        @Override
        public JobResult await(long ticket, Duration timeout) {
            if (forgotten.contains(ticket)) {
                throw new ErrnoException(Errno.EINVAL, "await", "no such job");
            }
            accepted.remove(ticket);
            return super.await(ticket, timeout);
        }

        @Override
        public void putQueue() {
            super.putQueue();
            forgotten.addAll(accepted);
            accepted.clear();
        }
    }

    /** Addresses are taken for those of a machine with 39 bits. */
    private static final class Cut extends FaultyEndpoint {
        private static final int UNUSED = Long.SIZE - 39;
        private static final long CANONICAL = (1L << 48) - 1;

        private static long narrowed(long address) {
            return address << UNUSED >> UNUSED & CANONICAL;
        }

        @Override
        Endpoint around(Endpoint endpoint, AgentPort port) {
            return new ForwardingEndpoint(endpoint) {
                @Override
                public long read(
                        int pasid, int access, long address, byte[] target, int at, int length) {
                    return super.read(pasid, access, narrowed(address), target, at, length);
                }

                @Override
                public long write(
                        int pasid, int access, long address, byte[] source, int at, int length) {
                    return super.write(pasid, access, narrowed(address), source, at, length);
                }
            };
        }
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("a-failed-allocation-is-a-pasid", BIND_07)
                        .as(
                                "c20ecf7bb615, iommu: the negative answer of the allocator was"
                                        + " stored as a PASID")
                        .because("the queue names all ones as its PASID")
                        .notTouching(UACCE_03, UNMAP_01)
                        .by(() ->
                                handles(
                                        ZooProvider.SOUND,
                                        handle ->
                                                new Own(handle) {
                                                    @Override
                                                    public Pasid pasid() {
                                                        return new Pasid(Pasid.MAX);
                                                    }
                                                })),
                BrokenBackend.breaking("no-free-pasid-is-no-memory", BIND_09)
                        .as("class of bug: every failure to bind reported as ENOMEM")
                        .because("a bind that finds no free number says that there is no memory")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() -> refusing(NARROW, EnumSet.of(Errno.ENOSPC), Errno.ENOMEM)),
                BrokenBackend.breaking("a-wide-pasid-is-no-space", BIND_08)
                        .as(
                                "class of bug: a device too narrow taken for an allocator that is"
                                        + " empty")
                        .because("a device too narrow for a PASID says that none is free")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() -> refusing(NARROW, EnumSet.of(Errno.EOVERFLOW), Errno.ENOSPC)),
                BrokenBackend.breaking("a-dead-process-is-busy", BIND_10, EXIT_17)
                        .as("class of bug: mmget_not_zero that fails, taken for a lost race")
                        .because("a bind of a process that is gone says that the device is busy")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() ->
                                refusing(
                                        ZooProvider.SOUND,
                                        EnumSet.of(Errno.EINVAL, Errno.ESRCH),
                                        Errno.EBUSY)),
                BrokenBackend.breaking("a-failed-open-keeps-its-queue", BIND_12)
                        .as("CVE-2026-74574, idxd: the error path of open")
                        .because("an open that fails takes a queue with it")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() -> devices(ZooProvider.SOUND, Raised::new)),
                BrokenBackend.breaking(
                                "a-fault-is-reported-as-success",
                                FAULT_02,
                                FAULT_05,
                                FAULT_07,
                                UACCE_13)
                        .as("class of bug: a completion record whose status nobody fills in")
                        .because("a job that met a fault is reported as done")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() -> handles(ZooProvider.SOUND, Pretends::new)),
                BrokenBackend.breaking("an-absent-page-is-reported-as-success", BIND_17)
                        .as("class of bug: an abort that a device without PRI takes for data")
                        .because("a device that cannot ask for pages reports its job as done")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() -> handles(WITHOUT_FAULTS, Pretends::new)),
                BrokenBackend.breaking("an-open-queue-is-started", UACCE_01)
                        .as("class of bug: a driver that starts the queue when it is opened")
                        .because("a queue takes jobs before anybody started it")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() -> handles(ZooProvider.SOUND, Started::new)),
                BrokenBackend.breaking("an-unmapped-region-stays-taken", UACCE_07)
                        .as("class of bug: a vm_area whose close does not free the region's slot")
                        .because("a region that was unmapped cannot be mapped again")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() -> handles(ZooProvider.SOUND, Taken::new)),
                BrokenBackend.breaking("put-forgets-what-it-accepted", UACCE_18)
                        .as("class of bug: a queue that is stopped without completing its entries")
                        .because("jobs that were accepted before put are unknown after it")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() -> handles(ZooProvider.SOUND, Forgets::new)),
                BrokenBackend.breaking("devices-share-a-name", UACCE_19)
                        .as("class of bug: an id that is not taken from the allocator")
                        .because("two devices of a driver have the same name")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() ->
                                devices(
                                        ZooProvider.SOUND,
                                        accelerator ->
                                                new ForwardingAccelerator(accelerator) {
                                                    @Override
                                                    public String name() {
                                                        return "accel-0";
                                                    }
                                                })),
                BrokenBackend.breaking("addresses-are-cut", BIND_01)
                        .as(
                                "class of bug: a device programmed with another width of virtual"
                                        + " addresses")
                        .because(
                                "addresses are sign-extended from bit 38, where processes use 48"
                                        + " bits")
                        .notTouching(UACCE_03, BIND_03)
                        .by(Cut::new));
    }
}
