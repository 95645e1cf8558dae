package org.opensva.api.iommu;

/**
 * The answer to a page fault group. Codes are those of the PRG Response Message (PCI Express Base
 * 6.x section 10.4.2.2).
 */
public enum PageResponse {
    /** All pages are there; the device may try again (it is not a lease). */
    SUCCESS(0),
    /** At least one page does not exist or does not allow the access; trying again is pointless. */
    INVALID_REQUEST(1),
    /** The group could not be served; the device must stop making page requests. */
    RESPONSE_FAILURE(15);

    private final int code;

    PageResponse(int code) {
        this.code = code;
    }

    /**
     * The response code on the wire.
     *
     * @return 0, 1 or 15
     */
    public int code() {
        return code;
    }

    /**
     * Decodes a response code; the codes 2 to 14 are reserved and count as failure (section
     * 10.4.2.2).
     *
     * @param code 0 to 15
     * @return the response
     */
    public static PageResponse ofCode(int code) {
        return switch (code & 15) {
            case 0 -> SUCCESS;
            case 1 -> INVALID_REQUEST;
            default -> RESPONSE_FAILURE;
        };
    }
}
