package org.opensva.smmuv3.layout;

import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;

/**
 * The feature that a register belongs to; without it the register is RES0.
 *
 * <p>Source: the "Configuration" parts of IHI 0070 G.b section 6.3.
 */
public enum Presence {
    /** In every implementation. */
    ALWAYS(0, 0, 0),
    /** With SMMU_IDR0.MSI. */
    MSI(Idr0.MSI.mask(), 0, 0),
    /** With SMMU_IDR0.PRI. */
    PRI(Idr0.PRI.mask(), 0, 0),
    /** With SMMU_IDR0.MSI and SMMU_IDR0.PRI. */
    MSI_AND_PRI(Idr0.MSI.mask() | Idr0.PRI.mask(), 0, 0),
    /** With SMMU_IDR0.ATOS. */
    ATOS(Idr0.ATOS.mask(), 0, 0),
    /** With SMMU_IDR0.VATOS. */
    VATOS(Idr0.VATOS.mask(), 0, 0),
    /** With SMMU_IDR1.ECMDQ. */
    ECMDQ(0, Idr1.ECMDQ.mask(), 0),
    /** With SMMU_IDR3.MPAM. */
    MPAM(0, 0, Idr3.MPAM.mask()),
    /** With SMMU_IDR3.S2PI. */
    S2PI(0, 0, Idr3.S2PI.mask()),
    /** With SMMU_IDR3.DPT. */
    DPT(0, 0, Idr3.DPT.mask());

    private final long idr0;
    private final long idr1;
    private final long idr3;

    Presence(long idr0, long idr1, long idr3) {
        this.idr0 = idr0;
        this.idr1 = idr1;
        this.idr3 = idr3;
    }

    /**
     * Whether the feature is implemented.
     *
     * @param idr0Value SMMU_IDR0
     * @param idr1Value SMMU_IDR1
     * @param idr3Value SMMU_IDR3
     * @return true if every bit that the feature needs is 1
     */
    public boolean holds(long idr0Value, long idr1Value, long idr3Value) {
        return (idr0Value & idr0) == idr0
                && (idr1Value & idr1) == idr1
                && (idr3Value & idr3) == idr3;
    }
}
