package org.opensva.ats.config;

/** What the registers of a function control, and what they show of it. */
public interface FunctionControls {

    /**
     * The PASID control register changed.
     *
     * @param enabled PASID Enable
     * @param execute Execute Permission Enable: requests with a PASID may ask for execution
     * @param privileged Privileged Mode Enable: requests with a PASID may be privileged
     */
    void pasidSwitched(boolean enabled, boolean execute, boolean privileged);

    /**
     * The ATS Enable bit changed.
     *
     * @param enabled its new value
     */
    void atsSwitched(boolean enabled);

    /**
     * The Page Request Enable bit changed. Clearing it ends asking, not what was asked: that is
     * answered, or dropped by {@link #priReset}.
     *
     * @param enabled its new value
     * @param allocation the Outstanding Page Request Allocation register
     */
    void priSwitched(boolean enabled, int allocation);

    /** The Page Request Reset bit was written while the interface is, or was thereby, disabled. */
    void priReset();

    /**
     * The live bits of the Page Request Status register.
     *
     * @return bits 0 (Response Failure), 1 (Unexpected PRG Index) and 8 (Stopped)
     */
    int priStatus();

    /**
     * Ones were written to bits of the Page Request Status register that are cleared so.
     *
     * @param bits bits 0 and 1
     */
    void clearPriStatus(int bits);
}
