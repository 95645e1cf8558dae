package org.opensva.conformance.measure.hardware;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.iommu.RequesterId;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.DescriptorEncoder;
import org.opensva.vtd.layout.EntryEncoder;
import org.opensva.vtd.layout.FirstStageEntry;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.PasidDirectoryEntry;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.ScalableContextEntry;
import org.opensva.vtd.layout.ScalableRootEntry;
import org.opensva.vtd.model.VtdIommu;
import org.opensva.vtd.model.VtdProfile;

/** A VT-d unit with tables by hand; with two stages the guest's memory is where the host's is. */
final class VtdUnit implements Unit {

    private static final int SOURCE = 0x100;
    private static final int DOMAIN = 5;
    private static final long WIDE = 1L << 11;
    private static final int DESCRIPTOR = 32;
    private static final int QUEUE = 4096;
    private static final long FLAGS =
            FirstStageEntry.P.mask() | FirstStageEntry.RW.mask() | FirstStageEntry.US.mask();

    /** Readable and writable. */
    private static final long FLAGS_2 = 3;

    private final FlatMemory memory = new FlatMemory();
    private final VtdIommu unit;
    private final AgentPort port;
    private final Tables first;
    private final long spare;
    private final long queue;
    private final long status;
    private final long[] words = new long[4];
    private int tail;
    private int waits;

    VtdUnit(boolean nested, int pages, int iotlb) {
        VtdProfile profile = VtdProfile.sva().withCaches(iotlb, 1 << 14, 16, 16);
        unit = new VtdIommu(profile, memory, (address, data) -> {}, System::nanoTime);
        port = unit.connect(new RequesterId(SOURCE), new Mute());
        Tables second = new Tables(memory, FLAGS_2, FLAGS_2, table -> {});
        first = new Tables(memory, FLAGS, FLAGS, table -> second.map(table, table));
        spare = memory.allocate(4096);
        second.map(spare, spare);
        Frames frames = new Frames();
        for (int page = 0; page < pages; page++) {
            long frame = page < Frames.COUNT ? memory.allocate(4096) : 0;
            if (frame != 0) {
                second.map(frame, frame);
            }
            first.map(START + page * 4096L, frames.at(page, frame));
        }
        queue = memory.allocate(QUEUE);
        status = memory.allocate(4096);
        long root = memory.allocate(4096);
        long table = device(root);
        for (int pasid : new int[] {PASID, OTHER}) {
            bind(table, pasid, nested, first.root(), second.root());
        }
        set(Register.IQT, 0);
        set(Register.IQA, queue | WIDE);
        command(Gcmd.QIE.mask());
        set(Register.RTADDR, root | Rtaddr.TTM.place(Rtaddr.TTM_SCALABLE));
        command(Gcmd.SRTP.mask());
        command(Gcmd.TE.mask());
    }

    private long device(long root) {
        long contexts = memory.allocate(4096);
        long directory = memory.allocate(4096);
        long table = memory.allocate(4096);
        memory.writeLong(root + (SOURCE >>> 8) * 16L, contexts | ScalableRootEntry.LP.mask());
        write(
                contexts + ScalableContextEntry.offset(SOURCE),
                new EntryEncoder(ScalableContextEntry.WORDS)
                        .set(ScalableContextEntry.P, true)
                        .set(ScalableContextEntry.PASIDE, true)
                        .setAddress(ScalableContextEntry.PASIDDIRPTR, directory));
        memory.writeLong(directory, table | PasidDirectoryEntry.P.mask());
        return table;
    }

    private void bind(long table, int pasid, boolean nested, long first, long second) {
        EntryEncoder entry =
                new EntryEncoder(PasidTableEntry.WORDS)
                        .set(PasidTableEntry.P, true)
                        .set(
                                PasidTableEntry.PGTT,
                                nested
                                        ? PasidTableEntry.PGTT_NESTED
                                        : PasidTableEntry.PGTT_FIRST_STAGE)
                        .set(PasidTableEntry.DID, DOMAIN)
                        .set(PasidTableEntry.PWSNP, true)
                        .setAddress(PasidTableEntry.FSPTPTR, first);
        if (nested) {
            entry.set(PasidTableEntry.AW, 2).setAddress(PasidTableEntry.SSPTPTR, second);
        }
        write(table + pasid * 64L, entry);
    }

    private void write(long at, EntryEncoder entry) {
        long[] encoded = entry.words();
        for (int i = encoded.length - 1; i >= 0; i--) {
            memory.writeLong(at + 8L * i, encoded[i]);
        }
    }

    private void set(Register register, long value) {
        unit.write(register.offset(), register.bytes(), value);
    }

    private void command(long bit) {
        long now = unit.read(Register.GSTS.offset(), Register.GSTS.bytes()) & ~Gcmd.ONE_SHOT;
        set(Register.GCMD, now | bit);
    }

    @Override
    public AgentPort port() {
        return port;
    }

    @Override
    public void map(long address) {
        first.map(address, spare);
    }

    @Override
    public void unmap(long address) {
        first.unmap(address);
    }

    @Override
    public void invalidatePage(int space, long address) {
        DescriptorEncoder.pasidIotlb(
                words, 0, InvalidationDescriptor.PASID_IOTLB_PAGE, DOMAIN, space, address, 0, true);
        complete();
    }

    @Override
    public void invalidateSpace(int space) {
        DescriptorEncoder.pasidIotlb(
                words, 0, InvalidationDescriptor.PASID_IOTLB_PASID, DOMAIN, space, 0, 0, false);
        complete();
    }

    @Override
    public void invalidateRange(int space, long address) {
        int order = Integer.numberOfTrailingZeros(RANGE);
        DescriptorEncoder.pasidIotlb(
                words,
                0,
                InvalidationDescriptor.PASID_IOTLB_PAGE,
                DOMAIN,
                space,
                address & -(RANGE * 4096L),
                order,
                true);
        complete();
    }

    @Override
    public void invalidateAll() {
        DescriptorEncoder.iotlb(
                words, 0, InvalidationDescriptor.IOTLB_GLOBAL, 0, false, false, 0, 0, false);
        complete();
    }

    private void complete() {
        put();
        DescriptorEncoder.waitStatus(words, 0, status, ++waits, false, true, false);
        put();
        set(Register.IQT, tail);
    }

    private void put() {
        for (int i = 0; i < 4; i++) {
            memory.writeLong(queue + tail + 8L * i, i < 2 ? words[i] : 0);
        }
        tail = (tail + DESCRIPTOR) % QUEUE;
    }

    @Override
    public void close() {
        unit.close();
    }
}
