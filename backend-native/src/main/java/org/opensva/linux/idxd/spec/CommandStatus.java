package org.opensva.linux.idxd.spec;

/**
 * Why the driver refused the last command: the attribute {@code cmd_status} of a device ({@code
 * enum idxd_scmd_stat}).
 */
public final class CommandStatus {

    private CommandStatus() {}

    /**
     * Says what a status means.
     *
     * @param status the number that the attribute has
     * @return a few words, empty for 0
     */
    public static String text(long status) {
        return switch ((int) status) {
            case 0 -> "";
            case 0x8000_0010 -> "the device is enabled already";
            case 0x8000_0020 -> "the device is not enabled";
            case 0x8000_0021 -> "the work queue is enabled already";
            case 0x8002_0000 -> "the device could not be registered for DMA";
            case 0x8003_0000 -> "the work queue has no group";
            case 0x8004_0000 -> "the work queue has no name";
            case 0x8005_0000 -> "a shared work queue needs SVA, which is off";
            case 0x8006_0000 -> "the shared work queue has no threshold";
            case 0x8007_0000 -> "the portal of the work queue cannot be mapped";
            case 0x8008_0000 -> "no memory for the work queue";
            case 0x8009_0000 -> "no counter for the work queue";
            case 0x800a_0000 -> "no DMA channel for the work queue";
            case 0x800b_0000 -> "no device node for the work queue";
            case 0x800c_0000 -> "the device has no shared work queues: ENQCMD or SVA is off";
            case 0x800d_0000 -> "no work queue is configured";
            case 0x800e_0000 -> "the work queue has no size";
            case 0x800f_0000 -> "the work queue needs a privileged PASID";
            case 0x8010_0000 -> "no interrupt for the work queue";
            case 0x8011_0000 ->
                    "a work queue of type user needs SVA: the IOMMU is off, in passthrough without"
                            + " scalable mode, or the kernel refuses to bind";
            default -> "status 0x%x".formatted(status);
        };
    }
}
