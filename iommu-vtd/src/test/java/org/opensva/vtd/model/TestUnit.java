package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.ContextEntry;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.DescriptorEncoder;
import org.opensva.vtd.layout.EntryEncoder;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.FirstStageEntry;
import org.opensva.vtd.layout.PasidDirectoryEntry;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.QueueError;
import org.opensva.vtd.layout.QueueRegisters.Iqercd;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RelocatedRegister;
import org.opensva.vtd.layout.RootEntry;
import org.opensva.vtd.layout.ScalableContextEntry;
import org.opensva.vtd.layout.ScalableRootEntry;

import java.util.ArrayList;
import java.util.List;

/** A unit with memory, a clock, a record of its messages, and a driver's hands. */
final class TestUnit implements AutoCloseable {

    static final long RAM = 1L << 30;
    static final long QUEUE = 0x10_0000;
    static final long STATUS = 0x20_0000;
    static final long REQUESTS = 0x30_0000;
    static final long INTERRUPTS = 0x40_0000;
    static final long ROOT = 0x50_0000;
    static final int RECORDED = 0x10;

    private static final long TABLES = 0x100_0000;

    final VtdProfile profile;
    final TestMemory memory = new TestMemory(RAM);
    final List<String> messages = new ArrayList<>();
    final VtdIommu unit;
    long now;
    private boolean wide;
    private long next = TABLES;

    TestUnit() {
        this(VtdProfile.sva());
    }

    TestUnit(VtdProfile profile) {
        this.profile = profile;
        unit =
                new VtdIommu(
                        profile,
                        memory,
                        (address, data) -> {
                            synchronized (messages) {
                                messages.add(
                                        Long.toHexString(address)
                                                + ":"
                                                + Integer.toHexString(data));
                            }
                        },
                        () -> now);
    }

    /** A unit like those of the legacy recordings: invalidation through registers is there too. */
    static TestUnit legacy() {
        return new TestUnit(VtdProfile.fromCapabilities(0x80d2008c222f0606L, 0xf00f4aL));
    }

    List<String> takeMessages() {
        synchronized (messages) {
            List<String> taken = List.copyOf(messages);
            messages.clear();
            return taken;
        }
    }

    // Registers.

    long get(Register register) {
        return unit.read(register.offset(), register.bytes());
    }

    void set(Register register, long value) {
        unit.write(register.offset(), register.bytes(), value);
    }

    long get(RelocatedRegister register, int index) {
        return unit.read(offset(register, index), 8);
    }

    void set(RelocatedRegister register, int index, long value) {
        unit.write(offset(register, index), 8, value);
    }

    int offset(RelocatedRegister register, int index) {
        return register.offset(profile.capability(), profile.extendedCapability(), index);
    }

    /** Gives one command, with the state as it is. */
    void command(Field bit, boolean value) {
        long status = get(Register.GSTS) & ~Gcmd.ONE_SHOT;
        set(Register.GCMD, bit.set(status, value ? 1 : 0));
    }

    // The invalidation queue.

    /** Turns the queue on, with descriptors of 256 bits if the unit has scalable mode. */
    void enableQueue() {
        enableQueue(0, profile.ecap(Ecap.SMTS));
    }

    void enableQueue(int size, boolean wideDescriptors) {
        wide = wideDescriptors;
        set(Register.IQT, 0);
        set(Register.IQA, QUEUE | size | (wide ? 1L << 11 : 0));
        command(Gcmd.QIE, true);
    }

    int descriptorBytes() {
        return wide ? 32 : 16;
    }

    /** Writes a descriptor at an offset of the queue. */
    void put(long offset, long... words) {
        for (int i = 0; i < descriptorBytes() / 8; i++) {
            memory.writeLong(QUEUE + offset + 8L * i, i < words.length ? words[i] : 0);
        }
    }

    /** Appends a descriptor and tells the unit. */
    void submit(long... words) {
        long tail = get(Register.IQT);
        put(tail, words);
        long bytes = 4096L << (get(Register.IQA) & 7);
        set(Register.IQT, (tail + descriptorBytes()) % bytes);
    }

    /** A wait descriptor that writes its data to {@link #STATUS}. */
    static long[] wait(int data, boolean interrupt, boolean fence, boolean drain) {
        long[] words = new long[2];
        DescriptorEncoder.waitStatus(words, 0, STATUS, data, interrupt, fence, drain);
        return words;
    }

    static long[] wait(int data) {
        return wait(data, false, false, false);
    }

    int status() {
        return memory.readInt(STATUS);
    }

    /** Submits a wait and expects that it completes. */
    void sync() {
        int data = status() + 1;
        submit(wait(data));
        assertEquals(data, status(), "the wait descriptor did not complete");
    }

    boolean has(Field status) {
        return status.isSet(get(Register.FSTS));
    }

    void assertQueueError(QueueError error, long head) {
        assertEquals(Fsts.IQE.mask(), get(Register.FSTS) & Fsts.IQE.mask(), error + ": no IQE");
        assertEquals(error.code(), Iqercd.IQEI.get(get(Register.IQERCD)));
        assertEquals(head, get(Register.IQH));
    }

