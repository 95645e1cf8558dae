package org.opensva.conformance.zoo;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;

import jakarta.inject.Singleton;

import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.emulated.kernel.sva.SvaCore;
import org.opensva.smmuv3.driver.SmmuV3Driver;

import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Address spaces get other PASIDs than the SVA core gives them: each is the lowest number that
 * counts as free when it is needed. Whose number counts as free too early is what is wrong.
 *
 * <p>The core goes on with its own numbers; they are exchanged on the way to the hardware, to the
 * queue, and back with page faults. Where a number is given out that an entry still has, the new
 * owner takes the entry over.
 */
final class Renumbered implements Defect {

    /** When a number is free again. */
    enum Freed {
        /** With the last bond of a dead address space, which is right. */
        WITH_THE_IDENTITY,
        /** When the last user of the memory is gone, whoever still holds a handle. */
        WITH_THE_MEMORY,
        /** When the last bond is gone. */
        WITH_THE_LAST_BOND
    }

    /** One PASID of one device. */
    private record Slot(int requester, int pasid) {}

    private final Freed freed;
    private final boolean byDevice;

    /** What follows is guarded by the monitor. */
    private final Map<Integer, BitSet> taken = new HashMap<>();

    private final Map<Slot, Integer> given = new HashMap<>();
    private final Map<Integer, AddressSpace> spaces = new HashMap<>();
    private final Map<Long, Integer> bySpace = new HashMap<>();
    private final Map<Slot, Integer> owners = new HashMap<>();
    private final Map<Integer, Set<Integer>> bonds = new HashMap<>();

    private Renumbered(Freed freed, boolean byDevice) {
        this.freed = freed;
        this.byDevice = byDevice;
    }

    /** One space of numbers for all devices. */
    static Renumbered freed(Freed when) {
        return new Renumbered(when, false);
    }

    /** A space of numbers for each device, as if no two devices ever shared an address space. */
    static Renumbered byDevice() {
        return new Renumbered(Freed.WITH_THE_LAST_BOND, true);
    }

    private int pool(int requester) {
        return byDevice ? requester : -1;
    }

    private synchronized int number(int requester, int core) {
        return given.getOrDefault(new Slot(pool(requester), core), core);
    }

    private synchronized int core(int requester, int number) {
        return owners.getOrDefault(new Slot(requester, number), Pasid.MAX);
    }

    private synchronized int choose(int requester, int core, AddressSpace space) {
        int pool = pool(requester);
        Slot key = new Slot(pool, core);
        Integer known = given.get(key);
        if (known != null) {
            return known;
        }
        BitSet used = taken.computeIfAbsent(pool, id -> new BitSet());
        int number = used.nextClearBit(1);
        used.set(number);
        given.put(key, number);
        bySpace.put(space.id(), number);
        spaces.put(core, space);
        if (freed == Freed.WITH_THE_MEMORY) {
            space.subscribe(
                    new AddressSpaceListener() {
                        @Override
                        public void invalidate(AddressRange range) {}

                        @Override
                        public void release() {
                            free(pool, number);
                        }
                    });
        }
        return number;
    }

    /** Frees the number of an address space, whoever uses it. */
    synchronized void freeNumberOf(long addressSpace) {
        Integer number = bySpace.get(addressSpace);
        if (number != null) {
            free(-1, number);
        }
    }

    private synchronized void free(int pool, int number) {
        taken.computeIfAbsent(pool, id -> new BitSet()).clear(number);
    }

    private synchronized void bound(int requester, int core) {
        bonds.computeIfAbsent(core, id -> new HashSet<>()).add(requester);
    }

    private synchronized void unbound(int requester, int core) {
        Set<Integer> left = bonds.getOrDefault(core, new HashSet<>());
        left.remove(requester);
        if (freed == Freed.WITH_THE_LAST_BOND && (byDevice || left.isEmpty())) {
            Integer number = given.remove(new Slot(pool(requester), core));
            if (number != null) {
                free(pool(requester), number);
            }
        }
    }

    private synchronized void unboundAltogether(int core) {
        AddressSpace space = spaces.get(core);
        if (space != null && !space.isAlive()) {
            spaces.remove(core);
            free(-1, given.remove(new Slot(-1, core)));
        }
    }

    @Override
    public Module layers() {
        return new AbstractModule() {
            @Provides
            @Singleton
            IommuDriver driver(SmmuV3Driver sound) {
                return new ForwardingDriver(sound) {
                    @Override
                    public AttachedDevice attach(DeviceFunction function, PageFaultHandler faults) {
                        return new Device(super.attach(function, faults));
                    }
                };
            }

            @Provides
            @Singleton
            PageFaultHandler faults(SvaCore core) {
                return (device, group) -> {
                    int requester = group.requester().value();
                    PageFaultGroup meant =
                            new PageFaultGroup(
                                    group.requester(),
                                    group.pasid() < 0
                                            ? group.pasid()
                                            : core(requester, group.pasid()),
                                    group.tag(),
                                    group.stalled(),
                                    group.faults());
                    core.report(
                            new ForwardingDevice(device) {
                                @Override
                                public void respond(PageFaultGroup seen, PageResponse response) {
                                    super.respond(group, response);
                                }
                            },
                            meant);
                };
            }

            @Provides
            @Singleton
            SvaBinder binder(SvaCore core) {
                return (function, space) -> {
                    SvaBond bond = core.bind(function, space);
                    int own = bond.pasid().value();
                    return new Bond(bond, number(function.requester().value(), own));
                };
            }
        };
    }

    private record Bond(SvaBond sound, int number) implements SvaBond {
        @Override
        public Pasid pasid() {
            return new Pasid(number);
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

    private final class Device extends ForwardingDevice {
        private final int requester;

        Device(AttachedDevice to) {
            super(to);
            requester = to.function().requester().value();
        }

        @Override
        public synchronized void bind(Pasid pasid, SvaDomain domain) {
            int core = pasid.value();
            int number = choose(requester, core, domain.addressSpace());
            Slot slot = new Slot(requester, number);
            synchronized (Renumbered.this) {
                if (owners.containsKey(slot)) {
                    super.unbind(new Pasid(number));
                }
                owners.put(slot, core);
            }
            super.bind(new Pasid(number), domain);
            bound(requester, core);
        }

        @Override
        public synchronized void unbind(Pasid pasid) {
            int core = pasid.value();
            int number = number(requester, core);
            boolean own;
            synchronized (Renumbered.this) {
                own = owners.remove(new Slot(requester, number), core);
            }
            if (own) {
                super.unbind(new Pasid(number));
            }
            unbound(requester, core);
            if (freed == Freed.WITH_THE_IDENTITY && !isBound(core)) {
                unboundAltogether(core);
            }
        }
    }

    private synchronized boolean isBound(int core) {
        return !bonds.getOrDefault(core, Set.of()).isEmpty();
    }
}
