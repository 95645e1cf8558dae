package org.opensva.linux.idxd.spec;

import org.opensva.api.accelerator.JobStatus;

/**
 * How a descriptor ended ({@code enum dsa_completion_status}, {@code enum iax_completion_status},
 * which agree where both have a number but for those marked).
 *
 * @param name as in the header
 * @param status what it is to the SPI
 * @param partial true if {@link CompletionRecord#COMPLETED} tells how far it came, and the rest can
 *     be submitted again
 */
public record CompletionStatus(String name, JobStatus status, boolean partial) {

    /** Which kind of device. */
    public enum Device {
        /** Data Streaming Accelerator. */
        DSA,
        /** In-Memory Analytics Accelerator. */
        IAA
    }

    /**
     * Decodes a status.
     *
     * @param device who wrote it
     * @param code 1 to 0x7f
     * @return what it means; a number without a name is a failure of the device
     */
    public static CompletionStatus of(Device device, int code) {
        return switch (code) {
            case 0x01, 0x02 -> of("SUCCESS", JobStatus.SUCCESS);
            case 0x03 -> new CompletionStatus("PAGE_FAULT_NOBOF", JobStatus.PAGE_FAULT, true);
            case 0x04 -> new CompletionStatus("PAGE_FAULT_IR", JobStatus.PAGE_FAULT, true);
            case 0x05 -> of("BATCH_FAIL", JobStatus.BATCH_FAILED);
            case 0x06 -> of("BATCH_PAGE_FAULT", JobStatus.PAGE_FAULT);
            case 0x07 -> of("DR_OFFSET_NOINC", JobStatus.BAD_DATA);
            case 0x08 -> of("DR_OFFSET_ERANGE", JobStatus.BAD_DATA);
            case 0x09 -> of("DIF_ERR", JobStatus.BAD_DATA);
            case 0x0a -> of("ANALYTICS_ERROR", JobStatus.BAD_DATA);
            case 0x0b -> of("OUTBUF_OVERFLOW", JobStatus.DESTINATION_FULL);
            case 0x10 -> of("BAD_OPCODE", JobStatus.UNSUPPORTED);
            case 0x11 -> of("INVALID_FLAGS", JobStatus.BAD_DESCRIPTOR);
            case 0x12 -> of("NOZERO_RESERVE", JobStatus.BAD_DESCRIPTOR);
            case 0x13 ->
                    of(
                            device == Device.DSA ? "XFER_ERANGE" : "INVALID_SIZE",
                            JobStatus.BAD_DESCRIPTOR);
            case 0x14 -> of("DESC_CNT_ERANGE", JobStatus.BAD_DESCRIPTOR);
            case 0x15 -> of("DR_ERANGE", JobStatus.BAD_DESCRIPTOR);
            case 0x16 -> of("OVERLAP_BUFFERS", JobStatus.BAD_DESCRIPTOR);
            case 0x17 -> of("DCAST_ERR", JobStatus.BAD_DESCRIPTOR);
            case 0x18 -> of("DESCLIST_ALIGN", JobStatus.BAD_DESCRIPTOR);
            case 0x19 -> of("INT_HANDLE_INVAL", JobStatus.BAD_DESCRIPTOR);
            case 0x1a -> of("CRA_XLAT", JobStatus.PAGE_FAULT);
            case 0x1b -> of("CRA_ALIGN", JobStatus.BAD_DESCRIPTOR);
            case 0x1c -> of("ADDR_ALIGN", JobStatus.BAD_DESCRIPTOR);
            case 0x1d -> of("PRIV_BAD", JobStatus.BAD_DESCRIPTOR);
            case 0x1e -> of("TRAFFIC_CLASS_CONF", JobStatus.BAD_DESCRIPTOR);
            case 0x1f -> of("PFAULT_RDBA", JobStatus.PAGE_FAULT);
            case 0x20 -> of("HW_ERR1", JobStatus.DEVICE_ERROR);
            case 0x21 -> of("HW_ERR_DRB", JobStatus.DEVICE_ERROR);
            case 0x22 -> of("TRANSLATION_FAIL", JobStatus.PAGE_FAULT);
            case 0x23 -> of("PRS_TIMEOUT", JobStatus.PAGE_FAULT);
            case 0x24 -> of("WATCHDOG", JobStatus.DEVICE_ERROR);
            case 0x30 -> of("INVALID_COMP_FLAG", JobStatus.BAD_DESCRIPTOR);
            case 0x31 -> of("INVALID_FILTER_FLAG", JobStatus.BAD_DESCRIPTOR);
            case 0x32 -> of("INVALID_INPUT_SIZE", JobStatus.BAD_DESCRIPTOR);
            case 0x33 -> of("INVALID_NUM_ELEMS", JobStatus.BAD_DESCRIPTOR);
            case 0x34 -> of("INVALID_SRC1_WIDTH", JobStatus.BAD_DESCRIPTOR);
            case 0x35 -> of("INVALID_INVERT_OUT", JobStatus.BAD_DESCRIPTOR);
            default -> of("status 0x%x".formatted(code), JobStatus.DEVICE_ERROR);
        };
    }

    private static CompletionStatus of(String name, JobStatus status) {
        return new CompletionStatus(name, status, false);
    }
}
