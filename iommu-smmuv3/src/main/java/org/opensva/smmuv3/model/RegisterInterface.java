package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.ControlRegisters.Gbpa;
import org.opensva.smmuv3.layout.Register;

/**
 * Register accesses of software: which sizes reach which register, and what a write sets in motion
 * (sections 6.2 and 6.3).
 *
 * <p>A 64-bit register may be accessed as two halves. A 64-bit access to two 32-bit registers,
 * which the architecture leaves open, is two accesses. Everything else that does not fit reads as
 * zero and is ignored on write.
 */
final class RegisterInterface {

    private static final long LOW_HALF = 0xffff_ffffL;

    private final Registers registers;
    private final CommandQueue commands;
    private final StallBuffer stalls;
    private final Devices devices;
    private final Atos operations;

    RegisterInterface(
            Registers registers,
            CommandQueue commands,
            StallBuffer stalls,
            Devices devices,
            Atos operations) {
        this.operations = operations;
        this.registers = registers;
        this.commands = commands;
        this.stalls = stalls;
        this.devices = devices;
    }

    long read(long offset, int width) {
        if (width == 4) {
            return read32(offset);
        }
        if (width == 8 && (offset & 7) == 0) {
            return read32(offset) | read32(offset + 4) << 32;
        }
        return 0;
    }

    private long read32(long offset) {
        Register register = Register.at(offset);
        if (register == null || !registers.isPresent(register)) {
            return 0;
        }
        if (register == Register.CMDQ_CONS || register == Register.GERROR) {
            commands.checkTime();
        }
        long value = registers.get(register);
        return (offset - register.offset() == 4 ? value >>> 32 : value) & LOW_HALF;
    }

    void write(long offset, int width, long value) {
        if (width == 4) {
            write32(offset, value & LOW_HALF);
        } else if (width == 8 && (offset & 7) == 0) {
            Register register = Register.at(offset);
            if (register != null && register.bytes() == 8) {
                store(register, value, -1L);
            } else {
                write32(offset, value & LOW_HALF);
                write32(offset + 4, value >>> 32);
            }
        }
    }

    private void write32(long offset, long value) {
        Register register = Register.at(offset);
        if (register == null) {
            return;
        }
        if (offset - register.offset() == 4) {
            store(register, value << 32, ~LOW_HALF);
        } else {
            store(register, value, LOW_HALF);
        }
    }

    private void store(Register register, long value, long touched) {
        if (!registers.isPresent(register)) {
            return;
        }
        if (register == Register.GBPA && !Gbpa.UPDATE.isSet(value)) {
            return; // only a write with Update counts (section 6.3.14)
        }
        if (register == Register.GATOS_CTRL) {
            operations.control(value, touched);
            return;
        }
        long before = registers.get(register);
        if (!registers.store(register, value, touched)) {
            return;
        }
        switch (register) {
            case CR0 -> control(before, registers.get(register));
            case GBPA -> registers.set(register, registers.get(register) & ~Gbpa.UPDATE.mask());
            case IRQ_CTRL -> registers.set(Register.IRQ_CTRLACK, registers.get(register));
            case CMDQ_PROD -> commands.kick();
            case GERRORN -> {
                commands.kick();
                stalls.queueChanged();
            }
            case EVENTQ_CONS -> stalls.queueChanged();
            default -> {}
        }
    }

    /** A write of SMMU_CR0 is complete when it is acknowledged (section 6.3.9). */
    private void control(long before, long after) {
        if (Cr0.SMMUEN.isSet(before) != Cr0.SMMUEN.isSet(after)) {
            // Transactions of before the change end before it does; what is stalled is aborted.
            devices.awaitLanes();
            if (!Cr0.SMMUEN.isSet(after)) {
                stalls.terminateAll();
            }
        }
        if (Cr0.CMDQEN.isSet(before) && !Cr0.CMDQEN.isSet(after)) {
            commands.quiesce();
        }
        registers.set(Register.CR0ACK, after);
        if (Cr0.EVENTQEN.isSet(after) && !Cr0.EVENTQEN.isSet(before)) {
            stalls.queueChanged();
        }
        if (Cr0.CMDQEN.isSet(after)) {
            commands.kick();
        }
    }
}
