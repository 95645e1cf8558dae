package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.iommu.RequesterId;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.DescriptorEncoder;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.InterruptMessage;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.PostedInterruptEntry;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RemappedInterruptEntry;
import org.opensva.vtd.model.RemappedInterrupt.Outcome;

import java.util.List;
import java.util.Random;

/** Interrupt remapping (section 5.1). */
class InterruptRemappingTest {

    private static final int SOURCE = 0x2a08;
    private static final long P = RemappedInterruptEntry.P.mask();
    private static final long FPD = RemappedInterruptEntry.FPD.mask();

    private final TestUnit t = new TestUnit();

    @BeforeEach
    void remappingOn() {
        enable(15, true);
    }

    /** A table of 2^(size + 1) entries. */
    private void enable(int size, boolean extended) {
        t.command(Gcmd.IRE, false);
        t.set(Register.IRTA, TestUnit.INTERRUPTS | size | (extended ? 1L << 11 : 0));
        t.command(Gcmd.SIRTP, true);
        t.command(Gcmd.IRE, true);
    }

    private void entry(int index, long w0, long w1) {
        t.memory.writeLong(TestUnit.INTERRUPTS + 16L * index, w0);
        t.memory.writeLong(TestUnit.INTERRUPTS + 16L * index + 8, w1);
    }

    private RemappedInterrupt send(int source, int handle) {
        return t.unit.interrupt(
                new RequesterId(source), InterruptMessage.remappableAddress(handle, false), 0);
    }

    private void assertBlocked(FaultReason reason, int index, RemappedInterrupt result) {
        assertEquals(Outcome.BLOCKED, result.outcome());
        assertEquals(reason.code(), result.faultReason());
        t.assertFault(reason, SOURCE);
        long[] record = t.takeFault();
        assertEquals(index & 0xffff, FaultRecord.INDEX.get(record[0]));
        assertEquals(0, record[0] & ~FaultRecord.INDEX.mask());
        assertEquals(List.of(), t.takeMessages());
    }

    private void assertQuiet(RemappedInterrupt result) {
        assertEquals(Outcome.BLOCKED, result.outcome());
        assertEquals(0, t.get(Register.FSTS));
    }

    @Test
    void theEntryMakesTheMessage() {
        Random random = new Random(3);
        for (int i = 0; i < 500; i++) {
            int index = random.nextInt(1 << 16);
            int vector = random.nextInt(256);
            int destination = random.nextInt();
            int mode = random.nextInt(8);
            boolean logical = random.nextBoolean();
            boolean hint = random.nextBoolean();
            boolean level = random.nextBoolean();
            entry(
                    index,
                    P
                            | RemappedInterruptEntry.V.place(vector)
                            | RemappedInterruptEntry.DST.place(destination)
                            | RemappedInterruptEntry.DLM.place(mode)
                            | (logical ? RemappedInterruptEntry.DM.mask() : 0)
                            | (hint ? RemappedInterruptEntry.RH.mask() : 0)
                            | (level ? RemappedInterruptEntry.TM.mask() : 0)
                            | RemappedInterruptEntry.AVAIL.place(random.nextInt(16)),
                    0);
            enable(15, true); // empties the cache, as CAP.ESIRTPS says
            RemappedInterrupt result = send(SOURCE, index);
            assertEquals(Outcome.DELIVERED, result.outcome());
            assertEquals(vector, result.vector());
            assertEquals(destination, result.destination());
            long address =
                    (destination & 0xffff_ff00L) << 32
                            | 0xfee0_0000L
                            | (destination & 0xffL) << 12
                            | (hint ? 8 : 0)
                            | (logical ? 4 : 0);
            int data = vector | mode << 8 | (level ? 0xc000 : 0);
            assertEquals(
                    List.of(Long.toHexString(address) + ":" + Integer.toHexString(data)),
                    t.takeMessages());
        }
    }

    @Test
    void withoutExtendedModeDestinationsHaveEightBits() {
        enable(3, false);
        entry(2, P | RemappedInterruptEntry.DST_XAPIC.place(0x5a), 0);
        assertEquals(0x5a, send(SOURCE, 2).destination());
        t.takeMessages();
        entry(3, P | 1L << 32, 0);
        assertBlocked(FaultReason.IRTE_RESERVED, 3, send(SOURCE, 3));
        entry(4, P | 1L << 48, 0);
        assertBlocked(FaultReason.IRTE_RESERVED, 4, send(SOURCE, 4));
    }

