package org.opensva.conformance.measure.hardware;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.iommu.RequesterId;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;
import org.opensva.smmuv3.model.SmmuInterrupts;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.smmuv3.model.SmmuV3;

/** An SMMUv3 with tables by hand; with two stages the guest's memory is where the host's is. */
final class SmmuUnit implements Unit {

    private static final int STREAM = 8;
    private static final int STREAM_BITS = 6;
    private static final int CONTEXT_BITS = 4;
    private static final int QUEUE_BITS = 12;
    private static final int VMID = 1;

    /** AF, inner shareable, readable and writable by all, not global; a page. */
    private static final long LEAF = 1L << 11 | 1L << 10 | 3L << 8 | 1L << 6 | 0b11;

    /** AF, readable and writable, write-back; a page of stage 2. */
    private static final long LEAF_2 = 1L << 10 | 3L << 6 | 0xfL << 2 | 0b11;

    private static final long SMMUEN = 1;
    private static final long CMDQEN = 8;

    private final FlatMemory memory = new FlatMemory();
    private final SmmuV3 smmu;
    private final AgentPort port;
    private final Tables first;
    private final long spare;
    private final long commands;
    private final long[] command = new long[2];
    private final int vmid;
    private int producer;

    SmmuUnit(boolean nested, int pages, int iotlb) {
        SmmuProfile profile =
                (nested ? SmmuProfile.nested() : SmmuProfile.sva()).withCaches(iotlb, 1 << 14, 16);
        smmu = new SmmuV3(profile, memory, SmmuInterrupts.NONE, System::nanoTime);
        port = smmu.connect(new RequesterId(STREAM), new Mute());
        vmid = nested ? VMID : 0;
        Tables second = new Tables(memory, 3, LEAF_2, table -> {});
        first = new Tables(memory, 3, LEAF, table -> second.map(table, table));
        spare = memory.allocate(4096);
        second.map(spare, spare);
        Frames frames = new Frames();
        long contexts = memory.allocate(4096);
        second.map(contexts, contexts);
        for (int page = 0; page < pages; page++) {
            long frame = page < Frames.COUNT ? memory.allocate(4096) : 0;
            if (frame != 0) {
                second.map(frame, frame);
            }
            first.map(START + page * 4096L, frames.at(page, frame));
        }
        for (int pasid : new int[] {PASID, OTHER}) {
            words(contexts + 64L * pasid, context(first.root(), pasid));
        }
        long streams = memory.allocate(64 << STREAM_BITS);
        words(streams + 64L * STREAM, entry(contexts, nested, second.root()));
        commands = memory.allocate(16L << QUEUE_BITS);
        smmu.write(Register.STRTAB_BASE.offset(), 8, streams);
        smmu.write(Register.STRTAB_BASE_CFG.offset(), 4, STREAM_BITS);
        smmu.write(Register.CMDQ_BASE.offset(), 8, commands | QUEUE_BITS);
        smmu.write(Register.CR0.offset(), 4, SMMUEN | CMDQEN);
    }

    private static long[] context(long root, int asid) {
        long[] words = new long[8];
        ContextDescriptor.V.put(words, 0, 1);
        ContextDescriptor.AA64.put(words, 0, 1);
        ContextDescriptor.T0SZ.put(words, 0, 16);
        ContextDescriptor.EPD1.put(words, 0, 1);
        ContextDescriptor.IPS.put(words, 0, 5);
        ContextDescriptor.R.put(words, 0, 1);
        ContextDescriptor.A.put(words, 0, 1);
        ContextDescriptor.ASET.put(words, 0, 1);
        ContextDescriptor.ASID.put(words, 0, asid);
        words[1] |= root;
        return words;
    }

    private static long[] entry(long contexts, boolean nested, long second) {
        long[] words = new long[8];
        StreamTableEntry.V.put(words, 0, 1);
        StreamTableEntry.CONFIG.put(
                words, 0, nested ? StreamTableEntry.CONFIG_NESTED : StreamTableEntry.CONFIG_S1);
        words[0] |= contexts;
        StreamTableEntry.S1CDMAX.put(words, 0, CONTEXT_BITS);
        if (nested) {
            StreamTableEntry.S2VMID.put(words, 0, VMID);
            StreamTableEntry.S2T0SZ.put(words, 0, 16);
            StreamTableEntry.S2SL0.put(words, 0, 2);
            StreamTableEntry.S2PS.put(words, 0, 5);
            StreamTableEntry.S2AA64.put(words, 0, 1);
            StreamTableEntry.S2R.put(words, 0, 1);
            words[3] |= second;
        }
        return words;
    }

    private void words(long at, long[] words) {
        for (int i = 0; i < words.length; i++) {
            memory.writeLong(at + 8L * i, words[i]);
        }
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
        CommandEncoder.tlbiAddress(command, 0, Opcode.TLBI_NH_VA, vmid, space, address, true);
        complete();
    }

    @Override
    public void invalidateSpace(int space) {
        CommandEncoder.tlbiNhAsid(command, 0, vmid, space);
        complete();
    }

    @Override
    public void invalidateRange(int space, long address) {
        long at = address & -(RANGE * 4096L);
        CommandEncoder.tlbiRange(
                command,
                0,
                Opcode.TLBI_NH_VA,
                vmid,
                space,
                at,
                true,
                Granule.K4,
                0,
                Integer.numberOfTrailingZeros(RANGE),
                3);
        complete();
    }

    @Override
    public void invalidateAll() {
        CommandEncoder.tlbiNsnhAll(command, 0);
        complete();
    }

    private void complete() {
        put();
        CommandEncoder.sync(command, 0, Command.CS_NONE);
        put();
        smmu.write(Register.CMDQ_PROD.offset(), 4, producer);
    }

    private void put() {
        long at = commands + 16L * (producer & (1 << QUEUE_BITS) - 1);
        memory.writeLong(at, command[0]);
        memory.writeLong(at + 8, command[1]);
        producer = producer + 1 & (2 << QUEUE_BITS) - 1;
    }

    @Override
    public void close() {
        smmu.close();
    }
}
