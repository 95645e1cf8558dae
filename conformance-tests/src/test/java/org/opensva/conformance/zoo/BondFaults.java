package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;

import jakarta.inject.Singleton;

import org.opensva.api.backend.Backend;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.zoo.Renumbered.Freed;
import org.opensva.emulated.kernel.sva.SvaCore;
import org.opensva.smmuv3.layout.Opcode;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Members whose bonds and PASIDs belong to the wrong one, or live too long or too short. */
final class BondFaults {

    private BondFaults() {}

    /** A device and an address space. */
    private record Pair(int requester, long addressSpace) {
        static Pair of(DeviceFunction function, AddressSpace space) {
            return new Pair(function.requester().value(), space.id());
        }
    }

    /** Binds through the sound core in its own way. */
    private abstract static class OtherBinder implements Defect {

        abstract SvaBond bind(SvaBinder core, DeviceFunction function, AddressSpace space);

        @Override
        public Module layers() {
            return new AbstractModule() {
                @Provides
                @Singleton
                SvaBinder binder(SvaCore core) {
                    return (function, space) -> OtherBinder.this.bind(core, function, space);
                }
            };
        }
    }

    /** A bond that says or does something else than its own. */
    private abstract static class OtherBond implements SvaBond {
        private final SvaBond sound;

        OtherBond(SvaBond sound) {
            this.sound = sound;
        }

        @Override
        public Pasid pasid() {
            return sound.pasid();
        }

        @Override
        public AddressSpace addressSpace() {
            return sound.addressSpace();
        }

        @Override
        public void close() {
            sound.close();
        }
    }

    /** The first bond is the only one; whoever asks again is refused until it is gone. */
    private static final class SecondBindRefused extends OtherBinder {
        private final Map<Pair, Boolean> live = new ConcurrentHashMap<>();

        @Override
        SvaBond bind(SvaBinder core, DeviceFunction function, AddressSpace space) {
            Pair pair = Pair.of(function, space);
            if (live.putIfAbsent(pair, true) != null) {
                throw new ErrnoException(
                        Errno.EBUSY, "bind(" + function.name() + ")", "the PASID is in use");
            }
            try {
                return new OtherBond(core.bind(function, space)) {
                    @Override
                    public void close() {
                        live.remove(pair);
                        super.close();
                    }
                };
            } catch (RuntimeException e) {
                live.remove(pair);
                throw e;
            }
        }
    }

    /** Every bind shares one reference, which the first unbind gives back. */
    private static final class OneReferenceForAll extends OtherBinder {
        private final Map<Pair, SvaBond> live = new HashMap<>();

        @Override
        synchronized SvaBond bind(SvaBinder core, DeviceFunction function, AddressSpace space) {
            Pair pair = Pair.of(function, space);
            SvaBond bond = live.get(pair);
            if (bond == null) {
                bond = core.bind(function, space);
                live.put(pair, bond);
            }
            SvaBond shared = bond;
            return new OtherBond(shared) {
                @Override
                public void close() {
                    synchronized (OneReferenceForAll.this) {
                        live.remove(pair, shared);
                    }
                    shared.close();
                }
            };
        }
    }

    /** A process that is bound to one device is taken for bound to the other as well. */
    private static final class BondOfAnotherDevice extends OtherBinder {
        private final Map<Long, DeviceFunction> first = new ConcurrentHashMap<>();

        @Override
        SvaBond bind(SvaBinder core, DeviceFunction function, AddressSpace space) {
            DeviceFunction bound = first.computeIfAbsent(space.id(), id -> function);
            return core.bind(bound, space);
        }
    }

    /** A child is taken for bound because its parent is, and gets the parent's bond. */
    private static final class ChildInherits extends OtherBinder {
        private final Map<Long, AddressSpace> parents = new ConcurrentHashMap<>();

        @Override
        SvaBond bind(SvaBinder core, DeviceFunction function, AddressSpace space) {
            AddressSpace inherited = parents.get(space.id());
            if (inherited == null || !inherited.isAlive()) {
                return core.bind(function, space);
            }
            return new OtherBond(core.bind(function, inherited)) {
                @Override
                public AddressSpace addressSpace() {
                    return space;
                }
            };
        }

        @Override
        public Backend around(Backend machine) {
            return WrappedBackend.withProcesses(machine, Parent::new);
        }

        private final class Parent extends ForwardingProcess {
            Parent(SvaProcess to) {
                super(to);
            }

            @Override
            public SvaProcess fork() {
                AddressSpace own = addressSpace();
                SvaProcess child = new Parent(super.fork());
                parents.put(child.addressSpace().id(), own);
                return child;
            }
        }
    }

    /** The end of a process is told to nobody: not to the IOMMU, and not to the queues. */
    private static final class ExitTellsNobody implements Defect {

        @Override
        public Backend around(Backend machine) {
            return WrappedBackend.withProcesses(machine, Silent::new);
        }

        private static final class Silent extends ForwardingProcess {
            Silent(SvaProcess to) {
                super(to);
            }

            @Override
            public AddressSpace addressSpace() {
                return new Deathless(super.addressSpace());
            }

            @Override
            public SvaProcess fork() {
                return new Silent(super.fork());
            }
        }

        private static final class Deathless extends ForwardingAddressSpace {
            Deathless(AddressSpace to) {
                super(to);
            }

            @Override
            public boolean isAlive() {
                return true;
            }

            @Override
            public Subscription subscribe(AddressSpaceListener listener) {
                return super.subscribe(
                        new AddressSpaceListener() {
                            @Override
                            public void invalidate(AddressRange range) {
                                listener.invalidate(range);
                            }

                            @Override
                            public void release() {}
                        });
            }
        }
    }

