package org.opensva.api.backend;

/** Who names the PASID of a job. */
public enum PasidSupply {
    /** The queue holds it, from open to close. */
    QUEUE("queue"),
    /** Each submission carries it, put there by the processor, not by the program. */
    SUBMISSION("submission");

    private final String id;

    PasidSupply(String id) {
        this.id = id;
    }

    /**
     * The name in certificates.
     *
     * @return lower case
     */
    public String id() {
        return id;
    }
}
