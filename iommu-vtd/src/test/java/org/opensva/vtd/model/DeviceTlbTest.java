package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.vtd.layout.DescriptorEncoder;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.QueueRegisters.Iqercd;
import org.opensva.vtd.layout.Register;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Invalidation of the TLBs in devices (sections 6.5.2.5, 6.5.2.6 and 6.5.2.11). */
class DeviceTlbTest {

    private static final int SOURCE = 0x0300;
    private static final int OTHER = 0x0400;
    private static final long TIMEOUT = 1000;

    private final TestUnit t = new TestUnit(VtdProfile.sva().withDeviceTlbTimeout(TIMEOUT));
    private final TestDevice device = new TestDevice(t.unit, SOURCE);

    @BeforeEach
    void queueOn() {
        t.enableQueue();
    }

    private void invalidate(int source, int pending, long address, int order) {
        long[] words = new long[2];
        DescriptorEncoder.deviceTlb(words, 0, source, 0, pending, address, order);
        t.submit(words);
    }

    private void invalidatePasid(int pasid, boolean global, long address, int order) {
        long[] words = new long[2];
        DescriptorEncoder.pasidDeviceTlb(words, 0, SOURCE, 0, 0, pasid, global, address, order);
        t.submit(words);
    }

    private InvalidateRequest last() {
        return device.invalidations.getLast();
    }

    @Test
    void everyRangeReachesTheDeviceAsItWasMeant() {
        for (int order = 0; order <= 52; order++) {
            long address = order == 52 ? 0 : 0x5ac3_0000_0000_0000L & -1L << 12 + order;
            invalidate(SOURCE, 0, address, order);
            assertEquals(
                    new InvalidateRequest(last().itag(), Pasid.NONE, address, 12 + order, false),
                    last());
            invalidatePasid(0x54321, order % 2 == 0, address, order);
            assertEquals(
                    new InvalidateRequest(
                            last().itag(), 0x54321, address, 12 + order, order % 2 == 0),
                    last());
        }
        assertEquals(106, t.unit.count(HardwareCounter.ATC_INVALIDATIONS));
        t.sync();
    }

    @Test
    void aWaitCompletesWhenTheDeviceHasAnswered() {
        device.answers = false;
        invalidate(SOURCE, 0, 0x1000, 0);
        t.submit(TestUnit.wait(1));
        assertEquals(0, t.status());
        device.complete(last());
        assertEquals(1, t.status());
    }

    @Test
    void aDeviceMayAnswerInSeveralParts() {
        device.answers = false;
        invalidate(SOURCE, 0, 0x1000, 0);
        t.submit(TestUnit.wait(1));
        for (int part = 1; part <= 8; part++) {
            assertEquals(0, t.status());
            device.port.complete(new InvalidateCompletion(1 << last().itag(), 8));
        }
        assertEquals(1, t.status());
    }

    @Test
    void aWaitThatIsNoFenceLetsLaterDescriptorsStartAndAFenceDoesNot() {
        device.answers = false;
        invalidate(SOURCE, 0, 0x1000, 0);
        t.submit(TestUnit.wait(1));
        invalidate(SOURCE, 0, 0x2000, 0);
        assertEquals(2, device.invalidations.size());
        t.submit(TestUnit.wait(2, false, true, false));
        invalidate(SOURCE, 0, 0x3000, 0);
        assertEquals(2, device.invalidations.size(), "held back by the fence");
        device.complete(device.invalidations.get(1));
        assertEquals(0, t.status(), "waits complete in their order");
        device.complete(device.invalidations.get(0));
        assertEquals(2, t.status());
        assertEquals(3, device.invalidations.size());
    }

    @Test
    void everyTagIsInUseOnceAndMoreRequestsWait() {
        device.answers = false;
        for (int i = 0; i < 40; i++) {
            invalidate(SOURCE, 0, i << 12, 0);
        }
        assertEquals(32, device.invalidations.size());
        Set<Integer> tags = new HashSet<>();
        device.invalidations.forEach(request -> tags.add(request.itag()));
        assertEquals(32, tags.size());
        t.submit(TestUnit.wait(1));
        device.answers = true;
        List.copyOf(device.invalidations).forEach(device::complete);
        assertEquals(40, device.invalidations.size());
        assertEquals(1, t.status());
    }

    @Test
    void noMoreRequestsAreUnderWayThanTheDescriptorAllows() {
        device.answers = false;
        for (int i = 0; i < 10; i++) {
            invalidate(SOURCE, 3, i << 12, 0);
        }
        assertEquals(3, device.invalidations.size());
        device.complete(device.invalidations.get(1));
        assertEquals(4, device.invalidations.size());
    }

    @Test
    void aSilentDeviceTimesOutAndItsWaitIsAborted() {
        device.answers = false;
        invalidate(SOURCE, 0, 0x1000, 0);
        t.submit(TestUnit.wait(1, true, false, false));
        t.now = TIMEOUT;
        assertEquals(0, t.get(Register.FSTS));
        t.now = TIMEOUT + 1;
        assertEquals(Fsts.ITE.mask(), t.get(Register.FSTS));
        assertEquals(SOURCE, Iqercd.ITESID.get(t.get(Register.IQERCD)));
        t.submit(TestUnit.wait(2));
        assertEquals(0, t.status(), "nothing is fetched until the error is cleared");
        t.set(Register.FSTS, Fsts.ITE.mask());
        assertEquals(2, t.status());
        assertEquals(0, t.get(Register.ICS), "the first wait was aborted");
    }

