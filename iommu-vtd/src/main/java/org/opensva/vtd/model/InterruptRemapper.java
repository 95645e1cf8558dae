package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.InterruptMessage;
import org.opensva.vtd.layout.InterruptMessage.CompatibilityAddress;
import org.opensva.vtd.layout.InterruptMessage.CompatibilityData;
import org.opensva.vtd.layout.InterruptMessage.RemappableAddress;
import org.opensva.vtd.layout.PostedInterruptEntry;
import org.opensva.vtd.layout.QueueRegisters.Irta;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RemappedInterruptEntry;

import java.util.concurrent.atomic.LongAdder;

/**
 * Interrupt remapping (section 5.1): from a request of a device to a message, through the interrupt
 * remapping table.
 */
final class InterruptRemapper {

    private static final int DATA_RESERVED = 0xffff_0000;
    private static final int READ_TRIES = 8;

    private final Registers registers;
    private final PhysicalMemory memory;
    private final FaultRecording faults;
    private final Messages messages;
    private final InterruptEntryCache cache;
    private final InterruptPosting posting;
    private final boolean posted;
    private final LongAdder lookups = new LongAdder();
    private final LongAdder remappedHits = new LongAdder();
    private final LongAdder postedHits = new LongAdder();

    InterruptRemapper(
            VtdProfile profile,
            Registers registers,
            PhysicalMemory memory,
            FaultRecording faults,
            Messages messages,
            InterruptEntryCache cache) {
        this.registers = registers;
        this.memory = memory;
        this.faults = faults;
        this.messages = messages;
        this.cache = cache;
        posting = new InterruptPosting(memory, messages);
        posted = profile.ecap(Ecap.IR) && profile.cap(Cap.PI);
    }

    /** A DWORD write to the interrupt address range; the caller sends the messages. */
    RemappedInterrupt request(int source, long address, int data) {
        long status = registers.get(Register.GSTS);
        long table = registers.interruptTable();
        if (!Gsts.IRES.isSet(status)) {
            return compatible(address, data);
        }
        if (!InterruptMessage.isRemappable(address)) {
            return Irta.EIME.isSet(table) || !Gsts.CFIS.isSet(status)
                    ? block(FaultReason.COMPATIBILITY_BLOCKED, source, 0, false)
                    : compatible(address, data);
        }
        if (RemappableAddress.SHV.isSet(address) && (data & DATA_RESERVED) != 0) {
            return block(FaultReason.INTERRUPT_REQUEST_RESERVED, source, 0, false);
        }
        int index = InterruptMessage.index(address, data);
        if (index >= Irta.entries(table)) {
            return block(FaultReason.INTERRUPT_INDEX, source, index, false);
        }
        return remap(source, index, table);
    }

    /** A request to the interrupt address range, without PASID, that is no interrupt. */
    void refuse(int source) {
        if (registers.has(Register.GSTS, Gsts.IRES)) {
            block(FaultReason.INTERRUPT_REQUEST_INVALID, source, 0, false);
        }
    }

    private RemappedInterrupt compatible(long address, int data) {
        messages.note(address, data);
        return new RemappedInterrupt(
                RemappedInterrupt.Outcome.DELIVERED,
                (int) CompatibilityData.V.get(data),
                (int) CompatibilityAddress.DST.get(address),
                address,
                data,
                0);
    }

    private RemappedInterrupt remap(int source, int index, long table) {
        boolean extended = Irta.EIME.isSet(table);
        InterruptEntryCache.Entry entry = entry(index, Irta.base(table));
        if (entry == null) {
            return block(FaultReason.IRTE_ACCESS, source, index, false);
        }
        long w0 = entry.w0();
        long w1 = entry.w1();
        FaultReason reason = check(w0, w1, extended, source);
        boolean quiet = RemappedInterruptEntry.faultsDisabled(w0);
        if (reason != null) {
            return block(reason, source, index, quiet);
        }
        if (!RemappedInterruptEntry.posted(w0)) {
            return deliver(w0, extended);
        }
        RemappedInterrupt result = posting.post(w0, w1, extended);
        FaultReason failure = FaultReason.of(result.faultReason());
        return failure == null ? result : block(failure, source, index, quiet);
    }

