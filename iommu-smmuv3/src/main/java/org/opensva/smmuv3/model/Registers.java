package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.AtosRegisters.GatosSid;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.ControlRegisters.Cr2;
import org.opensva.smmuv3.layout.ControlRegisters.Gbpa;
import org.opensva.smmuv3.layout.ControlRegisters.Gerror;
import org.opensva.smmuv3.layout.ControlRegisters.IrqCtrl;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.Guard;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.Register;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The registers as storage: which exist, which bits can be written now, and what they hold (section
 * 6.3). Masks, guards and reset values come from {@link Register}.
 *
 * <p>A read takes no lock. Fields that the architecture leaves UNKNOWN after reset are 0, which for
 * SMMU_GBPA means that devices pass until software says otherwise.
 */
final class Registers {

    private static final Register[] ALL = Register.values();

    private final AtomicLongArray values = new AtomicLongArray(ALL.length);
    private final boolean[] present = new boolean[ALL.length];
    private final long[] writable = new long[ALL.length];
    private final Guard[][] guards = new Guard[ALL.length][];
    private final long addressMask;
    private final Changes changes;

    Registers(SmmuProfile profile, Changes changes) {
        this.changes = changes;
        for (Register register : ALL) {
            int at = register.ordinal();
            present[at] = register.presence().holds(profile.idr0(), profile.idr1(), profile.idr3());
            writable[at] = register.writeMask() & ~unclaimed(register, profile);
            guards[at] = register.guards().toArray(new Guard[0]);
        }
        addressMask = (1L << profile.addressBits()) - 1;
        preset(Register.IDR0, profile.idr0());
        preset(Register.IDR1, profile.idr1());
        preset(Register.IDR3, profile.idr3());
        preset(Register.IDR5, profile.idr5());
        preset(Register.IIDR, profile.iidr());
        preset(Register.AIDR, profile.aidr());
    }

    private void preset(Register register, long value) {
        values.set(register.ordinal(), value);
    }

    /** Bits that are RES0 because the feature they belong to is not claimed. */
    private static long unclaimed(Register register, SmmuProfile profile) {
        boolean ats = profile.has(Idr0.ATS);
        boolean pri = profile.has(Idr0.PRI);
        return switch (register) {
            case CR0 ->
                    Cr0.VMW.mask()
                            | Cr0.DPT_WALK_EN.mask()
                            | (ats ? 0 : Cr0.ATSCHK.mask())
                            | (pri ? 0 : Cr0.PRIQEN.mask());
            case CR2 ->
                    (profile.has(Idr0.BTM) ? 0 : Cr2.PTM.mask())
                            | (profile.has(Idr0.HYP) ? 0 : Cr2.E2H.mask())
                            | (profile.has(Idr0.ATSRECERR) ? 0 : Cr2.REC_CFG_ATS.mask());
            case IRQ_CTRL -> pri ? 0 : IrqCtrl.PRIQ_IRQEN.mask();
            case GBPA ->
                    (Idr1.ATTR_TYPES_OVR.isSet(profile.idr1())
                                    ? 0
                                    : Gbpa.MEMATTR.mask()
                                            | Gbpa.MTCFG.mask()
                                            | Gbpa.ALLOCCFG.mask()
                                            | Gbpa.SHCFG.mask())
                            | (Idr1.ATTR_PERMS_OVR.isSet(profile.idr1())
                                    ? 0
                                    : Gbpa.PRIVCFG.mask() | Gbpa.INSTCFG.mask());
            case GERRORN -> Gerror.CMDQP_ERR.mask() | Gerror.DPT_ERR.mask();
            case GATOS_SID ->
                    ~(GatosSid.STREAMID.place((1L << Idr1.SIDSIZE.get(profile.idr1())) - 1)
                            | GatosSid.SUBSTREAMID.place((1L << profile.substreamBits()) - 1)
                            | (profile.substreamBits() > 0 ? GatosSid.SSID_VALID.mask() : 0));
            default -> 0;
        };
    }

    /** Whether the register belongs to a claimed feature. */
    boolean isPresent(Register register) {
        return present[register.ordinal()];
    }

    /** The value, as the SMMU itself sees it. */
    long get(Register register) {
        return values.get(register.ordinal());
    }

    /** An address field, truncated to the size of physical addresses (section 3.4.3). */
    long address(Register register, Field field) {
        return field.address(get(register)) & addressMask;
    }

    /** Changes the value, as the SMMU itself does. */
    void set(Register register, long value) {
        values.set(register.ordinal(), value);
    }

    /**
     * Lets software see how far the hardware has come. Nothing that the hardware reads afterwards
     * depends on when software sees it, so that a release is enough.
     */
    void publish(Register register, long value) {
        values.setRelease(register.ordinal(), value);
    }

    /**
     * Stores what software writes, in the bits that it may change now.
     *
     * @param register a register that is present
     * @param value the new value
     * @param touched the bits that the access covers
     * @return true if some bit could be changed
     */
    synchronized boolean store(Register register, long value, long touched) {
        long mask = writable[register.ordinal()] & touched;
        for (Guard guard : guards[register.ordinal()]) {
            if (guard.closed(get(guard.control()), get(guard.acknowledge()))) {
                mask &= ~register.guardedBits(guard);
            }
        }
        if (mask == 0) {
            return false;
        }
        set(register, get(register) & ~mask | value & mask);
        if (register == Register.CR0) {
            changes.made();
        }
        return true;
    }
}
