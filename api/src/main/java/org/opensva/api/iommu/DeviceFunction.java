package org.opensva.api.iommu;

/**
 * A device function as a driver sees it in configuration space: what it can do, and the switches
 * for it.
 *
 * <p>The order that PCI Express demands is enforced: PASID before ATS, ATS before PRI, and the
 * reverse to disable (PCI Express Base 6.x sections 10.5 and 6.20.2.2; Linux {@code
 * pci_enable_pasid}, {@code pci_enable_ats}, {@code pci_enable_pri}). A switch against the order is
 * an {@link org.opensva.api.process.ErrnoException}.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface DeviceFunction {

    /**
     * The name for messages.
     *
     * @return for example {@code zip-0}
     */
    String name();

    /**
     * Who the function is on the bus.
     *
     * @return the requester id
     */
    RequesterId requester();

    /**
     * How many PASID bits the function has.
     *
     * @return 0 (no PASIDs) to 20
     */
    int pasidBits();

    /**
     * Tells whether the function has an ATC.
     *
     * @return true if ATS can be enabled
     */
    boolean supportsAts();

    /**
     * Tells whether the function can make page requests.
     *
     * @return true if PRI can be enabled
     */
    boolean supportsPri();

    /**
     * Tells whether the function tolerates that its transactions stall until a page fault is served
     * (Arm IHI 0070 section 3.12.2).
     *
     * @return true if it does
     */
    boolean supportsStall();

    /**
     * Tells whether the function still answers.
     *
     * @return false after hot removal
     */
    boolean isPresent();

    /**
     * Allows requests with PASIDs.
     *
     * @param enabled the new state
     */
    void setPasidEnabled(boolean enabled);

    /**
     * Allows translation requests. Disabling drops everything the ATC holds.
     *
     * @param enabled the new state
     */
    void setAtsEnabled(boolean enabled);

    /**
     * Allows page requests.
     *
     * @param enabled the new state
     * @param outstanding how many page requests may be outstanding, more than 0 to enable
     */
    void setPriEnabled(boolean enabled, int outstanding);

    /**
     * Tells whether translation requests are allowed.
     *
     * @return the state of the switch
     */
    boolean isAtsEnabled();

    /**
     * How many times the function has to be sent an Invalidate Request until its ATC obeys; every
     * one of them is completed. 1 is what the specification demands. Some functions are known to
     * need 2 (Linux: {@code dtlb_extra_inval}, commit e65a6897be5e), and a driver sends as many.
     *
     * @return 1 to 8, fixed for the life of the function
     */
    default int invalidationsNeeded() {
        return 1;
    }

    /**
     * Ends the use of a PASID on this function: no new request is started with it, those under way
     * finish, outstanding page requests are waited for. Called before the PASID is unbound (PCI
     * Express Base 6.x section 10.4.1.2, stopping the use of a PASID). What begins after the call
     * has returned is a new use of the PASID, and allowed.
     *
     * @param pasid the PASID
     */
    void stopPasid(Pasid pasid);
}
