package org.opensva.smmuv3.layout;

/**
 * A control bit that makes other register fields read-only while it is set or in transition.
 *
 * <p>Source: the "Accessing" parts of IHI 0070 G.b section 6.3, as they stand from SMMUv3.2: a
 * write to a guarded field is ignored unless both the control bit and its acknowledge are 0.
 */
public enum Guard {
    /** SMMU_CR0.SMMUEN. */
    SMMUEN(ControlRegisters.Cr0.SMMUEN.mask()),
    /** SMMU_CR0.CMDQEN. */
    CMDQEN(ControlRegisters.Cr0.CMDQEN.mask()),
    /** SMMU_CR0.EVENTQEN. */
    EVENTQEN(ControlRegisters.Cr0.EVENTQEN.mask()),
    /** SMMU_CR0.PRIQEN, the written and not the effective value. */
    PRIQEN(ControlRegisters.Cr0.PRIQEN.mask()),
    /** Any of the queue enables of SMMU_CR0. */
    ANY_QUEUE(
            ControlRegisters.Cr0.CMDQEN.mask()
                    | ControlRegisters.Cr0.EVENTQEN.mask()
                    | ControlRegisters.Cr0.PRIQEN.mask()),
    /** SMMU_CR0.DPT_WALK_EN. */
    DPT_WALK_EN(ControlRegisters.Cr0.DPT_WALK_EN.mask()),
    /** SMMU_IRQ_CTRL.GERROR_IRQEN. */
    GERROR_IRQEN(ControlRegisters.IrqCtrl.GERROR_IRQEN.mask()),
    /** SMMU_IRQ_CTRL.EVENTQ_IRQEN. */
    EVENTQ_IRQEN(ControlRegisters.IrqCtrl.EVENTQ_IRQEN.mask()),
    /** SMMU_IRQ_CTRL.PRIQ_IRQEN. */
    PRIQ_IRQEN(ControlRegisters.IrqCtrl.PRIQ_IRQEN.mask()),
    /** SMMU_GBPA.Update, which guards SMMU_GBPA itself. */
    GBPA_UPDATE(ControlRegisters.Gbpa.UPDATE.mask()),
    /** SMMU_GMPAM.Update, which guards SMMU_GMPAM itself. */
    GMPAM_UPDATE(1L << 31),
    /** SMMU_GBPMPAM.Update, which guards SMMU_GBPMPAM itself. */
    GBPMPAM_UPDATE(1L << 31),
    /** SMMU_GATOS_CTRL.RUN, which also guards SMMU_GATOS_CTRL itself. */
    GATOS_RUN(AtosRegisters.GatosCtrl.RUN.mask());

    private final long mask;

    Guard(long mask) {
        this.mask = mask;
    }

    /**
     * The guarding bits within {@link #control()} and {@link #acknowledge()}.
     *
     * @return the mask
     */
    public long mask() {
        return mask;
    }

    /**
     * The register that holds the guarding bits.
     *
     * @return the control register
     */
    public Register control() {
        return switch (this) {
            case SMMUEN, CMDQEN, EVENTQEN, PRIQEN, ANY_QUEUE, DPT_WALK_EN -> Register.CR0;
            case GERROR_IRQEN, EVENTQ_IRQEN, PRIQ_IRQEN -> Register.IRQ_CTRL;
            case GBPA_UPDATE -> Register.GBPA;
            case GMPAM_UPDATE -> Register.GMPAM;
            case GBPMPAM_UPDATE -> Register.GBPMPAM;
            case GATOS_RUN -> Register.GATOS_CTRL;
        };
    }

    /**
     * The register that acknowledges the guarding bits.
     *
     * @return the acknowledge register, or {@link #control()} where there is none
     */
    public Register acknowledge() {
        return switch (control()) {
            case CR0 -> Register.CR0ACK;
            case IRQ_CTRL -> Register.IRQ_CTRLACK;
            default -> control();
        };
    }

    /**
     * Whether the guard forbids a write.
     *
     * @param control value of {@link #control()}
     * @param acknowledge value of {@link #acknowledge()}
     * @return true if a guarding bit is set in either
     */
    public boolean closed(long control, long acknowledge) {
        return ((control | acknowledge) & mask) != 0;
    }
}
