package org.opensva.vtd.model;

import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.QueueRegisters.Irta;
import org.opensva.vtd.layout.Register;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The registers at fixed offsets as storage: which are there, which bits software can write, and
 * what they hold. Masks and reset values are those of {@link Register}.
 *
 * <p>A read takes no lock; whoever changes a value that others change too holds the lock of the
 * part that it belongs to.
 */
final class Registers {

    private static final Register[] ALL = Register.values();

    private final AtomicLongArray values = new AtomicLongArray(ALL.length);
    private final boolean[] present = new boolean[ALL.length];
    private final long[] writable = new long[ALL.length];
    private volatile long rootTable;
    private volatile long interruptTable;
    private volatile boolean protecting;

    Registers(VtdProfile profile) {
        long cap = profile.capability();
        long ecap = profile.extendedCapability();
        for (Register register : ALL) {
            int at = register.ordinal();
            present[at] = RegisterPresence.of(register, cap, ecap);
            writable[at] = register.writeMask() & ~absent(register, profile);
            values.set(at, register.resetValue());
        }
        set(Register.VER, profile.version());
        set(Register.CAP, cap);
        set(Register.ECAP, ecap);
    }

    /** Bits of a register that this implementation does not have. */
    private static long absent(Register register, VtdProfile profile) {
        return switch (register) {
            // Address bits beyond the host address width are not implemented.
            case RTADDR, IQA, PQA, PHMBASE, PHMLIMIT -> profile.addressesBeyond();
            case IRTA ->
                    profile.addressesBeyond() | (profile.ecap(Ecap.EIM) ? 0 : Irta.EIME.mask());
            default -> 0;
        };
    }

    /** Whether the register belongs to a claimed feature. */
    boolean isPresent(Register register) {
        return present[register.ordinal()];
    }

    /** The value, as the hardware itself sees it. */
    long get(Register register) {
        return values.get(register.ordinal());
    }

    /** Whether a bit is set. */
    boolean has(Register register, Field field) {
        return field.isSet(get(register));
    }

    /** Changes the value, as the hardware itself does. */
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

    /** Stores what software writes, by the masks alone. */
    void store(Register register, long value, long touched) {
        int at = register.ordinal();
        long old;
        do {
            old = values.get(at);
        } while (!values.compareAndSet(at, old, merged(register, old, value, touched)));
    }

    /** The root table address that is in force, taken over by SRTP. */
    long rootTable() {
        return rootTable;
    }

    void setRootTable(long value) {
        rootTable = value;
    }

    /** The interrupt remapping table address that is in force, taken over by SIRTP. */
    long interruptTable() {
        return interruptTable;
    }

    void setInterruptTable(long value) {
        interruptTable = value;
    }

    /** PMEN.EPM. Requests ask apart from the registers, among which the queue's are written. */
    boolean isProtecting() {
        return protecting;
    }

    void setProtecting(boolean value) {
        protecting = value;
    }

    /**
     * The value that a write of software leaves, by the masks alone.
     *
     * @param register a register that is present
     * @param value what is written
     * @param touched the bits that the access covers
     */
    long merged(Register register, long value, long touched) {
        return merged(register, get(register), value, touched);
    }

    private long merged(Register register, long old, long value, long touched) {
        long mask = writable[register.ordinal()] & touched;
        return (old & ~mask | value & mask) & ~(value & touched & register.clearMask());
    }

    /** Number of fault recording registers. */
    int faultRecords() {
        return Cap.faultRecords(get(Register.CAP));
    }
}
