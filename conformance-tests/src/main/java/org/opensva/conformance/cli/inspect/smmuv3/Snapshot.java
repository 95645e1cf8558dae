package org.opensva.conformance.cli.inspect.smmuv3;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.BusErrorException;
import org.opensva.conformance.replay.RecordedMemory;
import org.opensva.smmuv3.layout.AddressSize;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.StrtabBaseCfg;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The registers of an SMMU and the memory they point into, at one moment. */
public final class Snapshot {

    private final EnumMap<Register, Long> registers = new EnumMap<>(Register.class);
    private final RecordedMemory memory;

    /**
     * Creates a snapshot.
     *
     * @param registers the registers that are known; the others count as zero
     * @param memory the memory; not changed by anything of this package
     */
    public Snapshot(Map<Register, Long> registers, RecordedMemory memory) {
        this.registers.putAll(registers);
        this.memory = memory;
    }

    /**
     * A register.
     *
     * @param register which
     * @return its value, zero if it is not known
     */
    public long get(Register register) {
        Long value = registers.get(register);
        return value == null ? 0 : value;
    }

    /**
     * The registers that are known.
     *
     * @return a list in the order of their offsets
     */
    public List<Register> known() {
        return List.copyOf(registers.keySet());
    }

    RecordedMemory memory() {
        return memory;
    }

    boolean has(Register register, Field field) {
        return field.isSet(get(register));
    }

    /** The address in a base register; bits beyond the output address size are RES0. */
    long address(Register base, Field field) {
        return field.address(get(base)) & (1L << addressBits()) - 1;
    }

    boolean claims(Field idr0) {
        return idr0.isSet(get(Register.IDR0));
    }

    /** Size of physical addresses; the largest encoding needs tables that are not walked. */
    int addressBits() {
        return Math.min(52, AddressSize.bits((int) Idr5.OAS.get(get(Register.IDR5))));
    }

    int substreamBits() {
        return (int) Math.min(20, Idr1.SSIDSIZE.get(get(Register.IDR1)));
    }

    /** StreamID bits that the stream table covers (section 6.3.25). */
    int streamBits() {
        long table = StrtabBaseCfg.LOG2SIZE.get(get(Register.STRTAB_BASE_CFG));
        return (int) Math.min(32, Math.min(table, Idr1.SIDSIZE.get(get(Register.IDR1))));
    }

    boolean twoLevelStreams() {
        return Idr0.ST_LEVEL.get(get(Register.IDR0)) == 1
                && StrtabBaseCfg.FMT.get(get(Register.STRTAB_BASE_CFG)) == StrtabBaseCfg.FMT_2LVL;
    }

    /** Little-endian words at an address, or null if there is no memory. */
    long @Nullable [] read(long address, int words) {
        if (address >>> addressBits() != 0) {
            return null;
        }
        long[] read = new long[words];
        try {
            for (int i = 0; i < words; i++) {
                read[i] = memory.readLong(address + (long) Long.BYTES * i);
            }
            return read;
        } catch (BusErrorException e) {
            return null;
        }
    }
}
