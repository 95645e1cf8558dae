package org.opensva.smmuv3.layout;

import static org.opensva.smmuv3.layout.RegisterSpec.readOnly;
import static org.opensva.smmuv3.layout.RegisterSpec.readWrite;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;

/**
 * The Non-secure registers of page 0 and page 1 as data: where each is, how wide, which bits
 * software can write and when.
 *
 * <p>Source: IHI 0070 G.b sections 6.2.1 and 6.2.2 for offsets, 6.3 for the rest; access rules are
 * those from SMMUv3.2. The registers of page 1 must not be used through page 0: their offsets there
 * are reserved. Identification registers hold what an implementation claims, so that they have no
 * reset value here.
 */
public enum Register {
    /** Features. */
    IDR0(readOnly(0x00000, 4, "6.3.1").fields(IdRegisters.Idr0.STRUCTURE)),
    /** Sizes. */
    IDR1(readOnly(0x00004, 4, "6.3.2").fields(IdRegisters.Idr1.STRUCTURE)),
    /** Virtual ATOS page. */
    IDR2(readOnly(0x00008, 4, "6.3.3").fields(IdRegisters.Idr2.STRUCTURE)),
    /** Features. */
    IDR3(readOnly(0x0000c, 4, "6.3.4").fields(IdRegisters.Idr3.STRUCTURE)),
    /** Implementation defined. */
    IDR4(readOnly(0x00010, 4, "6.3.5")),
    /** Addresses and granules. */
    IDR5(readOnly(0x00014, 4, "6.3.6").fields(IdRegisters.Idr5.STRUCTURE)),
    /** Implementation. */
    IIDR(readOnly(0x00018, 4, "6.3.7").fields(IdRegisters.Iidr.STRUCTURE)),
    /** Architecture version. */
    AIDR(readOnly(0x0001c, 4, "6.3.8").fields(IdRegisters.Aidr.STRUCTURE)),
    /** Enables. */
    CR0(
            readWrite(0x00020, 4, 0x0000_05dfL, "6.3.9")
                    .fields(ControlRegisters.Cr0.STRUCTURE)
                    .resetsToZero(0xffff_ffffL)),
    /** Acknowledges CR0. */
    CR0ACK(
            readOnly(0x00024, 4, "6.3.10")
                    .fields(ControlRegisters.Cr0.STRUCTURE)
                    .resetsToZero(0xffff_ffffL)),
    /** Access attributes; each half has its own preset bit and guard. */
    CR1(
            readWrite(0x00028, 4, 0x0000_0fffL, "6.3.11")
                    .fields(ControlRegisters.Cr1.STRUCTURE)
                    .guarded(0x0000_003fL, Guard.ANY_QUEUE)
                    .guarded(0x0000_0fc0L, Guard.SMMUEN)),
    /** Recording and regimes. */
    CR2(
            readWrite(0x0002c, 4, 0x0000_000fL, "6.3.12")
                    .fields(ControlRegisters.Cr2.STRUCTURE)
                    .guarded(0xffff_ffffL, Guard.SMMUEN)),
    /** Sixteen 4-bit stage 2 base permissions. */
    S2PII(readWrite(0x00030, 8, -1L, "6.3.17").with(Presence.S2PI)),
    /** Dormancy. */
    STATUSR(
            readOnly(0x00040, 4, "6.3.13")
                    .fields(ControlRegisters.Statusr.STRUCTURE)
                    .resetsToZero(0xffff_ffffL)),
    /** Bypass attributes; a write without Update is ignored. */
    GBPA(
            readWrite(0x00044, 4, 0x801f_3f1fL, "6.3.14")
                    .fields(ControlRegisters.Gbpa.STRUCTURE)
                    .guarded(0xffff_ffffL, Guard.GBPA_UPDATE)
                    .resetsToZero(0x8000_0000L)),
    /** Implementation defined bypass attributes; RES0 where unsupported. */
    AGBPA(readWrite(0x00048, 4, 0, "6.3.15")),
    /** Interrupt enables. */
    IRQ_CTRL(
            readWrite(0x00050, 4, 0x0000_0007L, "6.3.16")
                    .fields(ControlRegisters.IrqCtrl.STRUCTURE)
                    .resetsToZero(0xffff_ffffL)),
    /** Acknowledges IRQ_CTRL. */
    IRQ_CTRLACK(
            readOnly(0x00054, 4, "6.3.18")
                    .fields(ControlRegisters.IrqCtrl.STRUCTURE)
                    .resetsToZero(0xffff_ffffL)),
    /** Global errors, toggled. */
    GERROR(
            readOnly(0x00060, 4, "6.3.19")
                    .fields(ControlRegisters.Gerror.STRUCTURE)
                    .resetsToZero(0xffff_ffffL)),
    /** Acknowledged global errors. */
    GERRORN(
            readWrite(0x00064, 4, 0x0000_07fdL, "6.3.20")
                    .fields(ControlRegisters.Gerror.STRUCTURE)
                    .resetsToZero(0xffff_ffffL)),
    /** MSI address. */
    GERROR_IRQ_CFG0(
            readWrite(0x00068, 8, 0x00ff_ffff_ffff_fffcL, "6.3.21")
                    .fields(ControlRegisters.IrqCfg0.STRUCTURE)
                    .with(Presence.MSI)
                    .guarded(-1L, Guard.GERROR_IRQEN)),
    /** MSI payload. */
    GERROR_IRQ_CFG1(
            readWrite(0x00070, 4, 0xffff_ffffL, "6.3.22")
                    .fields(ControlRegisters.IrqCfg1.STRUCTURE)
                    .with(Presence.MSI)
                    .guarded(0xffff_ffffL, Guard.GERROR_IRQEN)),
    /** MSI attributes. */
    GERROR_IRQ_CFG2(
            readWrite(0x00074, 4, 0x0000_003fL, "6.3.23")
                    .fields(ControlRegisters.IrqCfg2.STRUCTURE)
                    .with(Presence.MSI)
                    .guarded(0xffff_ffffL, Guard.GERROR_IRQEN)),
    /** Stream table. */
    STRTAB_BASE(
            readWrite(0x00080, 8, 0x40ff_ffff_ffff_ffc0L, "6.3.24")
                    .fields(TableAndQueueRegisters.StrtabBase.STRUCTURE)
                    .guarded(-1L, Guard.SMMUEN)
                    .preset(IdRegisters.Idr1.TABLES_PRESET.mask())),
    /** Shape of the stream table. */
    STRTAB_BASE_CFG(
            readWrite(0x00088, 4, 0x0003_07ffL, "6.3.25")
                    .fields(TableAndQueueRegisters.StrtabBaseCfg.STRUCTURE)
                    .guarded(0xffff_ffffL, Guard.SMMUEN)
                    .preset(IdRegisters.Idr1.TABLES_PRESET.mask())),
    /** Command queue. */
    CMDQ_BASE(
            readWrite(0x00090, 8, 0x40ff_ffff_ffff_ffffL, "6.3.26")
                    .fields(TableAndQueueRegisters.CmdqBase.STRUCTURE)
                    .guarded(-1L, Guard.CMDQEN)
                    .preset(IdRegisters.Idr1.QUEUES_PRESET.mask())),
    /** Command queue write index. */
    CMDQ_PROD(
            readWrite(0x00098, 4, 0x000f_ffffL, "6.3.27")
                    .fields(TableAndQueueRegisters.CmdqProd.STRUCTURE)),
    /** Command queue read index; ERR may ignore writes. */
    CMDQ_CONS(
            readWrite(0x0009c, 4, 0x7f0f_ffffL, "6.3.28")
                    .fields(TableAndQueueRegisters.CmdqCons.STRUCTURE)
                    .guarded(0xffff_ffffL, Guard.CMDQEN)),
    /** Event queue. */
    EVENTQ_BASE(
            readWrite(0x000a0, 8, 0x40ff_ffff_ffff_ffffL, "6.3.29")
                    .fields(TableAndQueueRegisters.EventqBase.STRUCTURE)
                    .guarded(-1L, Guard.EVENTQEN)
                    .preset(IdRegisters.Idr1.QUEUES_PRESET.mask())),
    /** MSI address. */
    EVENTQ_IRQ_CFG0(
            readWrite(0x000b0, 8, 0x00ff_ffff_ffff_fffcL, "6.3.30")
                    .fields(ControlRegisters.IrqCfg0.STRUCTURE)
                    .with(Presence.MSI)
                    .guarded(-1L, Guard.EVENTQ_IRQEN)),
    /** MSI payload. */
    EVENTQ_IRQ_CFG1(
            readWrite(0x000b8, 4, 0xffff_ffffL, "6.3.31")
                    .fields(ControlRegisters.IrqCfg1.STRUCTURE)
                    .with(Presence.MSI)
                    .guarded(0xffff_ffffL, Guard.EVENTQ_IRQEN)),
    /** MSI attributes. */
    EVENTQ_IRQ_CFG2(
            readWrite(0x000bc, 4, 0x0000_003fL, "6.3.32")
                    .fields(ControlRegisters.IrqCfg2.STRUCTURE)
                    .with(Presence.MSI)
                    .guarded(0xffff_ffffL, Guard.EVENTQ_IRQEN)),
    /** PRI queue. */
    PRIQ_BASE(
            readWrite(0x000c0, 8, 0x40ff_ffff_ffff_ffffL, "6.3.33")
                    .fields(TableAndQueueRegisters.EventqBase.STRUCTURE)
                    .with(Presence.PRI)
                    .guarded(-1L, Guard.PRIQEN)
                    .preset(IdRegisters.Idr1.QUEUES_PRESET.mask())),
    /** MSI address. */
    PRIQ_IRQ_CFG0(
            readWrite(0x000d0, 8, 0x00ff_ffff_ffff_fffcL, "6.3.34")
                    .fields(ControlRegisters.IrqCfg0.STRUCTURE)
                    .with(Presence.MSI_AND_PRI)
                    .guarded(-1L, Guard.PRIQ_IRQEN)),
    /** MSI payload. */
    PRIQ_IRQ_CFG1(
            readWrite(0x000d8, 4, 0xffff_ffffL, "6.3.35")
                    .fields(ControlRegisters.IrqCfg1.STRUCTURE)
                    .with(Presence.MSI_AND_PRI)
                    .guarded(0xffff_ffffL, Guard.PRIQ_IRQEN)),
    /**
     * MSI attributes and LO. Section 6.3.36 makes the register present with MSI and PRI, but
     * sections 6.3.1 (IDR0.MSI) and 6.3.36 (LO) let LO apply to wired interrupts; SH and MemAttr
     * are RES0 without MSI.
     */
    PRIQ_IRQ_CFG2(
            readWrite(0x000dc, 4, 0x8000_003fL, "6.3.36")
                    .fields(ControlRegisters.PriqIrqCfg2.STRUCTURE)
                    .with(Presence.PRI)
                    .guarded(0xffff_ffffL, Guard.PRIQ_IRQEN)),
    /** Starts a translation operation. */
    GATOS_CTRL(
            readWrite(0x00100, 4, 0x0000_0001L, "6.3.37")
                    .fields(AtosRegisters.GatosCtrl.STRUCTURE)
                    .with(Presence.ATOS)
                    .guarded(0xffff_ffffL, Guard.GATOS_RUN)
                    .resetsToZero(0xffff_ffffL)),
    /** Stream of the request. */
    GATOS_SID(
            readWrite(0x00108, 8, 0x001f_ffff_ffff_ffffL, "6.3.38")
                    .fields(AtosRegisters.GatosSid.STRUCTURE)
                    .with(Presence.ATOS)
                    .guarded(-1L, Guard.GATOS_RUN)),
    /** The request. */
    GATOS_ADDR(
            readWrite(0x00110, 8, 0xffff_ffff_ffff_ffc0L, "6.3.39")
                    .fields(AtosRegisters.GatosAddr.STRUCTURE)
                    .with(Presence.ATOS)
                    .guarded(-1L, Guard.GATOS_RUN)),
    /** The result. */
    GATOS_PAR(
            readOnly(0x00118, 8, "6.3.40")
                    .fields(AtosRegisters.GatosPar.STRUCTURE)
                    .with(Presence.ATOS)),
    /** MPAM limits. */
    MPAMIDR(
            readOnly(0x00130, 4, "6.3.41")
                    .fields(IdRegisters.MpamIdr.STRUCTURE)
                    .with(Presence.MPAM)),
    /** MPAM identifiers of SMMU accesses. */
    GMPAM(
            readWrite(0x00138, 4, 0x80ff_ffffL, "6.3.42")
                    .with(Presence.MPAM)
                    .guarded(0xffff_ffffL, Guard.GMPAM_UPDATE)
                    .resetsToZero(0xffff_ffffL)),
    /** MPAM identifiers of bypassing transactions. */
    GBPMPAM(
            readWrite(0x0013c, 4, 0x80ff_ffffL, "6.3.43")
                    .with(Presence.MPAM)
                    .guarded(0xffff_ffffL, Guard.GBPMPAM_UPDATE)
                    .resetsToZero(0xffff_ffffL)),
    /** VM of the virtual ATOS interface; guarded by VATOS_CTRL.RUN of that page. */
    VATOS_SEL(
            readWrite(0x00180, 4, 0x0000_ffffL, "6.3.44")
                    .fields(AtosRegisters.VatosSel.STRUCTURE)
                    .with(Presence.VATOS)),
    /** Enhanced Command queues. */
    IDR6(readOnly(0x00190, 4, "6.3.45").fields(IdRegisters.Idr6.STRUCTURE).with(Presence.ECMDQ)),
    /** Device permission table. */
    DPT_BASE(
            readWrite(0x00200, 8, 0x40ff_ffff_ffff_f000L, "6.3.46")
                    .with(Presence.DPT)
                    .guarded(-1L, Guard.DPT_WALK_EN)),
    /** Shape of the device permission table. */
    DPT_BASE_CFG(
            readWrite(0x00208, 4, 0x00f0_c007L, "6.3.47")
                    .with(Presence.DPT)
                    .guarded(0xffff_ffffL, Guard.DPT_WALK_EN)),
    /** Device permission table fault; only a write that clears FAULT counts. */
    DPT_CFG_FAR(readWrite(0x00210, 8, 0x1L, "6.3.48").with(Presence.DPT).resetsToZero(0x1L)),
    /** Event queue write index. */
    EVENTQ_PROD(
            readWrite(0x100a8, 4, 0x800f_ffffL, "6.3.95")
                    .fields(TableAndQueueRegisters.OutputQueueProd.STRUCTURE)
                    .guarded(0xffff_ffffL, Guard.EVENTQEN)),
    /** Event queue read index. */
    EVENTQ_CONS(
            readWrite(0x100ac, 4, 0x800f_ffffL, "6.3.96")
                    .fields(TableAndQueueRegisters.OutputQueueCons.STRUCTURE)),
    /** PRI queue write index. */
    PRIQ_PROD(
            readWrite(0x100c8, 4, 0x800f_ffffL, "6.3.97")
                    .fields(TableAndQueueRegisters.OutputQueueProd.STRUCTURE)
                    .with(Presence.PRI)
                    .guarded(0xffff_ffffL, Guard.PRIQEN)
                    .resetsToZero(0x8000_0000L)),
    /** PRI queue read index. */
    PRIQ_CONS(
            readWrite(0x100cc, 4, 0x800f_ffffL, "6.3.98")
                    .fields(TableAndQueueRegisters.OutputQueueCons.STRUCTURE)
                    .with(Presence.PRI));

