package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.EventRegisters.EventControl;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.QueueError;
import org.opensva.vtd.layout.QueueRegisters.Ics;
import org.opensva.vtd.layout.QueueRegisters.Iqa;
import org.opensva.vtd.layout.Register;

import java.util.List;

/** The queue itself: geometry, errors, waits (sections 6.5.2 and 11.4.9). */
class InvalidationQueueTest {

    private static final long CONTEXT_GLOBAL = 0x11;

    private final TestUnit t = new TestUnit();

    private void clearQueueError() {
        t.set(Register.FSTS, Fsts.IQE.mask());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aQueueOfEverySizeWraps(boolean wide) {
        for (int size = 0; size < 8; size++) {
            try (TestUnit unit = new TestUnit()) {
                unit.enableQueue(size, wide);
                int step = unit.descriptorBytes();
                long bytes = 4096L << size;
                for (long at = 0; at < bytes; at += step) {
                    unit.put(at, CONTEXT_GLOBAL);
                }
                unit.set(Register.IQT, bytes - step);
                assertEquals(bytes - step, unit.get(Register.IQH));
                unit.put(bytes - step, TestUnit.wait(7));
                unit.put(0, TestUnit.wait(8));
                unit.set(Register.IQT, step);
                assertEquals(step, unit.get(Register.IQH));
                assertEquals(8, unit.status());
                assertEquals(0, unit.get(Register.FSTS));
            }
        }
    }

    @Test
    void aTailBeyondTheQueueIsAnErrorBeforeAnyFetch() {
        t.enableQueue(1, true);
        t.put(0, TestUnit.wait(1));
        t.set(Register.IQT, 8192);
        t.assertQueueError(QueueError.INVALID_TAIL, 0);
        assertEquals(0, t.status());
        t.set(Register.IQT, 32);
        assertEquals(0, t.status(), "nothing is fetched until the error is cleared");
        clearQueueError();
        assertEquals(1, t.status());
        assertEquals(32, t.get(Register.IQH));
    }

    @Test
    void aTailWithinADescriptorOf256BitsIsAnError() {
        t.enableQueue(0, true);
        t.set(Register.IQT, 16);
        t.assertQueueError(QueueError.MISALIGNED_TAIL, 0);
    }

    @Test
    void reservedBitsOfTheTailDoNotCount() {
        t.enableQueue(0, false);
        t.put(0, TestUnit.wait(3));
        t.set(Register.IQT, 0xffff_ffff_fff8_001fL);
        assertEquals(3, t.status());
        assertEquals(16, t.get(Register.IQH));
    }

    @Test
    void aDescriptorThatCannotBeReadIsAnErrorAtItsPlace() {
        t.set(Register.IQA, TestUnit.RAM - 4096 | 1 | Iqa.DW.mask());
        t.command(Gcmd.QIE, true);
        for (long at = 0; at < 4096; at += 32) {
            t.memory.writeLong(TestUnit.RAM - 4096 + at, CONTEXT_GLOBAL);
        }
        t.set(Register.IQT, 4096 + 32);
        t.assertQueueError(QueueError.FETCH_ERROR, 4096);
    }

    @Test
    void theQueueStopsAtABadDescriptorAndGoesOnWithItOnceTheErrorIsCleared() {
        t.enableQueue();
        t.put(0, TestUnit.wait(1));
        t.put(32, 0x0f);
        t.put(64, TestUnit.wait(3));
        t.set(Register.IQT, 96);
        t.assertQueueError(QueueError.INVALID_TYPE, 32);
        assertEquals(1, t.status());
        t.put(32, CONTEXT_GLOBAL);
        t.set(Register.IQT, 96);
        assertEquals(32, t.get(Register.IQH));
        clearQueueError();
        assertEquals(96, t.get(Register.IQH));
        assertEquals(3, t.status());
        assertEquals(0, t.get(Register.FSTS));
    }

    @Test
    void anErrorThatIsClearedButNotRepairedComesBack() {
        t.enableQueue();
        t.submit(0x0f);
        clearQueueError();
        t.assertQueueError(QueueError.INVALID_TYPE, 0);
    }

    @Test
    void theWidthOfDescriptorsGoesWithTheTableMode() {
        t.set(Register.RTADDR, TestUnit.ROOT | Rtaddr.TTM.place(Rtaddr.TTM_SCALABLE));
        t.command(Gcmd.SRTP, true);
        t.enableQueue(0, false);
        t.submit(CONTEXT_GLOBAL);
        t.assertQueueError(QueueError.INVALID_WIDTH, 0);
        try (TestUnit legacy = TestUnit.legacy()) {
            legacy.enableQueue(0, true);
            legacy.submit(CONTEXT_GLOBAL);
            legacy.assertQueueError(QueueError.INVALID_WIDTH, 0);
        }
    }

    @Test
    void aReservedTableModeStopsTheQueueOnceItIsInForce() {
        t.enableQueue();
        t.set(Register.RTADDR, TestUnit.ROOT | Rtaddr.TTM.place(Rtaddr.TTM_RESERVED));
        t.sync();
        t.command(Gcmd.SRTP, true);
        t.submit(CONTEXT_GLOBAL);
        t.assertQueueError(QueueError.INVALID_TTM, 32);
    }

    @Test
    void descriptorsThatWereWrittenBeforeTheQueueIsOnAreTakenThen() {
        t.set(Register.IQA, TestUnit.QUEUE);
        t.memory.writeLong(TestUnit.QUEUE, TestUnit.wait(5)[0]);
        t.memory.writeLong(TestUnit.QUEUE + 8, TestUnit.wait(5)[1]);
        t.set(Register.IQT, 16);
        assertEquals(0, t.status());
        t.command(Gcmd.QIE, true);
        assertEquals(5, t.status());
        t.command(Gcmd.QIE, false);
        assertEquals(0, t.get(Register.IQH));
    }

    @Test
    void everyCombinationOfAWaitDoesWhatItSaysAndNothingElse() {
        t.enableQueue();
        t.set(Register.IEADDR, 0xfee0_2000L);
        t.set(Register.IEDATA, 0x61);
        t.set(Register.IECTL, 0);
        for (int flags = 0; flags < 16; flags++) {
            long[] words = TestUnit.wait(flags + 1);
            words[0] = words[0] & ~0xf0L | (long) flags << 4;
            t.memory.writeInt(TestUnit.STATUS, 0);
            t.submit(words);
            boolean interrupt = (flags & 1) != 0;
            boolean status = (flags & 2) != 0;
            assertEquals(status ? flags + 1 : 0, t.status());
            assertEquals(interrupt, Ics.IWC.isSet(t.get(Register.ICS)));
            assertEquals(interrupt ? List.of("fee02000:61") : List.of(), t.takeMessages());
            t.set(Register.ICS, 1);
            assertEquals(0, t.get(Register.FSTS));
        }
    }

    @Test
    void theStatusIsThereBeforeTheMessage() {
        int[] seen = new int[1];
        TestMemory memory = new TestMemory(TestUnit.RAM);
        VtdIommu unit =
                new VtdIommu(
                        VtdProfile.sva(),
                        memory,
                        (address, data) -> seen[0] = memory.readInt(TestUnit.STATUS),
                        () -> 0);
        unit.write(Register.IECTL.offset(), 4, 0);
        unit.write(Register.IQA.offset(), 8, TestUnit.QUEUE);
        unit.write(Register.GCMD.offset(), 4, Gcmd.QIE.mask());
        long[] words = TestUnit.wait(9, true, false, false);
        memory.writeLong(TestUnit.QUEUE, words[0]);
        memory.writeLong(TestUnit.QUEUE + 8, words[1]);
        unit.write(Register.IQT.offset(), 8, 16);
        assertEquals(9, seen[0]);
        unit.close();
    }

    @Test
    void aSecondInterruptWhileTheFirstIsNotAcknowledgedSendsNoMessage() {
        t.enableQueue();
        t.set(Register.IECTL, 0);
        t.submit(TestUnit.wait(1, true, false, false));
        t.submit(TestUnit.wait(2, true, false, false));
        assertEquals(2, t.status());
        assertEquals(1, t.takeMessages().size());
        t.set(Register.ICS, Ics.IWC.mask());
        t.submit(TestUnit.wait(3, true, false, false));
        assertEquals(1, t.takeMessages().size());
    }

    @Test
    void aMaskedCompletionIsPendingUntilAcknowledged() {
        t.enableQueue();
        t.submit(TestUnit.wait(1, true, false, false));
        assertTrue(EventControl.IP.isSet(t.get(Register.IECTL)));
        t.set(Register.ICS, Ics.IWC.mask());
        assertFalse(EventControl.IP.isSet(t.get(Register.IECTL)));
        t.set(Register.IECTL, 0);
        assertEquals(List.of(), t.takeMessages());
        t.set(Register.IECTL, EventControl.IM.mask());
        t.submit(TestUnit.wait(2, true, false, false));
        t.set(Register.IECTL, 0);
        assertEquals(1, t.takeMessages().size());
    }

    @Test
    void aWaitWhoseStatusHasNoMemoryStopsTheQueueAtItsPlace() {
        t.enableQueue();
        long[] words = TestUnit.wait(1, true, false, false);
        words[1] = TestUnit.RAM;
        t.submit(words);
        t.assertQueueError(QueueError.NOT_AVAILABLE, 0);
        assertEquals(0, t.get(Register.ICS));
        t.put(0, TestUnit.wait(2));
        clearQueueError();
        assertEquals(2, t.status());
    }
}