    // Faults.

    /** The only record that is pending has this reason and source. */
    void assertFault(FaultReason reason, int source) {
        int index = (int) Fsts.FRI.get(get(Register.FSTS));
        assertEquals(Fsts.PPF.mask(), get(Register.FSTS) & 0xff, "status");
        long high = get(RelocatedRegister.FRCD_HI, index);
        assertEquals(reason, FaultReason.of(FaultRecord.reason(high)));
        assertEquals(source, FaultRecord.sourceId(high));
    }

    /** Takes the words of the first pending record and clears it. */
    long[] takeFault() {
        int index = (int) Fsts.FRI.get(get(Register.FSTS));
        long[] words = {
            get(RelocatedRegister.FRCD_LO, index), get(RelocatedRegister.FRCD_HI, index)
        };
        set(RelocatedRegister.FRCD_HI, index, FaultRecord.F.mask());
        return words;
    }

    // Tables.

    long page() {
        long page = next;
        next += 4096;
        return page;
    }

    void words(long at, EntryEncoder entry) {
        long[] words = entry.words();
        for (int i = words.length - 1; i >= 0; i--) {
            memory.writeLong(at + 8L * i, words[i]);
        }
    }

    /** Scalable mode on, with an empty root table. */
    void scalableMode() {
        set(Register.RTADDR, ROOT | Rtaddr.TTM.place(Rtaddr.TTM_SCALABLE));
        command(Gcmd.SRTP, true);
        command(Gcmd.TE, true);
    }

    /** Legacy mode on, with an empty root table. */
    void legacyMode() {
        set(Register.RTADDR, ROOT);
        command(Gcmd.SRTP, true);
        command(Gcmd.TE, true);
    }

    /** A legacy context entry that passes everything through. */
    void legacyPassThrough(int source, int translationType) {
        long contexts = page();
        words(
                ROOT + RootEntry.offset(source),
                new EntryEncoder(RootEntry.WORDS)
                        .set(RootEntry.P, true)
                        .setAddress(RootEntry.CTP, contexts));
        words(
                contexts + ContextEntry.offset(source),
                new EntryEncoder(ContextEntry.WORDS)
                        .set(ContextEntry.P, true)
                        .set(ContextEntry.TT, translationType)
                        .set(ContextEntry.AW, 2)
                        .set(ContextEntry.DID, 1));
    }

    /** A scalable context entry; returns the PASID table of PASIDs 0 to 63. */
    long device(int source, boolean deviceTlb, boolean pageRequests) {
        long contexts = page();
        long directory = page();
        long table = page();
        int half = (source & 0x80) == 0 ? 0 : 8;
        memory.writeLong(
                ROOT + (source >>> 8) * 16L + half, contexts | ScalableRootEntry.LP.mask());
        words(
                contexts + ScalableContextEntry.offset(source),
                new EntryEncoder(ScalableContextEntry.WORDS)
                        .set(ScalableContextEntry.P, true)
                        .set(ScalableContextEntry.DTE, deviceTlb)
                        .set(ScalableContextEntry.PASIDE, true)
                        .set(ScalableContextEntry.PRE, pageRequests)
                        .setAddress(ScalableContextEntry.PASIDDIRPTR, directory));
        memory.writeLong(directory, table | PasidDirectoryEntry.P.mask());
        return table;
    }

    /** A PASID table entry with a first-stage table, which is returned. */
    long firstStage(long table, int pasid, int domain) {
        long top = page();
        words(
                table + (pasid & 63) * 64L,
                new EntryEncoder(PasidTableEntry.WORDS)
                        .set(PasidTableEntry.P, true)
                        .set(PasidTableEntry.PGTT, PasidTableEntry.PGTT_FIRST_STAGE)
                        .set(PasidTableEntry.DID, domain)
                        .set(PasidTableEntry.PWSNP, true)
                        .setAddress(PasidTableEntry.FSPTPTR, top));
        return top;
    }

    /** Maps a page of 4 KB for users in a 4-level table. */
    void map(long top, long address, long physical, boolean writable) {
        long flags = FirstStageEntry.P.mask() | FirstStageEntry.US.mask();
        long table = top;
        for (int shift = 39; shift > 12; shift -= 9) {
            long at = table + (address >>> shift & 511) * 8;
            if (memory.readLong(at) == 0) {
                memory.writeLong(at, page() | flags | FirstStageEntry.RW.mask());
            }
            table = memory.readLong(at) & 0xf_ffff_ffff_f000L;
        }
        memory.writeLong(
                table + (address >>> 12 & 511) * 8,
                physical | flags | (writable ? FirstStageEntry.RW.mask() : 0));
    }

    /** Clears the entry of a page that {@link #map} made. */
    void unmap(long top, long address) {
        long table = top;
        for (int shift = 39; shift > 12; shift -= 9) {
            table = memory.readLong(table + (address >>> shift & 511) * 8) & 0xf_ffff_ffff_f000L;
        }
        memory.writeLong(table + (address >>> 12 & 511) * 8, 0);
    }

    @Override
    public void close() {
        unit.close();
    }
}
