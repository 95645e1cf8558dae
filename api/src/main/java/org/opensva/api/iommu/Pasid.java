package org.opensva.api.iommu;

/**
 * A Process Address Space ID (PCI Express Base 6.x section 6.20; SubstreamID in Arm IHI 0070): 20
 * bits that select the address space of a request. 0 is reserved for requests without an address
 * space of their own, so that processes get 1 and up.
 *
 * <p>On the DMA path a PASID is a plain {@code int}, and {@link #NONE} stands for a request without
 * one.
 *
 * @param value 0 to {@link #MAX}
 */
public record Pasid(int value) {

    /** Width of a PASID in bits. */
    public static final int BITS = 20;

    /** The largest PASID. */
    public static final int MAX = (1 << BITS) - 1;

    /** On int paths: the request carries no PASID. */
    public static final int NONE = -1;

    /** Checks the range. */
    public Pasid {
        if (value < 0 || value > MAX) {
            throw new IllegalArgumentException("PASID " + value + " is not in 0.." + MAX);
        }
    }

    @Override
    public String toString() {
        return "PASID " + value;
    }
}
