package org.opensva.conformance.cli.inspect.vtd;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.BusErrorException;
import org.opensva.conformance.replay.RecordedMemory;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.Register;

import java.util.Map;
import java.util.TreeMap;

/** The registers of a remapping unit and the memory they point into, at one moment. */
public final class Snapshot {

    private static final int LEAST_BITS = 32;
    private static final int MOST_BITS = 52;
    private static final long HALF = 0xffff_ffffL;

    private final TreeMap<Long, Integer> words = new TreeMap<>();
    private final RecordedMemory memory;

    /**
     * Creates a snapshot.
     *
     * @param words the 32-bit words of the registers that are known, by offset; the others count as
     *     zero
     * @param memory the memory; not changed by anything of this package
     */
    public Snapshot(Map<Long, Integer> words, RecordedMemory memory) {
        this.words.putAll(words);
        this.memory = memory;
    }

    /**
     * A register.
     *
     * @param register which
     * @return its value, zero if it is not known
     */
    public long get(Register register) {
        return at(register.offset(), register.bytes());
    }

    /** A register whose place CAP or ECAP tells. */
    long at(long offset, int bytes) {
        long low = words.getOrDefault(offset, 0) & HALF;
        return bytes == 4 ? low : low | (long) words.getOrDefault(offset + 4, 0) << 32;
    }

    /** Whether something is known of a register. */
    boolean knows(long offset, int bytes) {
        return words.containsKey(offset) || bytes == 8 && words.containsKey(offset + 4);
    }

    RecordedMemory memory() {
        return memory;
    }

    long cap() {
        return get(Register.CAP);
    }

    long ecap() {
        return get(Register.ECAP);
    }

    boolean claims(Field ecap) {
        return ecap.isSet(ecap());
    }

    boolean translates() {
        return Gsts.TES.isSet(get(Register.GSTS));
    }

    /** RTADDR.TTM. */
    int mode() {
        return (int) Rtaddr.TTM.get(get(Register.RTADDR));
    }

    long rootTable() {
        return Rtaddr.RTA.address(get(Register.RTADDR));
    }

    /**
     * Size of physical addresses. No register tells it; it is taken to be that of guest addresses,
     * as the model does for what has only registers.
     */
    int addressBits() {
        return Math.max(LEAST_BITS, Math.min(Cap.mgaw(cap()), MOST_BITS));
    }

    /** Address bits that the unit does not have. */
    long beyond() {
        return -1L << addressBits();
    }

    /** Little-endian words at an address, or null if there is no memory. */
    long @Nullable [] read(long address, int count) {
        if ((address & beyond()) != 0) {
            return null;
        }
        long[] read = new long[count];
        try {
            for (int i = 0; i < count; i++) {
                read[i] = memory.readLong(address + (long) Long.BYTES * i);
            }
            return read;
        } catch (BusErrorException e) {
            return null;
        }
    }
}
