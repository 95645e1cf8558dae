package org.opensva.api.iommu;

/**
 * A fault that the IOMMU recorded, in neutral form.
 *
 * @param kind the class of the fault
 * @param requester the device
 * @param pasid the PASID, or {@link Pasid#NONE}
 * @param address the input address, or 0 where the fault has none
 * @param access a set of {@link org.opensva.api.memory.Access} bits
 * @param architectural the record in the words of the architecture, for example {@code
 *     F_TRANSLATION}
 */
public record FaultRecord(
        Kind kind,
        RequesterId requester,
        int pasid,
        long address,
        int access,
        String architectural) {

    /** Classes of faults that every IOMMU has. */
    public enum Kind {
        /** No translation for the address. */
        TRANSLATION,
        /** A translation that does not allow the access. */
        PERMISSION,
        /** The access flag is clear. */
        ACCESS_FLAG,
        /** An address is too large. */
        ADDRESS_SIZE,
        /** The device is unknown, or its entry is invalid. */
        DEVICE_CONFIGURATION,
        /** The PASID is unknown, or its entry is invalid. */
        PASID_CONFIGURATION,
        /** The bus aborted an access of the IOMMU itself. */
        EXTERNAL_ABORT,
        /** A request of a kind that is not allowed here. */
        UNSUPPORTED_REQUEST
    }
}