    /** The entry, from the cache or from memory; null if it could not be read. */
    private InterruptEntryCache.@Nullable Entry entry(int index, long base) {
        lookups.increment();
        InterruptEntryCache.Entry cached = cache.find(index);
        if (cached != null) {
            (RemappedInterruptEntry.posted(cached.w0()) ? postedHits : remappedHits).increment();
            return cached;
        }
        long generation = cache.generation();
        InterruptEntryCache.Entry read = read(index, base + RemappedInterruptEntry.offset(index));
        if (read != null && RemappedInterruptEntry.present(read.w0())) {
            cache.keep(read, generation);
        }
        return read;
    }

    /** Reads both words as one: software replaces entries with one 16-byte write. */
    private InterruptEntryCache.@Nullable Entry read(int index, long at) {
        try {
            long w0 = memory.readLong(at);
            long w1 = memory.readLong(at + 8);
            for (int tries = 0; tries < READ_TRIES; tries++) {
                long again0 = memory.readLong(at);
                long again1 = memory.readLong(at + 8);
                if (again0 == w0 && again1 == w1) {
                    break;
                }
                w0 = again0;
                w1 = again1;
            }
            return new InterruptEntryCache.Entry(index, w0, w1);
        } catch (BusErrorException e) {
            return null;
        }
    }

    private @Nullable FaultReason check(long w0, long w1, boolean extended, int source) {
        if (!RemappedInterruptEntry.present(w0)) {
            return FaultReason.IRTE_NOT_PRESENT;
        }
        boolean isPosted = RemappedInterruptEntry.posted(w0);
        long reserved =
                isPosted
                        ? w0 & PostedInterruptEntry.reservedBits(0)
                                | w1 & PostedInterruptEntry.reservedBits(1)
                        : w0 & RemappedInterruptEntry.reservedBits0(extended)
                                | w1 & RemappedInterruptEntry.reservedBits1();
        int validation = RemappedInterruptEntry.validation(w1);
        if (reserved != 0
                || isPosted && !posted
                || validation == RemappedInterruptEntry.SVT_RESERVED) {
            return FaultReason.IRTE_RESERVED;
        }
        return isFrom(source, w1, validation) ? null : FaultReason.SOURCE_ID_DENIED;
    }

    private static boolean isFrom(int source, long w1, int validation) {
        return switch (validation) {
            case RemappedInterruptEntry.SVT_SOURCE_ID -> {
                int compared = RemappedInterruptEntry.comparedBits(w1);
                yield ((source ^ RemappedInterruptEntry.sourceId(w1)) & compared) == 0;
            }
            case RemappedInterruptEntry.SVT_BUS_RANGE -> {
                int bus = source >>> 8;
                yield bus >= RemappedInterruptEntry.startBus(w1)
                        && bus <= RemappedInterruptEntry.endBus(w1);
            }
            default -> true;
        };
    }

    private RemappedInterrupt deliver(long w0, boolean extended) {
        int destination = RemappedInterruptEntry.destination(w0, extended);
        int vector = RemappedInterruptEntry.vector(w0);
        boolean level = RemappedInterruptEntry.TM.isSet(w0);
        long address =
                InterruptMessage.compatibilityAddress(
                                destination,
                                RemappedInterruptEntry.DM.isSet(w0),
                                RemappedInterruptEntry.RH.isSet(w0))
                        | InterruptPosting.upperDestination(destination);
        int data =
                (int)
                        (CompatibilityData.V.place(vector)
                                | CompatibilityData.DLM.place(RemappedInterruptEntry.DLM.get(w0))
                                | (level
                                        ? CompatibilityData.TM.mask()
                                                | CompatibilityData.LEVEL.mask()
                                        : 0));
        messages.note(address, data);
        return new RemappedInterrupt(
                RemappedInterrupt.Outcome.DELIVERED, vector, destination, address, data, 0);
    }

    private RemappedInterrupt block(FaultReason reason, int source, int index, boolean quiet) {
        if (!quiet || !reason.isQualified()) {
            faults.record(
                    FaultRecord.encodeLowInterrupt(index),
                    FaultRecord.encodeHigh(
                            reason, source, FaultRecord.TYPE_WRITE, FaultRecord.AT_UNTRANSLATED));
        }
        return RemappedInterrupt.blocked(reason.code());
    }

    /** How often an entry was looked for. */
    long lookups() {
        return lookups.sum();
    }

    /** How often an entry for remapping was in the cache. */
    long remappedHits() {
        return remappedHits.sum();
    }

    /** How often an entry for posting was in the cache. */
    long postedHits() {
        return postedHits.sum();
    }
}
