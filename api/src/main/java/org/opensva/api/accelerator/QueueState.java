package org.opensva.api.accelerator;

/** The states of a queue (Linux: {@code enum uacce_q_state}). */
public enum QueueState {
    /** Opened: a hardware queue is taken and the address space is bound; nothing runs. */
    INIT,
    /** Running. */
    STARTED,
    /** Dead: closed, or the device is gone, or the address space of its opener has died. */
    ZOMBIE
}
