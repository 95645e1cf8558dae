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
import java.util.function.Supplier;

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

    /**
     * One cache, with a way to find out whose its translations are.
     *
     * @param owners whose translations are held under which number, at the moment of asking
     * @param reachesNobodys whether a translation of nobody can be used: in an IOTLB no context
     *     leads to it
     */
    private record Cache(
            String name, Content content, Supplier<Owners> owners, boolean reachesNobodys) {

        Owners ownersNow() {
            return owners.get();
        }

        boolean holds(Held wanted) {
            boolean[] found = {false};
            content.visit(held -> found[0] |= held.equals(wanted));
            return found[0];
        }
    }

    /** What a cache holds. */
    private interface Content {
        void visit(Consumer<Held> visitor);
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
            Owners owners = cache.ownersNow();
            cache.content()
                    .visit(held -> {
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
            if (!stale || !cache.ownersNow().find(held.owner()).equals(owner)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isNobodys(Cache cache, Held held) {
        for (int look = 0; look < LOOKS; look++) {
            if (cache.ownersNow().find(held.owner()).isPresent()
                    || !cache.holds(held)
                    || cache.ownersNow().find(held.owner()).isPresent()) {
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
        all.add(
                new Cache(
                        "the TLB of a processor", this::visitProcessors, () -> Optional::of, true));
        for (int i = 0; i < iommus.instances().size(); i++) {
            Iommus.Instance instance = iommus.instances().get(i);
            if (instance.agent() instanceof TranslationCacheView view) {
                all.add(
                        new Cache(
                                "the IOTLB of iommu-" + i,
                                contentOf(view),
                                () -> ownersAt(instance),
                                false));
            }
        }
        for (Endpoint endpoint : accelerators.endpoints()) {
            if (endpoint instanceof TranslationCacheView view
                    && endpoint.isPresent()
                    && endpoint.isAtsEnabled()) {
                all.add(
                        new Cache(
                                "the ATC of " + endpoint.name(),
                                contentOf(view),
                                () -> ownersAt(endpoint),
                                true));
            }
        }
        return all;
    }

    private void visitProcessors(Consumer<Held> visitor) {
        int shift = Integer.numberOfTrailingZeros(addressSpaces.pageSize());
        addressSpaces.visitTlbs((processor, space, address, physical, access) ->
                visitor.accept(new Held(space, address, shift, physical, access)));
    }

    private static Content contentOf(TranslationCacheView view) {
        return visitor ->
                view.visitTranslations((owner, address, sizeShift, physical, access) ->
                        visitor.accept(new Held(owner, address, sizeShift, physical, access)));
    }

    /** By ASID or domain id, as they are now. */
    private Owners ownersAt(Iommus.Instance instance) {
        Map<Integer, Long> known = sva.addressSpacesOf(instance.driver());
        return owner -> Optional.ofNullable(known.get((int) owner));
    }

    /** By PASID; each is looked up when it is asked for. */
    private Owners ownersAt(Endpoint endpoint) {
        return owner -> sva.boundTo(endpoint.requester(), (int) owner).map(AddressSpace::id);
    }
}
