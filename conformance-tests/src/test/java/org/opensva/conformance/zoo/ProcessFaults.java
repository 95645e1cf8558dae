package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.backend.Backend;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** Members whose processes copy, keep or end too much or too little. */
final class ProcessFaults {

    private ProcessFaults() {}

    private static Defect processes(UnaryOperator<SvaProcess> around) {
        return new Defect() {
            @Override
            public Backend around(Backend machine) {
                return WrappedBackend.withProcesses(machine, around);
            }
        };
    }

    /** Takes the page behind an unmapped range for a part of it. */
    private static final class InclusiveEnd extends ForwardingProcess {
        InclusiveEnd(SvaProcess to) {
            super(to);
        }

        @Override
        public void munmap(long address, long length) {
            super.munmap(address, length);
            long end = address + length + pageSize() - 1 & -pageSize();
            try {
                super.madvise(end, pageSize(), Advice.DONTNEED);
            } catch (ErrnoException nothingThere) {
                // Then nothing is lost.
                return;
            }
        }
    }

    /** Its children write to the pages that they should have copied. */
    private static final class Copied extends ForwardingProcess {
        private final boolean child;
        private final SvaProcess parent;

        Copied(SvaProcess to) {
            super(to);
            child = false;
            parent = this;
        }

        private Copied(SvaProcess to, SvaProcess parent) {
            super(to);
            child = true;
            this.parent = parent;
        }

        @Override
        public void storeLong(long address, long value) {
            super.storeLong(address, value);
            if (child) {
                try {
                    parent.storeLong(address, value);
                } catch (ErrnoException | CpuFaultException gone) {
                    // The parent has no such page any more.
                    return;
                }
            }
        }

        @Override
        public SvaProcess fork() {
            return new Copied(super.fork(), this);
        }
    }

    /** Copies what is shared. */
    private static final class CopiesShared extends ForwardingProcess {
        private final Map<Long, Long> shared = new ConcurrentHashMap<>();

        CopiesShared(SvaProcess to) {
            super(to);
        }

        @Override
        public long mmap(MapRequest request) {
            long address = super.mmap(request);
            if (request.shared()) {
                shared.put(address, request.length());
            }
            return address;
        }

        @Override
        public void munmap(long address, long length) {
            super.munmap(address, length);
            shared.remove(address);
        }

        @Override
        public SvaProcess fork() {
            SvaProcess child = super.fork();
            shared.forEach((address, length) -> {
                try {
                    byte[] bytes = child.load(address, Math.toIntExact(length));
                    child.mmap(MapRequest.anonymous(length).at(address));
                    child.store(address, bytes);
                } catch (CpuFaultException gone) {
                    // It was moved or cut off.
                    shared.remove(address);
                }
            });
            return child;
        }
    }

    /** Goes on with its memory after exec. */
    private static final class Keeps extends ForwardingProcess {
        Keeps(SvaProcess to) {
            super(to);
        }

        @Override
        public void exec() {
            // The program is another one, and its address space is not.
            super.pageSize();
        }

        @Override
        public SvaProcess fork() {
            return new Keeps(super.fork());
        }
    }

    /** Waits in exit for what never comes. */
    private static final class Drains extends ForwardingProcess {
        Drains(SvaProcess to) {
            super(to);
        }

