package org.opensva.smmuv3.driver;

import org.opensva.api.memory.MmioRegion;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.smmuv3.layout.ControlRegisters.Gbpa;
import org.opensva.smmuv3.layout.Register;

/** The registers by name. */
final class RegisterFrame {

    /** How often an acknowledgement is looked at before the hardware counts as dead. */
    private static final int ACK_POLLS = 100_000;

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

    /**
     * Writes a register that has an acknowledge register beside it, and waits (section 6.3.9:
     * CR0ACK; 6.3.18: IRQ_CTRLACK).
     */
    void writeAcknowledged(Register register, Register acknowledge, long value) {
        write(register, value);
        await(register, value, acknowledge, -1L, value);
    }

    /**
     * While the SMMU is disabled, what devices send is aborted, not passed on (section 6.3.14;
     * Linux: {@code arm_smmu_update_gbpa}). A value that is being taken over must not be
     * overwritten.
     */
    void abortWhileDisabled() {
        long update = Gbpa.UPDATE.mask();
        await(Register.GBPA, update, Register.GBPA, update, 0);
        long value = read(Register.GBPA) | Gbpa.ABORT.mask() | update;
        write(Register.GBPA, value);
        await(Register.GBPA, value, Register.GBPA, update, 0);
    }

    private void await(
            Register written, long value, Register acknowledge, long mask, long expected) {
        for (int i = 0; i < ACK_POLLS; i++) {
            if ((read(acknowledge) & mask) == expected) {
                return;
            }
            Thread.onSpinWait();
        }
        throw new ErrnoException(
                Errno.EIO,
                "write(%s, 0x%x)".formatted(written, value),
                "%s stays 0x%x".formatted(acknowledge, read(acknowledge)));
    }
}
