package org.opensva.smmuv3.model;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.iommu.RequesterId;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A small machine: memory, an SMMU, and the few things software does to it. Stream tables are
 * linear, queues have 64 entries, and memory is handed out from the bottom up.
 */
final class TestMachine implements AutoCloseable {

    static final long RAM = 0x4000_0000L;
    static final long RAM_SIZE = 1L << 30;
    static final long NO_MEMORY = 0x1_0000_0000L;
    static final int STREAM = 0x18;
    static final long SMMUEN = 1;
    static final long PRIQEN = 2;
    static final long EVENTQEN = 4;
    static final long CMDQEN = 8;
    static final long ATSCHK = 16;
    static final int QUEUE_BITS = 6;

    final TestMemory memory = new TestMemory().with(RAM, RAM_SIZE);
    final List<SmmuInterrupts.Wire> wires = new CopyOnWriteArrayList<>();
    final List<Long> messages = new CopyOnWriteArrayList<>();
    final AtomicLong time = new AtomicLong();
    final TestDevice device = new TestDevice();
    final SmmuV3 smmu;
    final AgentPort port;
    final long streamTable;
    final long commandQueue;
    final long eventQueue;
    final long pageQueue;
    private long next = RAM;
    private Runnable counters = () -> {};

    /** One event record. */
    record Event(long w0, long w1, long w2, long w3) {
        EventType type() {
            EventType type = EventType.of(EventRecord.number(w0));
            if (type == null) {
                throw new AssertionError("no such event: " + w0);
            }
            return type;
        }
    }

    TestMachine() {
        this(SmmuProfile.sva());
    }

    TestMachine(SmmuProfile profile) {
        SmmuInterrupts interrupts =
                new SmmuInterrupts() {
                    @Override
                    public void wired(Wire wire) {
                        wires.add(wire);
                    }

                    @Override
                    public void counters() {
                        counters.run();
                    }

                    @Override
                    public void message(long address, int data) {
                        messages.add(address << 32 | data & 0xffff_ffffL);
                    }
                };
        smmu = new SmmuV3(profile, memory, interrupts, time::get);
        port = smmu.connect(new RequesterId(STREAM), device);
        device.connected(port);
        streamTable = allocate(64 << 8, 64 << 8);
        commandQueue = allocate(16L << QUEUE_BITS, 4096);
        eventQueue = allocate(32L << QUEUE_BITS, 4096);
        pageQueue = allocate(16L << QUEUE_BITS, 4096);
    }

    /** What happens when a performance counter overflows. */
    void onCounters(Runnable action) {
        counters = action;
    }

    /** Programs bases and enables everything. */
    TestMachine enable() {
        return enable(false);
    }

    /**
     * Programs bases and enables everything.
     *
     * @param hostHypervisor SMMU_CR2.E2H
     */
    TestMachine enable(boolean hostHypervisor) {
        smmu.write(Register.STRTAB_BASE.offset(), 8, streamTable);
        smmu.write(Register.STRTAB_BASE_CFG.offset(), 4, 8);
        smmu.write(Register.CMDQ_BASE.offset(), 8, commandQueue | QUEUE_BITS);
        smmu.write(Register.EVENTQ_BASE.offset(), 8, eventQueue | QUEUE_BITS);
        smmu.write(Register.PRIQ_BASE.offset(), 8, pageQueue | QUEUE_BITS);
        smmu.write(Register.CR2.offset(), 4, 0b1010 | (hostHypervisor ? 1 : 0));
        smmu.write(Register.IRQ_CTRL.offset(), 4, 0b111);
        smmu.write(Register.CR0.offset(), 4, SMMUEN | PRIQEN | EVENTQEN | CMDQEN | ATSCHK);
        return this;
    }

    long allocate(long bytes, long alignment) {
        next = next + alignment - 1 & -alignment;
        long result = next;
        next += bytes;
        return result;
    }

    // ---- structures ----

    void writeWords(long address, long... words) {
        for (int i = 0; i < words.length; i++) {
            memory.writeLong(address + 8L * i, words[i]);
        }
    }

    long entryAddress(int stream) {
        return streamTable + 64L * stream;
    }

    /** A stream table entry for stage 1 with a linear CD table. */
    long[] stage1Entry(long contextTable, int contextBits) {
        long[] words = new long[8];
        StreamTableEntry.V.put(words, 0, 1);
        StreamTableEntry.CONFIG.put(words, 0, StreamTableEntry.CONFIG_S1);
        words[0] |= contextTable;
        StreamTableEntry.S1CDMAX.put(words, 0, contextBits);
        StreamTableEntry.S1DSS.put(words, 0, StreamTableEntry.S1DSS_SSID0);
        StreamTableEntry.EATS.put(words, 0, StreamTableEntry.EATS_FULL);
        return words;
    }

    void stage1(long contextTable, int contextBits) {
        writeWords(entryAddress(STREAM), stage1Entry(contextTable, contextBits));
    }

