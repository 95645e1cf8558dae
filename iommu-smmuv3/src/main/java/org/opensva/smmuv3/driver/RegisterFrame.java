package org.opensva.smmuv3.driver;

import org.opensva.api.memory.MmioRegion;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
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
        for (int i = 0; i < ACK_POLLS; i++) {
            if (read(acknowledge) == value) {
                return;
            }
            Thread.onSpinWait();
        }
        throw new ErrnoException(
                Errno.EIO,
                "write(%s, 0x%x)".formatted(register, value),
                "%s stays 0x%x".formatted(acknowledge, read(acknowledge)));
    }
}
