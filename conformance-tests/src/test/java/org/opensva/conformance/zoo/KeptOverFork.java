package org.opensva.conformance.zoo;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.ProcessHost;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.iommu.HostBinder;
import org.opensva.linux.iommu.HostIommu;
import org.opensva.linux.process.HostProcesses;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The ATCs of a host's devices are not told of forks. What they keep leads, as physical addresses
 * do, to the pages that were there, which are the child's from now on: a write by such a
 * translation arrives there too.
 */
final class KeptOverFork extends AbstractModule {

    /** The upper bits of a translated address say whose memory it is. */
    private static final int SLOT = 48;

    private final AtomicInteger forks = new AtomicInteger();
    private final Map<Integer, Long> spaces = new ConcurrentHashMap<>();
    private final Map<Long, Long> slots = new ConcurrentHashMap<>();
    private final Map<Long, List<SvaProcess>> heirs = new ConcurrentHashMap<>();

    @Provides
    ProcessHost processes(HostProcesses sound) {
        return new ProcessHost() {
            @Override
            public SvaProcess spawn(String name) {
                return new Forking(sound.spawn(name));
            }

            @Override
            public int pageSize() {
                return sound.pageSize();
            }
        };
    }

    private final class Forking extends ForwardingProcess {

        Forking(SvaProcess to) {
            super(to);
        }

        @Override
        public SvaProcess fork() {
            long parent = addressSpace().id();
            forks.incrementAndGet();
            try {
                SvaProcess child = new Forking(super.fork());
                heirs.computeIfAbsent(parent, id -> new CopyOnWriteArrayList<>()).add(child);
                return child;
            } finally {
                forks.decrementAndGet();
            }
        }
    }

    @Provides
    SvaBinder binder(HostBinder sound) {
        return new SvaBinder() {
            @Override
            public SvaBond bind(DeviceFunction function, AddressSpace space) {
                SvaBond bond = sound.bind(function, space);
                spaces.put(bond.pasid().value(), space.id());
                return bond;
            }
        };
    }

    @Provides
    TranslationAgent agent(HostIommu sound) {
        return new TranslationAgent() {
            @Override
            public AgentPort connect(RequesterId requester, DevicePort device) {
                AgentPort[] port = new AgentPort[1];
                port[0] =
                        sound.connect(
                                requester,
                                new ForwardingDevicePort(device) {
                                    @Override
                                    public void invalidate(InvalidateRequest request) {
                                        if (forks.get() > 0) {
                                            port[0].complete(
                                                    InvalidateCompletion.of(request.itag()));
                                        } else {
                                            super.invalidate(request);
                                        }
                                    }
                                });
                return new Stale(port[0]);
            }

            @Override
            public void disconnect(RequesterId requester) {
                sound.disconnect(requester);
            }
        };
    }

    private final class Stale extends ForwardingAgentPort {

        Stale(AgentPort to) {
            super(to);
        }

        @Override
        public int translate(int pasid, int access, long address, long[] entries) {
            int count = super.translate(pasid, access, address, entries);
            Long space = spaces.get(pasid);
            if (count > 0 && space != null) {
                slots.put(TranslationEntry.address(entries[0]) >>> SLOT, space);
            }
            return count;
        }

        @Override
        public long writeTranslated(long address, byte[] source, int offset, int length) {
            long result = super.writeTranslated(address, source, offset, length);
            Long space = slots.get(address >>> SLOT);
            byte[] bytes = Arrays.copyOfRange(source, offset, offset + length);
            for (SvaProcess heir : space == null ? List.<SvaProcess>of() : heirs(space)) {
                try {
                    heir.store(address << 16 >>> 16, bytes);
                } catch (CpuFaultException | ErrnoException e) {
                    heirs(space).remove(heir);
                }
            }
            return result;
        }

        private List<SvaProcess> heirs(long space) {
            return heirs.getOrDefault(space, new CopyOnWriteArrayList<>());
        }
    }
}
