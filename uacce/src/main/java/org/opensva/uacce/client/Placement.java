package org.opensva.uacce.client;

/** Who would do a job now. */
public enum Placement {
    /** A device. */
    DEVICE,
    /** The declared software fallback, in the calling thread. */
    SOFTWARE,
    /** Nobody: the job would be refused. */
    NOBODY
}
