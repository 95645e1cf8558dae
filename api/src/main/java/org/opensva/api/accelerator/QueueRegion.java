package org.opensva.api.accelerator;

/**
 * What of a queue can be mapped (Linux: {@code enum uacce_qfrt}); the page offset of {@code mmap}
 * selects it.
 */
public enum QueueRegion {
    /** Registers, the doorbell among them. */
    MMIO,
    /** Memory shared by device and user: status word and queue parameters. */
    SHARED
}