    /** Size of each register page in bytes. */
    public static final int PAGE_BYTES = 0x10000;

    /** Bytes from the base to the end of page 1. */
    public static final int FRAME_BYTES = 2 * PAGE_BYTES;

    // Every offset below is under 0x220 within its page; a slot per 32-bit half keeps the look-up
    // a bounds check and one load.
    private static final int SLOTS = 0x220 / 4;
    private static final @Nullable Register[] PAGE_0 = slots(0);
    private static final @Nullable Register[] PAGE_1 = slots(1);

    private final RegisterSpec spec;

    Register(RegisterSpec spec) {
        this.spec = spec;
    }

    private static @Nullable Register[] slots(int page) {
        @Nullable Register[] slots = new @Nullable Register[SLOTS];
        for (Register register : values()) {
            if (register.page() == page) {
                int first = (register.offset() - page * PAGE_BYTES) / 4;
                for (int half = 0; half < register.bytes() / 4; half++) {
                    slots[first + half] = register;
                }
            }
        }
        return slots;
    }

    /**
     * The register at an offset; for a 64-bit register both halves answer.
     *
     * @param offset bytes from the base of page 0; any value
     * @return the register that covers the 32-bit word at {@code offset}, or null if the location
     *     is reserved or {@code offset} is not a multiple of 4
     */
    public static @Nullable Register at(long offset) {
        if ((offset & 3) != 0 || offset < 0 || offset >= FRAME_BYTES) {
            return null;
        }
        int slot = (int) (offset & PAGE_BYTES - 1) / 4;
        if (slot >= SLOTS) {
            return null;
        }
        return offset < PAGE_BYTES ? PAGE_0[slot] : PAGE_1[slot];
    }

