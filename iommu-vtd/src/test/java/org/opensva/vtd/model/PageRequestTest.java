package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.DescriptorEncoder;
import org.opensva.vtd.layout.EventRegisters.EventControl;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.PageRequestDescriptor;
import org.opensva.vtd.layout.QueueRegisters.Prs;
import org.opensva.vtd.layout.Register;

import java.util.List;

/** Page requests, their queue, and responses (chapter 7). */
class PageRequestTest {

    private static final int SOURCE = 0x0510;
    private static final int PASID = 5;
    private static final int ENTRIES = 128;

    private final TestUnit t = new TestUnit();
    private final TestDevice device = new TestDevice(t.unit, SOURCE);

    @BeforeEach
    void pageRequestsOn() {
        t.device(SOURCE, true, true);
        t.scalableMode();
        t.enableQueue();
        t.set(Register.PQA, TestUnit.REQUESTS);
        t.set(Register.PEADDR, 0xfee0_3000L);
        t.set(Register.PEDATA, 0x51);
        t.set(Register.PECTL, 0);
    }

    private void request(int pasid, long address, int access, int group, boolean last) {
        device.port.request(new PageRequest(pasid, address, access, group, last));
    }

    private void request(int group, boolean last) {
        request(PASID, 0x1000, Access.READ, group, last);
    }

    private long word(int entry, int index) {
        return t.memory.readLong(TestUnit.REQUESTS + 32L * entry + 8L * index);
    }

    private void respond(int pasid, boolean present, int group, boolean last, int code) {
        long[] words = new long[2];
        DescriptorEncoder.pageGroupResponse(words, 0, SOURCE, present, pasid, group, last, code);
        t.submit(words);
    }

    @Test
    void aRequestIsQueuedAsItCame() {
        request(PASID, 0x7fff_1234_5000L, Access.WRITE, 0x1ab, false);
        assertEquals(32, t.get(Register.PQT));
        assertEquals(
                PageRequestDescriptor.encodeLow(SOURCE, true, PASID, false, false), word(0, 0));
        assertEquals(
                PageRequestDescriptor.encodeHigh(0x7fff_1234_5000L, 0x1ab, false, false, true),
                word(0, 1));
        assertEquals(0, word(0, 2) | word(0, 3));
        int all = Access.READ | Access.WRITE | Access.EXECUTE | Access.PRIVILEGED;
        request(PASID, 0x2000, all, 3, true);
        assertEquals(PageRequestDescriptor.encodeLow(SOURCE, true, PASID, true, true), word(1, 0));
        assertEquals(PageRequestDescriptor.encodeHigh(0x2000, 3, true, true, true), word(1, 1));
        assertEquals(2, t.unit.count(HardwareCounter.PAGE_REQUESTS));
    }

    @Test
    void aRequestWithoutPasidHasNoModes() {
        request(Pasid.NONE, 0x3000, Access.MASK, 2, true);
        assertEquals(PageRequestDescriptor.encodeLow(SOURCE, false, 0, false, false), word(0, 0));
    }

    @Test
    void theLastRequestOfAGroupRaisesTheEventOnce() {
        request(1, false);
        assertEquals(0, t.get(Register.PRS));
        assertEquals(List.of(), t.takeMessages());
        request(1, true);
        assertEquals(Prs.PPR.mask(), t.get(Register.PRS));
        assertEquals(List.of("fee03000:51"), t.takeMessages());
        request(2, true);
        assertEquals(List.of(), t.takeMessages());
        t.set(Register.PRS, Prs.PPR.mask());
        assertEquals(0, t.get(Register.PRS));
        request(3, true);
        assertEquals(1, t.takeMessages().size());
    }

    @Test
    void aMaskedEventIsPendingUntilTheStatusIsCleared() {
        t.set(Register.PECTL, EventControl.IM.mask());
        request(1, true);
        assertTrue(EventControl.IP.isSet(t.get(Register.PECTL)));
        t.set(Register.PRS, Prs.PPR.mask());
        assertFalse(EventControl.IP.isSet(t.get(Register.PECTL)));
    }

    @Test
    void aStopMarkerIsQueuedAndNeverAnswered() {
        device.port.request(PageRequest.stopMarker(PASID));
        assertTrue(PageRequestDescriptor.isStopMarker(word(0, 0), word(0, 1)));
        fill();
        device.port.request(PageRequest.stopMarker(PASID));
        assertTrue(device.responses.isEmpty());
    }

    private void fill() {
        for (int i = (int) t.get(Register.PQT) / 32; i < ENTRIES - 1; i++) {
            request(i & 511, false);
        }
    }

