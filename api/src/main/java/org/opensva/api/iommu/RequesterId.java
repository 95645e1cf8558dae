package org.opensva.api.iommu;

/**
 * Who makes a request: the PCI Express requester id (bus, device, function), which an SMMU calls
 * the stream id.
 *
 * @param value an unsigned 32-bit number; PCI Express uses 16 bits of it
 */
public record RequesterId(int value) {

    /**
     * Makes a requester id from its PCI parts.
     *
     * @param bus 0 to 255
     * @param device 0 to 31
     * @param function 0 to 7
     * @return the id
     */
    public static RequesterId of(int bus, int device, int function) {
        if ((bus & ~0xff) != 0 || (device & ~0x1f) != 0 || (function & ~7) != 0) {
            throw new IllegalArgumentException(
                    "no such PCI function: %d:%d.%d".formatted(bus, device, function));
        }
        return new RequesterId(bus << 8 | device << 3 | function);
    }

    @Override
    public String toString() {
        return "%02x:%02x.%x".formatted(value >>> 8, value >>> 3 & 0x1f, value & 7);
    }
}
