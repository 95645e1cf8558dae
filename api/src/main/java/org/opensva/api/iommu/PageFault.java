package org.opensva.api.iommu;

import org.opensva.api.memory.Access;

/**
 * One page that a device wants.
 *
 * @param address the virtual address of the page
 * @param access a set of {@link Access} bits
 */
public record PageFault(long address, int access) {

    @Override
    public String toString() {
        return "0x%x(%s)".formatted(address, Access.describe(access));
    }
}