    @Test
    void aTimeOutRaisesTheFaultEvent() {
        t.set(Register.FECTL, 0);
        t.set(Register.FEDATA, 0x77);
        device.answers = false;
        invalidate(SOURCE, 0, 0x1000, 0);
        t.submit(TestUnit.wait(1));
        t.now = TIMEOUT + 1;
        t.get(Register.IQH);
        assertEquals(List.of("0:77"), t.takeMessages());
    }

    @Test
    void theLateAnswerToAForgottenRequestIsNotTakenForAnother() {
        device.answers = false;
        invalidate(SOURCE, 0, 0x1000, 0);
        InvalidateRequest late = last();
        t.submit(TestUnit.wait(1));
        t.now = TIMEOUT + 1;
        assertTrue(t.has(Fsts.ITE));
        t.set(Register.FSTS, Fsts.ITE.mask());
        for (int i = 0; i < 31; i++) {
            invalidate(SOURCE, 0, 0x2000, 0);
            assertFalse(last().itag() == late.itag());
        }
        t.submit(TestUnit.wait(2));
        device.complete(late);
        assertEquals(0, t.status());
        assertFalse(t.has(Fsts.ICE));
        invalidate(SOURCE, 0, 0x3000, 0);
        assertEquals(late.itag(), last().itag(), "its tag can be used again");
    }

    @Test
    void aCompletionOfATagThatIsNotUnderWayIsAnError() {
        t.set(Register.FECTL, 0);
        device.port.complete(InvalidateCompletion.of(7));
        assertEquals(Fsts.ICE.mask(), t.get(Register.FSTS));
        assertEquals(SOURCE, Iqercd.ICESID.get(t.get(Register.IQERCD)));
        assertEquals(1, t.takeMessages().size());
        new TestDevice(t.unit, OTHER).port.complete(InvalidateCompletion.of(3));
        assertEquals(SOURCE, Iqercd.ICESID.get(t.get(Register.IQERCD)), "the record of the first");
        t.sync(); // the queue goes on
        t.set(Register.FSTS, Fsts.ICE.mask());
        assertEquals(0, t.get(Register.FSTS));
    }

    @Test
    void otherDevicesAreServedWhileOneIsSilent() {
        TestDevice other = new TestDevice(t.unit, OTHER);
        device.answers = false;
        invalidate(SOURCE, 0, 0x1000, 0);
        t.submit(TestUnit.wait(1));
        invalidate(OTHER, 0, 0x1000, 0);
        assertEquals(1, other.invalidations.size());
        t.now = TIMEOUT + 1;
        assertTrue(t.has(Fsts.ITE));
        assertEquals(SOURCE, Iqercd.ITESID.get(t.get(Register.IQERCD)));
        t.set(Register.FSTS, Fsts.ITE.mask());
        invalidate(OTHER, 0, 0x2000, 0);
        t.sync();
    }

    @Test
    void nobodyWaitsForADeviceThatIsNotThere() {
        t.put(0, 0x11);
        long[] words = new long[2];
        DescriptorEncoder.deviceTlb(words, 0, 0x7777, 0, 0, 0x1000, 0);
        t.put(32, words);
        t.put(64, TestUnit.wait(1));
        t.set(Register.IQT, 96);
        assertEquals(Fsts.ITE.mask(), t.get(Register.FSTS));
        assertEquals(0x7777, Iqercd.ITESID.get(t.get(Register.IQERCD)));
        assertEquals(0, t.status());
        t.set(Register.FSTS, Fsts.ITE.mask());
        t.sync();
    }

    @Test
    void aDeviceThatIsUnpluggedWhileItOwesAnAnswerTimesOutAtOnce() {
        device.answers = false;
        invalidate(SOURCE, 0, 0x1000, 0);
        t.submit(TestUnit.wait(1));
        t.unit.disconnect(new RequesterId(SOURCE));
        assertEquals(Fsts.ITE.mask(), t.get(Register.FSTS));
        assertEquals(0, t.status());
        t.set(Register.FSTS, Fsts.ITE.mask());
        t.sync();
        // The place can be taken by another device, which owes nothing.
        TestDevice next = new TestDevice(t.unit, SOURCE);
        invalidate(SOURCE, 0, 0x1000, 0);
        assertEquals(1, next.invalidations.size());
        t.sync();
    }

    @Test
    void turningTheQueueOffForgetsItsWaits() {
        device.answers = false;
        invalidate(SOURCE, 0, 0x1000, 0);
        t.submit(TestUnit.wait(1));
        t.command(org.opensva.vtd.layout.ControlRegisters.Gcmd.QIE, false);
        device.complete(last());
        assertEquals(0, t.status());
    }
}
