package org.opensva.emulated;

import com.google.inject.Key;
import com.google.inject.name.Names;

import org.opensva.api.memory.MmioRegion;

/**
 * Under which keys the parts of each IOMMU of a machine are bound. The first IOMMU has its parts
 * under their types alone, and its registers as {@link IommuRegisters}; those of the others carry
 * the position of their IOMMU, as in {@code @Named("iommu-1")}.
 */
public final class IommuParts {

    private IommuParts() {}

    /**
     * The key of a part.
     *
     * @param instance the position of the IOMMU in the machine's profile, from 0
     * @param part the type of the part, such as {@code IommuDriver} or {@code TranslationAgent}
     * @param <T> the type of the part
     * @return where it is bound
     */
    public static <T> Key<T> key(int instance, Class<T> part) {
        if (instance > 0) {
            return Key.get(part, Names.named("iommu-" + instance));
        }
        return part == MmioRegion.class ? Key.get(part, IommuRegisters.class) : Key.get(part);
    }
}
