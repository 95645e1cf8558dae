package org.opensva.vtd.driver;

import org.opensva.api.memory.MmioRegion;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RelocatedRegister;

/** The registers by name. */
final class RegisterFrame {

    /** How often a status is looked at before the hardware counts as dead. */
    private static final int STATUS_POLLS = 100_000;

    /** What a unit reads as that is not there any more; bits 31:16 of FSTS are reserved. */
    private static final long GONE = 0xffff_ffffL;

    private final MmioRegion region;

    RegisterFrame(MmioRegion region) {
        this.region = region;
    }

    long read(Register register) {
        return region.read(register.offset(), register.bytes());
    }

    void write(Register register, long value) {
        region.write(register.offset(), register.bytes(), value);
    }

    /** FSTS (section 11.4.7), or 0 if the unit does not answer. */
    long faultStatus() {
        long status = read(Register.FSTS);
        return isGone(status) ? 0 : status;
    }

    /** Whether a value of FSTS is that of a unit that does not answer. */
    static boolean isGone(long status) {
        return status == GONE;
    }

    /** A fault recording register, whose place the capabilities tell. */
    long read(RelocatedRegister register, Capabilities unit, int index) {
        return region.read(register.offset(unit.cap(), unit.ecap(), index), register.bytes());
    }

    void write(RelocatedRegister register, Capabilities unit, int index, long value) {
        region.write(register.offset(unit.cap(), unit.ecap(), index), register.bytes(), value);
    }

    /**
     * Changes one state of the unit and waits for it. GCMD takes one change in a write: the others
     * are written as they are (section 11.4.4).
     *
     * @param command the bit of GCMD; GSTS shows its state at the same place
     * @param on the wanted state; true for the one-shot commands
     */
    void command(Field command, boolean on) {
        long others = read(Register.GSTS) & Gcmd.DEFINED & ~Gcmd.ONE_SHOT & ~command.mask();
        write(Register.GCMD, on ? others | command.mask() : others);
        await(Register.GSTS, command.mask(), on ? command.mask() : 0, command.name());
    }

    /** Waits until bits of a register have a value. */
    void await(Register register, long mask, long wanted, String operation) {
        for (int i = 0; i < STATUS_POLLS; i++) {
            if ((read(register) & mask) == wanted) {
                return;
            }
            Thread.onSpinWait();
        }
        throw new ErrnoException(
                Errno.EIO,
                operation,
                "%s stays 0x%x".formatted(register.architecturalName(), read(register)));
    }
}