        @Override
        public void exit(int status) {
            try {
                boolean _ = new CountDownLatch(1).await(15, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            super.exit(status);
        }
    }

    /** Says that it locks, and does not. */
    private static final class LocksNothing extends ForwardingProcess {
        LocksNothing(SvaProcess to) {
            super(to);
        }

        @Override
        public void mlock(long address, long length, boolean onFault) {
            // Taken for advice.
            super.pageSize();
        }
    }

    /** Serves the fault of a device as if the processor had met it. */
    private static final class GrowsForDevices extends ForwardingProcess {
        GrowsForDevices(SvaProcess to) {
            super(to);
        }

        @Override
        public AddressSpace addressSpace() {
            return new ForwardingAddressSpace(super.addressSpace()) {
                @Override
                public FaultOutcome handleFault(long address, int access) {
                    FaultOutcome found = super.handleFault(address, access);
                    if (found != FaultOutcome.INVALID) {
                        return found;
                    }
                    try {
                        loadLong(address & -Long.BYTES);
                    } catch (CpuFaultException | ErrnoException nothingThere) {
                        return found;
                    }
                    return super.handleFault(address, access);
                }
            };
        }
    }

    /** Knows the handles of each process, and what became of them. */
    private abstract static class Watched implements Defect {
        final Map<Long, List<QueueHandle>> handles = new ConcurrentHashMap<>();
        final Map<Long, List<Long>> regions = new ConcurrentHashMap<>();

        abstract SvaProcess watched(SvaProcess process, long parent);

        @Override
        public Backend around(Backend machine) {
            Backend opened =
                    WrappedBackend.withAccelerators(
                            machine,
                            accelerator ->
                                    new ForwardingAccelerator(accelerator) {
                                        @Override
                                        public QueueHandle open(SvaProcess process) {
                                            QueueHandle handle = super.open(process);
                                            handles.computeIfAbsent(
                                                            process.pid(), pid -> new ArrayList<>())
                                                    .add(handle);
                                            return new Noted(handle, process.pid());
                                        }
                                    });
            return WrappedBackend.withProcesses(opened, process -> watched(process, -1));
        }

        private final class Noted extends ForwardingHandle {
            private final long pid;

            Noted(QueueHandle to, long pid) {
                super(to);
                this.pid = pid;
            }

            @Override
            QueueHandle around(QueueHandle copy) {
                return copy;
            }

            @Override
            public long mapRegion(QueueRegion region) {
                long address = super.mapRegion(region);
                regions.computeIfAbsent(pid, id -> new ArrayList<>()).add(address);
                return address;
            }
        }
    }

    /** A child's exit stops what its parent has open. */
    private static final class ExitStops extends Watched {
        @Override
        SvaProcess watched(SvaProcess process, long parent) {
            return new ForwardingProcess(process) {
                @Override
                public SvaProcess fork() {
                    return watched(super.fork(), pid());
                }

                @Override
                public void exit(int status) {
                    super.exit(status);
                    stop();
                }

                @Override
                public void close() {
                    super.close();
                    stop();
                }

                private void stop() {
                    for (QueueHandle handle : handles.getOrDefault(parent, List.of())) {
                        if (handle.state() == QueueState.STARTED) {
                            handle.putQueue();
                        }
                    }
                }
            };
        }
    }

    /** What a process has mapped of a device is there when the device is gone. */
    private static final class RegionsSurvive extends Watched {
        private final Map<Long, SvaProcess> processes = new ConcurrentHashMap<>();

        @Override
        SvaProcess watched(SvaProcess process, long parent) {
            processes.put(process.pid(), process);
            return process;
        }

        @Override
        public Backend around(Backend machine) {
            return WrappedBackend.withAccelerators(
                    super.around(machine),
                    accelerator ->
                            new ForwardingAccelerator(accelerator) {
                                @Override
                                public void remove() {
                                    super.remove();
                                    regions.forEach(
                                            (pid, all) -> all.forEach(at -> survive(pid, at)));
                                }
                            });
        }

        private void survive(long pid, long address) {
            SvaProcess process = processes.get(pid);
            if (process != null && process.isAlive()) {
                process.mmap(MapRequest.anonymous(process.pageSize()).at(address));
            }
        }
    }

    /** A child of somebody who has opened a device cannot open it. */
    private static final class ChildIsInitialised extends Watched {
        private final Set<Long> copied = ConcurrentHashMap.newKeySet();

        @Override
        SvaProcess watched(SvaProcess process, long parent) {
            return new ForwardingProcess(process) {
                @Override
                public SvaProcess fork() {
                    SvaProcess child = watched(super.fork(), pid());
                    if (handles.containsKey(pid())) {
                        copied.add(child.pid());
                    }
                    return child;
                }
            };
        }

        @Override
        public Backend around(Backend machine) {
            return WrappedBackend.withAccelerators(
                    super.around(machine),
                    accelerator ->
                            new ForwardingAccelerator(accelerator) {
                                @Override
                                public QueueHandle open(SvaProcess process) {
                                    if (copied.contains(process.pid())) {
                                        throw new ErrnoException(
                                                Errno.EEXIST, "open", "it is initialised already");
                                    }
                                    return super.open(process);
                                }
                            });
        }
    }

    /** A child has memory where its parent has mapped a region. */
    private static final class RegionsInherited extends Watched {
        @Override
        SvaProcess watched(SvaProcess process, long parent) {
            return new ForwardingProcess(process) {
                @Override
                public SvaProcess fork() {
                    SvaProcess child = super.fork();
                    for (long region : regions.getOrDefault(pid(), List.of())) {
                        child.mmap(MapRequest.anonymous(pageSize()).at(region));
                    }
                    return child;
                }
            };
        }
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("a-neighbour-is-unmapped-too", UNMAP_14)
                        .as("class of bug: the end of a range taken for its last page")
                        .because("munmap takes the page behind the range as well")
                        .notTouching(UNMAP_01, BIND_03)
                        .by(() -> processes(InclusiveEnd::new)),
                BrokenBackend.breaking("a-forked-page-is-not-copied", FORK_08)
                        .as(
                                "class of 19be0eaffa3a (CVE-2016-5195), mm: a store that reached"
                                        + " the page behind copy-on-write")
                        .because("what a child stores arrives in its parent's page too")
                        .perhapsAlso(FORK_06, FORK_07)
                        .notTouching(BIND_03, FORK_12)
                        .by(() -> processes(Copied::new)),
                BrokenBackend.breaking("fork-copies-what-is-shared", FORK_09)
                        .as("class of bug: the flag of a shared mapping lost by fork")
                        .because("a child gets a copy of memory that is mapped shared")
                        .notTouching(BIND_03, FORK_05)
                        .by(() -> processes(CopiesShared::new)),
                BrokenBackend.breaking("exec-keeps-the-memory", FORK_20)
                        .as("class of bug: a bond that is only told of exit, not of exec")
                        .because("after exec the old address space lives and is bound")
                        .perhapsAlso(FORK_19, FORK_21)
                        .notTouching(BIND_03, FORK_12)
                        .by(() -> processes(Keeps::new)),
                BrokenBackend.breaking("locked-memory-is-not-locked", UNMAP_38)
                        .as("class of bug: a lock that is taken for advice")
                        .because("mlock brings nothing into memory and keeps nothing there")
                        .notTouching(BIND_03, UNMAP_01)
                        .by(() -> processes(LocksNothing::new)),
                BrokenBackend.breaking("a-device-grows-the-stack", FAULT_04)
                        .as("class of bug: find_extend_vma in the fault handler of an IOMMU")
                        .because("a fault of a device is served as one of the processor")
                        .notTouching(BIND_03, UNMAP_01)
                        .by(() -> processes(GrowsForDevices::new)),
                BrokenBackend.breaking("exit-waits-for-the-driver", EXIT_04)
                        .as(
                                "dda2b8c3c6cc, iommu/vt-d: page requests were drained inside the"
                                        + " release of an mm")
                        .because("exit waits until a device has drained, which it does not")
                        .seenByWaiting()
                        .notTouching(BIND_03, UNMAP_01)
                        .by(() -> processes(Drains::new)),
                BrokenBackend.breaking("a-childs-exit-stops-its-parents-queues", FORK_17)
                        .as("class of bug: a queue stopped by flush, which exit calls for copies")
                        .because("the end of a child stops the queues that its parent has open")
                        .notTouching(BIND_03, FORK_12)
                        .by(ExitStops::new),
                BrokenBackend.breaking("regions-survive-their-device", UACCE_16)
                        .as("\"uacce: unmap remaining mmapping from user space\"")
                        .because("what is mapped of a device can be touched when it is gone")
                        .notTouching(BIND_03, UACCE_03)
                        .by(RegionsSurvive::new),
                BrokenBackend.breaking("a-child-is-initialised-already", FORK_25, FORK_03)
                        .as("UADK 6a683110: a flag that says 'initialised' survived fork")
                        .because("the child of a process that has opened a device cannot open it")
                        .perhapsAlso(FORK_01)
                        .notTouching(BIND_03, FORK_12)
                        .by(ChildIsInitialised::new),
                BrokenBackend.breaking("queue-regions-are-inherited", FORK_12)
                        .as("class of bug: a mapping of a queue without VM_DONTCOPY")
                        .because("a child has memory where its parent has mapped a region")
                        .notTouching(BIND_03, FORK_09)
                        .by(RegionsInherited::new));
    }
}