    /**
     * The name with its prefix.
     *
     * @return for example {@code SMMU_CR0}
     */
    public String architecturalName() {
        return "SMMU_" + name();
    }

    /**
     * Where the register is.
     *
     * @return bytes from the base of page 0
     */
    public int offset() {
        return spec.offset();
    }

    /**
     * The page that holds the register.
     *
     * @return 0 or 1
     */
    public int page() {
        return spec.offset() / PAGE_BYTES;
    }

    /**
     * Width of the register. A 64-bit register may also be accessed as two 32-bit halves.
     *
     * @return 4 or 8
     */
    public int bytes() {
        return spec.bytes();
    }

    /**
     * Whether software can write some bit at some time.
     *
     * @return false for registers that ignore every write
     */
    public boolean isWritable() {
        return spec.writable();
    }

    /**
     * The bits that a write can change while no guard is closed and no preset applies.
     *
     * @return the mask; 0 for read-only registers
     */
    public long writeMask() {
        return spec.writeMask();
    }

    /**
     * The bits that are still writable given the state of the guards' registers.
     *
     * @param guard one guard of {@link #guards()}
     * @return the bits of {@link #writeMask()} that the guard makes read-only while it is closed
     */
    public long guardedBits(Guard guard) {
        long mask = 0;
        for (RegisterSpec.Guarded guarded : spec.guards()) {
            if (guarded.guard() == guard) {
                mask |= guarded.bits();
            }
        }
        return mask & spec.writeMask();
    }

    /**
     * What can make bits of this register read-only.
     *
     * @return the guards, possibly none
     */
    public List<Guard> guards() {
        return spec.guards().stream().map(RegisterSpec.Guarded::guard).toList();
    }

    /**
     * The bits of SMMU_IDR1 that, when any is 1, make the register read-only with a fixed value.
     *
     * @return the mask, 0 if the register is never preset
     */
    public long presetMask() {
        return spec.presetMask();
    }

    /**
     * The bits that the architecture resets to 0. All others are UNKNOWN or implementation defined
     * after reset.
     *
     * @return the mask
     */
    public long resetToZeroMask() {
        return spec.resetToZeroMask();
    }

    /**
     * The feature that the register belongs to.
     *
     * @return {@link Presence#ALWAYS} for registers of every implementation
     */
    public Presence presence() {
        return spec.presence();
    }

    /**
     * The section that defines the register.
     *
     * @return a section number of IHI 0070 G.b
     */
    public String section() {
        return spec.section();
    }

    /**
     * The register's fields.
     *
     * @return the structure, or empty for registers without architected fields
     */
    public Optional<Structure> structure() {
        return Optional.ofNullable(spec.structure());
    }
}