    /** A context descriptor with one table for low addresses. */
    long[] context(long table, Granule granule, int inputBits, int asid) {
        long[] words = new long[8];
        ContextDescriptor.V.put(words, 0, 1);
        ContextDescriptor.AA64.put(words, 0, 1);
        ContextDescriptor.T0SZ.put(words, 0, 64 - inputBits);
        ContextDescriptor.TG0.put(words, 0, granule.tg0());
        ContextDescriptor.EPD1.put(words, 0, 1);
        ContextDescriptor.IPS.put(words, 0, 5);
        ContextDescriptor.R.put(words, 0, 1);
        ContextDescriptor.A.put(words, 0, 1);
        ContextDescriptor.ASET.put(words, 0, 1);
        ContextDescriptor.ASID.put(words, 0, asid);
        words[1] |= table;
        return words;
    }

    // ---- page tables ----

    static final long PAGE_RW = 1L << 10 | 1L << 11 | 1L << 6 | 3L << 8 | 0b11;
    static final long PAGE_RO = PAGE_RW | 1L << 7;

    long newTable(Granule granule) {
        return allocate(granule.bytes(), granule.bytes());
    }

    /** Maps one page or block, making tables where there are none. */
    void map(
            long table,
            Granule granule,
            int inputBits,
            long address,
            int leafLevel,
            long physical,
            long attributes) {
        long at = descriptorAddress(table, granule, inputBits, address, leafLevel, true);
        long type = leafLevel == 3 ? 0b11 : 0b01;
        memory.writeLong(at, physical | attributes & ~0b11L | type);
    }

    void map(long table, long address, long physical, long attributes) {
        map(table, Granule.K4, 48, address, 3, physical, attributes);
    }

    long descriptorAddress(
            long table,
            Granule granule,
            int inputBits,
            long address,
            int leafLevel,
            boolean create) {
        int level = StageConfig.startLevel(granule, inputBits);
        long within = address & (1L << inputBits) - 1;
        long at = table + (within >>> granule.levelShift(level) << 3);
        for (; level < leafLevel; level++) {
            long descriptor = memory.readLong(at);
            if ((descriptor & 1) == 0) {
                if (!create) {
                    throw new AssertionError("not mapped");
                }
                descriptor = newTable(granule) | 0b11;
                memory.writeLong(at, descriptor);
            }
            long lower = descriptor & 0xffff_ffff_f000L & -granule.bytes();
            long mask = (1L << granule.bitsPerLevel()) - 1;
            at = lower + ((within >>> granule.levelShift(level + 1) & mask) << 3);
        }
        return at;
    }

    void unmap(long table, long address) {
        memory.writeLong(descriptorAddress(table, Granule.K4, 48, address, 3, false), 0);
    }

    // ---- commands ----

    /** Puts a command into the queue. */
    void command(long w0, long w1) {
        long prod = smmu.read(Register.CMDQ_PROD.offset(), 4);
        long slot = prod & (1 << QUEUE_BITS) - 1;
        writeWords(commandQueue + 16 * slot, w0, w1);
        long wrapped = prod + 1 & (2 << QUEUE_BITS) - 1;
        smmu.write(Register.CMDQ_PROD.offset(), 4, wrapped);
    }

    void command(long[] words) {
        command(words[0], words[1]);
    }

    void sync() {
        long[] c = new long[2];
        CommandEncoder.sync(c, 0, 0);
        command(c);
    }

    void invalidateConfiguration() {
        long[] c = new long[2];
        CommandEncoder.cfgiAll(c, 0);
        command(c);
        sync();
    }

    void invalidatePage(int asid, long address) {
        long[] c = new long[2];
        CommandEncoder.tlbiAddress(c, 0, Opcode.TLBI_NH_VA, 0, asid, address, true);
        command(c);
        sync();
    }

    boolean allConsumed() {
        return smmu.read(Register.CMDQ_PROD.offset(), 4)
                == (smmu.read(Register.CMDQ_CONS.offset(), 4) & 0xfffff);
    }

    int commandError() {
        long active =
                smmu.read(Register.GERROR.offset(), 4) ^ smmu.read(Register.GERRORN.offset(), 4);
        return (active & 1) == 0
                ? 0
                : (int) (smmu.read(Register.CMDQ_CONS.offset(), 4) >>> 24) & 0x7f;
    }

    void acknowledgeErrors() {
        smmu.write(Register.GERRORN.offset(), 4, smmu.read(Register.GERROR.offset(), 4));
    }

    // ---- events ----

    /** Takes every event out of the queue. */
    List<Event> events() {
        List<Event> taken = new ArrayList<>();
        long prod = smmu.read(Register.EVENTQ_PROD.offset(), 4);
        long cons = smmu.read(Register.EVENTQ_CONS.offset(), 4);
        long mask = (2L << QUEUE_BITS) - 1;
        while ((cons & mask) != (prod & mask)) {
            long at = eventQueue + 32 * (cons & (1 << QUEUE_BITS) - 1);
            taken.add(
                    new Event(
                            memory.readLong(at),
                            memory.readLong(at + 8),
                            memory.readLong(at + 16),
                            memory.readLong(at + 24)));
            cons = cons + 1 & mask;
        }
        smmu.write(Register.EVENTQ_CONS.offset(), 4, cons | prod & 1L << 31);
        return taken;
    }

    /** Takes the only event there is. */
    Event event() {
        List<Event> taken = events();
        if (taken.size() != 1) {
            throw new AssertionError("expected one event: " + taken);
        }
        return taken.get(0);
    }

    @Override
    public void close() {
        smmu.close();
    }
}