    /** The end of a child frees the PASID that its parent has. */
    private static final class ChildFrees implements Defect {
        private final Renumbered numbers = Renumbered.freed(Freed.WITH_THE_IDENTITY);

        @Override
        public Module layers() {
            return numbers.layers();
        }

        @Override
        public Backend around(Backend machine) {
            return WrappedBackend.withProcesses(machine, process -> new Relative(process, 0));
        }

        private final class Relative extends ForwardingProcess {
            private final long parent;

            Relative(SvaProcess to, long parent) {
                super(to);
                this.parent = parent;
            }

            @Override
            public SvaProcess fork() {
                long own = addressSpace().id();
                return new Relative(super.fork(), own);
            }

            @Override
            public void exit(int status) {
                super.exit(status);
                numbers.freeNumberOf(parent);
            }

            @Override
            public void close() {
                super.close();
                numbers.freeNumberOf(parent);
            }
        }
    }

    /** Cached PASID entries survive; somebody else keeps the device in use all the time. */
    private static final class EntriesCached implements Defect {
        private final Defect reuse = Renumbered.freed(Freed.WITH_THE_IDENTITY);
        private final Defect cached = HardwareFaults.without(Opcode.CFGI_CD);

        @Override
        public Module layers() {
            return new BothOf(reuse, cached).layers();
        }

        @Override
        public Backend around(Backend machine) {
            SvaProcess resident = machine.processes().spawn("resident");
            machine.accelerators().forEach(device -> device.open(resident));
            return machine;
        }
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("pasid-is-freed-at-exit", EXIT_10, FORK_16, FORK_21)
                        .as(
                                "2667ed10d9f0, mm: PASID freed at exit while a descriptor"
                                        + " was still open")
                        .because(
                                "the number is free when the process exits, although a handle of"
                                        + " its address space is open")
                        .perhapsAlso(BIND_06)
                        .notTouching(BIND_03, BIND_13)
                        .by(() -> Renumbered.freed(Freed.WITH_THE_MEMORY)),
                BrokenBackend.breaking("pasid-is-freed-at-unbind", BIND_13, EXIT_10)
                        .as(
                                "2667ed10d9f0, mm: PASID freed while its address space could"
                                        + " still be bound")
                        .because("the number is free when the last bond is gone")
                        .notTouching(BIND_03, BIND_07)
                        .by(() -> Renumbered.freed(Freed.WITH_THE_LAST_BOND)),
                BrokenBackend.breaking("pasids-are-numbered-by-device", BIND_06)
                        .as(
                                "class of bug: PASIDs of a driver's own instead of one space"
                                        + " for all devices")
                        .because("every device counts its own PASIDs")
                        .notTouching(BIND_03, BIND_07)
                        .by(Renumbered::byDevice),
                BrokenBackend.breaking(
                                "pasid-is-reused-with-its-cached-entry",
                                EXIT_11,
                                BIND_26,
                                ATS_26,
                                EXIT_03,
                                EXIT_05,
                                EXIT_14,
                                EXIT_15)
                        .as(
                                "8f1de51f49be, amdgpu: a PASID given out again at once, old"
                                        + " state credited to it")
                        .because(
                                "the cached entry of a PASID outlives it, and the number is given"
                                        + " out again at once")
                        .notTouching(BIND_03, BIND_07)
                        .by(EntriesCached::new),
                BrokenBackend.breaking("child-inherits-the-bond", FORK_03, FORK_25)
                        .as("a6cbd44093ef, fork: the copied mm carried its parent's PASID")
                        .because("the copy of an address space keeps the pointer to the bond")
                        .notTouching(FORK_04, BIND_03)
                        .by(ChildInherits::new),
                BrokenBackend.breaking("child-frees-its-parents-pasid", FORK_01)
                        .as("a6cbd44093ef, fork: the copied mm freed its parent's PASID")
                        .because(
                                "a child that never bound frees the number that it was copied with")
                        .perhapsAlso(FORK_03)
                        .notTouching(BIND_03, BIND_13)
                        .by(ChildFrees::new),
                BrokenBackend.breaking("exit-tells-nobody", EXIT_01, EXIT_02)
                        .as(
                                "class of bug: neither IOMMU nor queue subscribed to the end"
                                        + " of the mm")
                        .because("neither the IOMMU nor the queues hear of the end of a process")
                        .perhapsAlso(EXIT_03, EXIT_14, EXIT_15, FORK_16)
                        .notTouching(BIND_03, UNMAP_01)
                        .by(ExitTellsNobody::new),
                BrokenBackend.breaking("second-bind-is-refused", BIND_03, UACCE_02, BIND_14)
                        .as(
                                "65d4418c5002, iommu: a second bind did not share the handle"
                                        + " any more")
                        .because("an address space can be bound to a device only once")
                        .notTouching(BIND_04, BIND_13)
                        .by(SecondBindRefused::new),
                BrokenBackend.breaking("first-unbind-is-the-last", BIND_03, UACCE_02, FORK_18)
                        .as("65d4418c5002, iommu: binds of one handle that are not" + " counted")
                        .because("binds are not counted, and the first unbind ends them all")
                        .notTouching(BIND_04, BIND_13)
                        .by(OneReferenceForAll::new),
                BrokenBackend.breaking("bond-of-another-device", BIND_04)
                        .as("6384c56c99d9, iommu: sharing of handles broken across" + " devices")
                        .because("a second device gets the bond of the first, and no entry")
                        .notTouching(BIND_03, BIND_13)
                        .by(BondOfAnotherDevice::new));
    }
}