    @Test
    void theSubhandleIsAddedIfItIsValid() {
        entry(0x8005, P | RemappedInterruptEntry.V.place(0x66), 0);
        long address = InterruptMessage.remappableAddress(0x8002, true);
        assertEquals(0x66, t.unit.interrupt(new RequesterId(SOURCE), address, 3).vector());
        t.takeMessages();
        assertBlocked(
                FaultReason.INTERRUPT_REQUEST_RESERVED,
                0,
                t.unit.interrupt(new RequesterId(SOURCE), address, 0x1_0003));
        long plain = InterruptMessage.remappableAddress(0x8005, false);
        assertEquals(0x66, t.unit.interrupt(new RequesterId(SOURCE), plain, -1).vector());
        t.takeMessages();
        long top = InterruptMessage.remappableAddress(0xffff, true);
        assertBlocked(
                FaultReason.INTERRUPT_INDEX,
                0x1_0000,
                t.unit.interrupt(new RequesterId(SOURCE), top, 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 14, 15})
    void anIndexBeyondTheTableIsBlocked(int size) {
        enable(size, true);
        int entries = 2 << size;
        entry(entries - 1, P, 0);
        assertEquals(Outcome.DELIVERED, send(SOURCE, entries - 1).outcome());
        t.takeMessages();
        if (size < 15) {
            assertBlocked(FaultReason.INTERRUPT_INDEX, entries, send(SOURCE, entries));
        }
    }

    @Test
    void anEntryThatIsNotPresentOrMalformedIsBlockedAndFpdKeepsItQuiet() {
        assertBlocked(FaultReason.IRTE_NOT_PRESENT, 1, send(SOURCE, 1));
        entry(1, FPD, 0);
        assertQuiet(send(SOURCE, 1));
        for (int word = 0; word < 2; word++) {
            long reserved =
                    word == 0
                            ? RemappedInterruptEntry.reservedBits0(true)
                            : RemappedInterruptEntry.reservedBits1();
            for (int bit = 0; bit < 64; bit++) {
                long mask = 1L << bit;
                if ((reserved & mask) == 0) {
                    continue;
                }
                entry(2, P | (word == 0 ? mask : 0), word == 1 ? mask : 0);
                enable(15, true);
                assertBlocked(FaultReason.IRTE_RESERVED, 2, send(SOURCE, 2));
            }
        }
        entry(2, P | FPD | 1L << 12, 0);
        enable(15, true);
        assertQuiet(send(SOURCE, 2));
    }

    @Test
    void aTableOutsideMemoryIsAnAccessError() {
        t.set(Register.IRTA, TestUnit.RAM | 3);
        t.command(Gcmd.SIRTP, true);
        assertBlocked(FaultReason.IRTE_ACCESS, 4, send(SOURCE, 4));
    }

    @Test
    void theSourceIsComparedAsTheEntrySays() {
        int[] compared = {0xffff, 0xfffb, 0xfff9, 0xfff8};
        for (int sq = 0; sq < 4; sq++) {
            for (int function = 0; function < 8; function++) {
                int wanted = SOURCE | function;
                entry(
                        9,
                        P,
                        wanted
                                | RemappedInterruptEntry.SQ.place(sq)
                                | RemappedInterruptEntry.SVT.place(
                                        RemappedInterruptEntry.SVT_SOURCE_ID));
                enable(15, true);
                RemappedInterrupt result = send(SOURCE, 9);
                if (((wanted ^ SOURCE) & compared[sq]) == 0) {
                    assertEquals(Outcome.DELIVERED, result.outcome());
                    t.takeMessages();
                } else {
                    assertBlocked(FaultReason.SOURCE_ID_DENIED, 9, result);
                }
            }
        }
    }

    @Test
    void theBusIsComparedWithTheRangeOfTheEntry() {
        int[][] ranges = {{0x2a, 0x2a}, {0x20, 0x30}, {0x2b, 0x30}, {0x20, 0x29}, {0x30, 0x20}};
        for (int i = 0; i < ranges.length; i++) {
            entry(
                    i,
                    P,
                    ranges[i][0] << 8
                            | ranges[i][1]
                            | RemappedInterruptEntry.SVT.place(
                                    RemappedInterruptEntry.SVT_BUS_RANGE));
            RemappedInterrupt result = send(SOURCE, i);
            if (i < 2) {
                assertEquals(Outcome.DELIVERED, result.outcome());
                t.takeMessages();
            } else {
                assertBlocked(FaultReason.SOURCE_ID_DENIED, i, result);
            }
        }
        entry(7, P, RemappedInterruptEntry.SVT.place(RemappedInterruptEntry.SVT_RESERVED));
        assertBlocked(FaultReason.IRTE_RESERVED, 7, send(SOURCE, 7));
    }

    @Test
    void compatibilityRequestsPassOnlyIfTheyAreLet() {
        enable(3, false);
        RequesterId source = new RequesterId(SOURCE);
        assertBlocked(
                FaultReason.COMPATIBILITY_BLOCKED, 0, t.unit.interrupt(source, 0xfee0_5000L, 0x35));
        t.command(Gcmd.CFI, true);
        RemappedInterrupt passed = t.unit.interrupt(source, 0xfee0_5000L, 0x35);
        assertEquals(Outcome.DELIVERED, passed.outcome());
        assertEquals(0x35, passed.vector());
        assertEquals(5, passed.destination());
        assertEquals(List.of("fee05000:35"), t.takeMessages());
        enable(3, true);
        assertBlocked(
                FaultReason.COMPATIBILITY_BLOCKED, 0, t.unit.interrupt(source, 0xfee0_5000L, 0x35));
        t.command(Gcmd.IRE, false);
        assertEquals(Outcome.DELIVERED, t.unit.interrupt(source, 0xfee0_5000L, 0x35).outcome());
    }

    @Test
    void anEntryIsKeptUntilItIsInvalidated() {
        t.enableQueue();
        for (int i = 0; i < 8; i++) {
            entry(i, P | RemappedInterruptEntry.V.place(0x40), 0);
            assertEquals(0x40, send(SOURCE, i).vector());
            entry(i, P | RemappedInterruptEntry.V.place(0x41), 0);
            assertEquals(0x40, send(SOURCE, i).vector());
        }
        long[] words = new long[2];
        DescriptorEncoder.interruptEntryCache(words, 0, InvalidationDescriptor.IEC_INDEX, 4, 1);
        t.submit(words);
        for (int i = 0; i < 8; i++) {
            assertEquals(i == 4 || i == 5 ? 0x41 : 0x40, send(SOURCE, i).vector());
        }
        DescriptorEncoder.interruptEntryCache(words, 0, InvalidationDescriptor.IEC_GLOBAL, 0, 0);
        t.submit(words);
        for (int i = 0; i < 8; i++) {
            assertEquals(0x41, send(SOURCE, i).vector());
        }
    }

    @Test
    void anEntryThatIsNotPresentIsNotKept() {
        assertBlocked(FaultReason.IRTE_NOT_PRESENT, 6, send(SOURCE, 6));
        entry(6, P, 0);
        assertEquals(Outcome.DELIVERED, send(SOURCE, 6).outcome());
    }

    @Test
    void anEntryReadBeforeAnInvalidationIsNotKeptAfterIt() {
        InterruptEntryCache cache = new InterruptEntryCache();
        long generation = cache.generation();
        cache.invalidate(9, 0);
        cache.keep(new InterruptEntryCache.Entry(1, P, 0), generation);
        assertEquals(null, cache.find(1));
        cache.keep(new InterruptEntryCache.Entry(1, P, 0), cache.generation());
        assertEquals(new InterruptEntryCache.Entry(1, P, 0), cache.find(1));
        assertEquals(null, cache.find(1 + 1024), "another index at the same place");
    }

    @Test
    void withoutPostingAPostedEntryIsMalformed() {
        long cap =
                t.profile.capability() & ~org.opensva.vtd.layout.CapabilityRegisters.Cap.PI.mask();
        try (TestUnit plain =
                new TestUnit(
                        t.profile.withIdentification(0x60, cap, t.profile.extendedCapability()))) {
            plain.set(Register.IRTA, TestUnit.INTERRUPTS | 3);
            plain.command(Gcmd.SIRTP, true);
            plain.command(Gcmd.IRE, true);
            plain.memory.writeLong(TestUnit.INTERRUPTS, P | PostedInterruptEntry.IM.mask());
            RemappedInterrupt result =
                    plain.unit.interrupt(
                            new RequesterId(SOURCE),
                            InterruptMessage.remappableAddress(0, false),
                            0);
            assertEquals(FaultReason.IRTE_RESERVED.code(), result.faultReason());
        }
    }

    @Test
    void anAddressElsewhereIsNoInterrupt() {
        assertThrows(
                IllegalArgumentException.class,
                () -> t.unit.interrupt(new RequesterId(SOURCE), 0xfed0_0000L, 0));
    }
}
