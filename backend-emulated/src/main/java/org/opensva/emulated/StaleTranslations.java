package org.opensva.emulated;

import org.opensva.api.ats.Endpoint;
import org.opensva.api.iommu.TranslationCacheView;
import org.opensva.api.memory.Access;
import org.opensva.api.process.AddressSpace;
import org.opensva.emulated.kernel.mm.AddressSpaces;
import org.opensva.emulated.kernel.sva.SvaCore;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Compares what every cache of a machine holds, IOTLBs, ATCs and the TLBs of processors, with the
 * page tables of today.
 *
 * <p>An address space is held still while one of its translations is judged: whoever narrows a
 * mapping has it for himself until every cache has forgotten, so that what does not agree then
 * never will.
 *
 * <p><b>Threading.</b> Any thread may call, with no lock held.
 */
final class StaleTranslations {

    /** A cache that is broken holds many; some are enough. */
    private static final int MOST = 32;

    /** How often a translation is looked at: its address space may just be bound or unbound. */
    private static final int LOOKS = 3;

    /** A translation in one cache. */
    private record Held(long owner, long address, int sizeShift, long physical, int access) {}

    /** One cache, with a way to find out whose its translations are. */
    private interface Cache {
        String name();

        void visit(Consumer<Held> visitor);

        /** Whose translations are held under which number, at this moment. */
        Owners owners();

        /** Whether a translation of nobody can be used: in an IOTLB no context leads to it. */
        boolean reachesNobodys();

        default boolean holds(Held wanted) {
            boolean[] found = {false};
            visit(held -> found[0] |= held.equals(wanted));
            return found[0];
        }
    }

    /** From the number in a cache to the number of an address space. */
    private interface Owners {
        Optional<Long> find(long owner);
    }

    private final Iommus iommus;
    private final Accelerators accelerators;
    private final AddressSpaces addressSpaces;
    private final SvaCore sva;

    StaleTranslations(
            Iommus iommus, Accelerators accelerators, AddressSpaces addressSpaces, SvaCore sva) {
        this.iommus = iommus;
        this.accelerators = accelerators;
        this.addressSpaces = addressSpaces;
        this.sva = sva;
    }

    /** Lines that name what is stale. */
    List<String> find() {
        Set<String> found = new LinkedHashSet<>();
        for (Cache cache : caches()) {
            Owners owners = cache.owners();
            cache.visit(held -> {
                if (found.size() < MOST && isStale(cache, owners, held)) {
                    found.add(line(cache, held));
                }
            });
        }
        return List.copyOf(found);
    }

    private boolean isStale(Cache cache, Owners owners, Held held) {
        Optional<Long> owner = owners.find(held.owner());
        if (owner.isEmpty()) {
            return cache.reachesNobodys() && isNobodys(cache, held);
        }
        for (int look = 0; look < LOOKS; look++) {
            boolean stale =
                    addressSpaces.isStale(
                            owner.get(),
                            held.address(),
                            held.sizeShift(),
                            held.physical(),
                            held.access(),
                            () -> cache.holds(held));
            // Waits for who is just unbound, and flushed last: afterwards it is gone.
            if (!stale || !cache.owners().find(held.owner()).equals(owner)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isNobodys(Cache cache, Held held) {
        for (int look = 0; look < LOOKS; look++) {
            if (cache.owners().find(held.owner()).isPresent()
                    || !cache.holds(held)
                    || cache.owners().find(held.owner()).isPresent()) {
                return false;
            }
            Thread.yield();
        }
        return true;
    }

    private static String line(Cache cache, Held held) {
        return "%s has 2^%d bytes at 0x%x of %d at 0x%x for %s"
                .formatted(
                        cache.name(),
                        held.sizeShift(),
                        held.address(),
                        held.owner(),
                        held.physical(),
                        Access.writes(held.access()) ? "writing" : "reading");
    }

    private List<Cache> caches() {
        List<Cache> all = new ArrayList<>();
        // A processor asks nobody; then come those that IOMMUs are asked by.
        all.add(new OfProcessors());
        for (int i = 0; i < iommus.instances().size(); i++) {
            Iommus.Instance instance = iommus.instances().get(i);
            if (instance.agent() instanceof TranslationCacheView view) {
                all.add(new OfIommu("the IOTLB of iommu-" + i, view, instance));
            }
        }
        for (Endpoint endpoint : accelerators.endpoints()) {
            if (endpoint instanceof TranslationCacheView view
                    && endpoint.isPresent()
                    && endpoint.isAtsEnabled()) {
                all.add(new OfDevice("the ATC of " + endpoint.name(), view, endpoint));
            }
        }
        return all;
    }

    private static void visit(TranslationCacheView view, Consumer<Held> visitor) {
        view.visitTranslations((owner, address, sizeShift, physical, access) ->
                visitor.accept(new Held(owner, address, sizeShift, physical, access)));
    }

    private final class OfProcessors implements Cache {
        @Override
        public String name() {
            return "the TLB of a processor";
        }

        @Override
        public void visit(Consumer<Held> visitor) {
            int shift = Integer.numberOfTrailingZeros(addressSpaces.pageSize());
            addressSpaces.visitTlbs((processor, space, address, physical, access) ->
                    visitor.accept(new Held(space, address, shift, physical, access)));
        }

        @Override
        public boolean reachesNobodys() {
            return true;
        }

        @Override
        public Owners owners() {
            return Optional::of;
        }
    }

    private final class OfIommu implements Cache {
        private final String name;
        private final TranslationCacheView view;
        private final Iommus.Instance instance;

        OfIommu(String name, TranslationCacheView view, Iommus.Instance instance) {
            this.name = name;
            this.view = view;
            this.instance = instance;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void visit(Consumer<Held> visitor) {
            StaleTranslations.visit(view, visitor);
        }

        @Override
        public boolean reachesNobodys() {
            return false;
        }

        @Override
        public Owners owners() {
            Map<Integer, Long> known = sva.addressSpacesOf(instance.driver());
            return owner -> Optional.ofNullable(known.get((int) owner));
        }
    }

    private final class OfDevice implements Cache {
        private final String name;
        private final TranslationCacheView view;
        private final Endpoint endpoint;

        OfDevice(String name, TranslationCacheView view, Endpoint endpoint) {
            this.name = name;
            this.view = view;
            this.endpoint = endpoint;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void visit(Consumer<Held> visitor) {
            StaleTranslations.visit(view, visitor);
        }

        @Override
        public boolean reachesNobodys() {
            return true;
        }

        @Override
        public Owners owners() {
            return owner -> sva.boundTo(endpoint.requester(), (int) owner).map(AddressSpace::id);
        }
    }
}