    @Test
    void aFullQueueOverflowsAndGroupsAreAnsweredByTheHardware() {
        fill();
        assertEquals(0, t.get(Register.PRS));
        request(9, false);
        assertEquals(Prs.PRO.mask(), t.get(Register.PRS));
        assertEquals(32L * (ENTRIES - 1), t.get(Register.PQT));
        assertEquals(1, t.takeMessages().size(), "an overflow is an event");
        assertTrue(device.responses.isEmpty(), "not the last of its group");
        request(9, true);
        request(Pasid.NONE, 0x1000, Access.READ, 10, true);
        assertEquals(
                List.of(
                        new PageGroupResponse(PASID, 9, PageResponse.SUCCESS),
                        new PageGroupResponse(Pasid.NONE, 10, PageResponse.SUCCESS)),
                device.responses);
        // Room alone does not end it; clearing the overflow does.
        t.set(Register.PQH, 64);
        request(11, true);
        assertEquals(3, device.responses.size());
        t.set(Register.PRS, Prs.PRO.mask());
        request(12, true);
        assertEquals(3, device.responses.size());
        assertEquals(0, t.get(Register.PQT), "the queue wrapped");
    }

    @Test
    void aQueueOutsideMemoryAnswersFailure() {
        t.set(Register.PQA, TestUnit.RAM);
        request(4, false);
        request(4, true);
        assertEquals(
                List.of(new PageGroupResponse(PASID, 4, PageResponse.RESPONSE_FAILURE)),
                device.responses);
        assertEquals(0, t.get(Register.PQT));
    }

    @Test
    void aDeviceThatMayNotAskIsToldSoAndSoIsSoftware() {
        TestDevice other = new TestDevice(t.unit, 0x0618);
        t.device(0x0618, true, false);
        other.port.request(new PageRequest(PASID, 0x1000, Access.READ, 1, false));
        t.assertFault(FaultReason.PAGE_REQUEST_DISABLED, 0x0618);
        t.takeFault();
        assertTrue(other.responses.isEmpty());
        other.port.request(new PageRequest(PASID, 0x1000, Access.READ, 1, true));
        assertEquals(
                List.of(new PageGroupResponse(PASID, 1, PageResponse.INVALID_REQUEST)),
                other.responses);
        assertEquals(0, t.get(Register.PQT));
    }

    @Test
    void withTranslationOffPageRequestsAreInvalid() {
        t.command(Gcmd.TE, false);
        request(1, true);
        assertEquals(
                List.of(new PageGroupResponse(PASID, 1, PageResponse.INVALID_REQUEST)),
                device.responses);
        assertEquals(0, t.get(Register.FSTS));
    }

    @Test
    void responsesOfSoftwareReachTheRightDevice() {
        TestDevice other = new TestDevice(t.unit, SOURCE + 8);
        respond(0xfffff, true, 511, true, PageRequestDescriptor.RESPONSE_SUCCESS);
        respond(7, false, 1, true, PageRequestDescriptor.RESPONSE_INVALID);
        respond(7, true, 2, true, PageRequestDescriptor.RESPONSE_FAILURE);
        respond(7, true, 3, true, 0x5); // reserved codes count as failure
        assertEquals(
                List.of(
                        new PageGroupResponse(0xfffff, 511, PageResponse.SUCCESS),
                        new PageGroupResponse(Pasid.NONE, 1, PageResponse.INVALID_REQUEST),
                        new PageGroupResponse(7, 2, PageResponse.RESPONSE_FAILURE),
                        new PageGroupResponse(7, 3, PageResponse.RESPONSE_FAILURE)),
                device.responses);
        assertTrue(other.responses.isEmpty());
        assertEquals(4, t.unit.count(HardwareCounter.PAGE_RESPONSES));
    }

    @Test
    void onlyTheLastRequestOfAGroupHasAResponse() {
        respond(7, true, 2, false, PageRequestDescriptor.RESPONSE_SUCCESS);
        assertTrue(device.responses.isEmpty());
        assertEquals(0, t.get(Register.FSTS));
    }

    @Test
    void aResponseToADeviceThatIsGoneIsNoError() {
        t.unit.disconnect(new org.opensva.api.iommu.RequesterId(SOURCE));
        respond(7, true, 2, true, PageRequestDescriptor.RESPONSE_SUCCESS);
        assertTrue(device.responses.isEmpty());
        t.sync();
    }

    @Test
    void aDrainCompletesWithEveryEarlierRequestInTheQueue() {
        request(1, true);
        t.submit(TestUnit.wait(1, false, true, true));
        assertEquals(1, t.status());
        assertEquals(32, t.get(Register.PQT));
    }
}
