package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.RequesterId;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.InterruptMessage;
import org.opensva.vtd.layout.PostedInterruptDescriptor;
import org.opensva.vtd.layout.PostedInterruptEntry;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.model.RemappedInterrupt.Outcome;

import java.util.ArrayList;
import java.util.List;

/** Posting of interrupts (section 5.2). */
class InterruptPostingTest {

    private static final int SOURCE = 0x0108;
    private static final long DESCRIPTOR = 0x60_0040;
    private static final long CONTROL = DESCRIPTOR + 32;
    private static final long ON = PostedInterruptDescriptor.ON.mask();
    private static final long SN = PostedInterruptDescriptor.SN.mask();
    private static final long TARGET =
            PostedInterruptDescriptor.NV.place(0xf2)
                    | PostedInterruptDescriptor.NDST.place(0x0001_0203);

    private final TestUnit t = new TestUnit();

    @BeforeEach
    void remappingOn() {
        t.set(Register.IRTA, TestUnit.INTERRUPTS | 15 | 1L << 11);
        t.command(Gcmd.SIRTP, true);
        t.command(Gcmd.IRE, true);
        t.memory.writeLong(CONTROL, TARGET);
    }

    private void entry(int index, int vector, long more) {
        long at = TestUnit.INTERRUPTS + 16L * index;
        t.memory.writeLong(
                at,
                PostedInterruptEntry.P.mask()
                        | PostedInterruptEntry.IM.mask()
                        | PostedInterruptEntry.V.place(vector)
                        | PostedInterruptEntry.placeLow(DESCRIPTOR)
                        | more);
        t.memory.writeLong(at + 8, PostedInterruptEntry.placeHigh(DESCRIPTOR));
    }

    private RemappedInterrupt send(int index) {
        return t.unit.interrupt(
                new RequesterId(SOURCE), InterruptMessage.remappableAddress(index, false), 0);
    }

    @Test
    void everyVectorHasItsBit() {
        for (int vector = 0; vector < 256; vector++) {
            entry(vector, vector, 0);
            RemappedInterrupt result = send(vector);
            assertEquals(Outcome.POSTED, result.outcome());
            assertEquals(vector, result.vector());
            long word = t.memory.readLong(DESCRIPTOR + 8L * (vector / 64));
            assertTrue((word >>> vector % 64 & 1) != 0);
            assertEquals(vector % 64 + 1, Long.bitCount(word));
        }
    }

    @Test
    void theFirstPostNotifiesAndMoreDoNotUntilTheNotificationIsTaken() {
        entry(0, 0x31, 0);
        send(0);
        assertEquals(List.of("10200fee03000:f2"), t.takeMessages());
        assertEquals(TARGET | ON, t.memory.readLong(CONTROL));
        send(0);
        assertEquals(List.of(), t.takeMessages());
        t.memory.writeLong(CONTROL, TARGET);
        send(0);
        assertEquals(1, t.takeMessages().size());
    }

    @Test
    void aSuppressedNotificationIsSentOnlyIfUrgent() {
        t.memory.writeLong(CONTROL, TARGET | SN);
        entry(0, 0x31, 0);
        send(0);
        assertEquals(List.of(), t.takeMessages());
        assertEquals(TARGET | SN, t.memory.readLong(CONTROL));
        assertEquals(1L << 0x31, t.memory.readLong(DESCRIPTOR));
        entry(1, 0x32, PostedInterruptEntry.URG.mask());
        send(1);
        assertEquals(1, t.takeMessages().size());
        assertEquals(TARGET | SN | ON, t.memory.readLong(CONTROL));
    }

    @Test
    void withoutExtendedModeTheDestinationIsInTheSecondByte() {
        t.set(Register.IRTA, TestUnit.INTERRUPTS | 15);
        t.command(Gcmd.SIRTP, true);
        entry(0, 0x31, 0);
        assertEquals(2, send(0).destination());
        assertEquals(List.of("fee02000:f2"), t.takeMessages());
    }

    @Test
    void aDescriptorOutsideMemoryIsAnAccessError() {
        entry(0, 0x31, 0);
        t.memory.writeLong(TestUnit.INTERRUPTS + 8, PostedInterruptEntry.placeHigh(1L << 40));
        assertEquals(FaultReason.POSTED_DESCRIPTOR_ACCESS.code(), send(0).faultReason());
        t.assertFault(FaultReason.POSTED_DESCRIPTOR_ACCESS, SOURCE);
    }

    @Test
    void everyReservedBitOfTheDescriptorIsAFaultAndNothingIsPosted() {
        entry(0, 0x31, 0);
        for (int bit = 0; bit < 64; bit++) {
            long mask = 1L << bit;
            boolean defined = false;
            for (var field : PostedInterruptDescriptor.STRUCTURE.fields()) {
                defined |= field.word() == 4 && (field.mask() & mask) != 0;
            }
            if (defined) {
                continue;
            }
            t.memory.writeLong(CONTROL, TARGET | mask);
            assertEquals(Outcome.BLOCKED, send(0).outcome());
            t.assertFault(FaultReason.POSTED_DESCRIPTOR_RESERVED, SOURCE);
            t.takeFault();
            assertEquals(0, t.memory.readLong(DESCRIPTOR));
        }
    }

    @Test
    void everyReservedBitOfTheEntryIsAFault() {
        for (int word = 0; word < 2; word++) {
            for (int bit = 0; bit < 64; bit++) {
                if ((PostedInterruptEntry.reservedBits(word) >>> bit & 1) == 0) {
                    continue;
                }
                entry(0, 0x31, 0);
                long at = TestUnit.INTERRUPTS + 8L * word;
                t.memory.writeLong(at, t.memory.readLong(at) | 1L << bit);
                t.command(Gcmd.SIRTP, true);
                send(0);
                t.assertFault(FaultReason.IRTE_RESERVED, SOURCE);
                t.takeFault();
            }
        }
    }

    @Test
    void disabledFaultProcessingKeepsFaultsOfPostingQuiet() {
        entry(0, 0x31, PostedInterruptEntry.FPD.mask());
        t.memory.writeLong(CONTROL, TARGET | 4);
        assertEquals(Outcome.BLOCKED, send(0).outcome());
        assertEquals(0, t.get(Register.FSTS));
    }

    @Test
    void concurrentPostsLoseNoBitAndNotifyOnce() throws InterruptedException {
        for (int i = 0; i < 256; i++) {
            entry(i, i, 0);
        }
        List<Thread> threads = new ArrayList<>();
        for (int part = 0; part < 4; part++) {
            int first = part;
            Thread thread =
                    new Thread(() -> {
                        for (int i = first; i < 256; i += 4) {
                            send(i);
                        }
                    });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        for (int word = 0; word < 4; word++) {
            assertEquals(-1L, t.memory.readLong(DESCRIPTOR + 8L * word));
        }
        assertEquals(1, t.takeMessages().size());
    }
}
