package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.memory.Access;
import org.opensva.vtd.driver.RecordingUnit.Seen;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.PageRequestDescriptor;
import org.opensva.vtd.layout.QueueRegisters.Prs;
import org.opensva.vtd.layout.Register;

import java.util.List;

class PageRequestHandlerTest {

    private static final int PASID = DriverBench.PASID.value();
    private static final long PAGE = 0x7f00_1234_5000L;

    private final DriverBench bench = new DriverBench();
    private final RecordingUnit unit = bench.unit;

    @BeforeEach
    void aDeviceIsBound() {
        bench.bind();
        unit.seen.clear();
    }

    private static long low(boolean execute, boolean privileged) {
        return PageRequestDescriptor.encodeLow(DriverBench.ZIP, true, PASID, execute, privileged);
    }

    private void request(long address, int index, boolean last, boolean write) {
        unit.pageRequest(
                low(false, false),
                PageRequestDescriptor.encodeHigh(address, index, last, true, write));
    }

    private List<Seen> answers() {
        return unit.seen.stream()
                .filter(seen -> seen.type() == DescriptorType.PAGE_GROUP_RESPONSE)
                .toList();
    }

    private static int code(Seen answer) {
        return (int) InvalidationDescriptor.RESPONSE_CODE.get(answer.w0());
    }

    @Test
    void aGroupIsReportedWithItsLastRequestInTheOrderOfArrivalAndAnsweredOnce() {
        request(PAGE, 3, false, true);
        request(PAGE + 0x1000, 4, false, false);
        request(PAGE + 0x2000, 3, true, false);
        bench.driver.onPageRequestInterrupt();
        assertEquals(1, bench.groups.size(), "the other group is not complete");
        PageFaultGroup group = bench.groups.getFirst();
        assertEquals(3, group.tag());
        assertEquals(
                List.of(PAGE, PAGE + 0x2000),
                group.faults().stream().map(fault -> fault.address()).toList());
        assertEquals(Access.READ | Access.WRITE, group.faults().getFirst().access());
        bench.device.respond(group, PageResponse.SUCCESS);
        bench.device.respond(group, PageResponse.SUCCESS);
        assertEquals(1, answers().size());
        Seen answer = answers().getFirst();
        assertEquals(PageRequestDescriptor.RESPONSE_SUCCESS, code(answer));
        assertEquals(3, InvalidationDescriptor.PRGI.get(answer.w1()));
        assertEquals(PASID, InvalidationDescriptor.pasid(answer.w0()));
        assertEquals(DriverBench.ZIP, InvalidationDescriptor.RID.get(answer.w0()));
        assertTrue(InvalidationDescriptor.LPIG.isSet(answer.w1()));
    }

    @Test
    void twoGroupsThatLookAlikeAreAnsweredTwice() {
        request(PAGE, 3, true, true);
        request(PAGE, 3, true, true);
        bench.driver.onPageRequestInterrupt();
        bench.groups.forEach(group -> bench.device.respond(group, PageResponse.SUCCESS));
        assertEquals(2, answers().size());
    }

    @Test
    void anAnswerThatNobodyOwesIsNotSent() {
        request(PAGE, 3, true, true);
        bench.driver.onPageRequestInterrupt();
        PageFaultGroup group = bench.groups.getFirst();
        bench.device.respond(
                new PageFaultGroup(group.requester(), PASID, 4, false, group.faults()),
                PageResponse.SUCCESS);
        assertEquals(List.of(), answers());
    }

    @Test
    void whatMakesNoSenseIsInvalidIfAnAnswerIsOwedAndTheWholeGroupWithIt() {
        long high = PageRequestDescriptor.encodeHigh(PAGE, 1, true, true, false);
        unit.pageRequest(low(false, true), high);
        unit.pageRequest(low(true, false), high);
        unit.pageRequest(
                PageRequestDescriptor.encodeLow(DriverBench.ZIP, false, 0, false, false), high);
        unit.pageRequest(PageRequestDescriptor.encodeLow(0x777, true, PASID, false, false), high);
        unit.pageRequest(
                low(false, false),
                PageRequestDescriptor.encodeHigh(1L << 47, 1, true, true, false));
        bench.driver.onPageRequestInterrupt();
        assertEquals(5, answers().size());
        request(1L << 52, 9, false, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(5, answers().size(), "no answer is owed yet");
        request(PAGE, 9, true, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(6, answers().size());
        assertTrue(
                answers().stream()
                        .allMatch(
                                answer -> code(answer) == PageRequestDescriptor.RESPONSE_INVALID));
        assertEquals(List.of(), bench.groups);
        assertFalse(InvalidationDescriptor.PP.isSet(answers().get(2).w0()), "it had no PASID");
    }

    @Test
    void aStopMarkerIsNotAnsweredAndVoidsWhatWasNotCompleted() {
        request(PAGE, 3, false, true);
        unit.pageRequest(
                low(false, false), PageRequestDescriptor.encodeHigh(0, 0, true, false, false));
        request(PAGE + 0x1000, 3, true, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(List.of(), answers());
        assertEquals(1, bench.groups.getFirst().faults().size());
    }

    @Test
    void otherTypesOfDescriptorsAreSkipped() {
        unit.pageRequest(
                PageRequestDescriptor.TYPE.set(low(false, false), 0x7f),
                PageRequestDescriptor.encodeHigh(PAGE, 3, true, true, false));
        request(PAGE, 4, true, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(1, bench.groups.size());
        assertEquals(List.of(), answers());
    }

    @Test
    void anOverflowEndsWhenTheQueueIsEmptyAndVoidsIncompleteGroups() {
        request(PAGE, 3, false, true);
        for (int i = 0; i < PageRequestHandler.CAPACITY; i++) {
            request(PAGE + i * 4096L, 100 + i % 100, true, false);
        }
        assertTrue(Prs.PRO.isSet(unit.get(Register.PRS)));
        bench.driver.onPageRequestInterrupt();
        assertEquals(PageRequestHandler.CAPACITY - 2, bench.groups.size());
        assertEquals(0, unit.get(Register.PRS), "queued again from here on");
        request(PAGE + 0x5000, 3, true, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(
                List.of(PAGE + 0x5000),
                bench.groups.getLast().faults().stream().map(fault -> fault.address()).toList(),
                "its Last may have been lost");
    }

    @Test
    void theQueueWrapsAround() {
        for (int i = 0; i < 3 * PageRequestHandler.CAPACITY; i++) {
            request(PAGE, i % 512, true, true);
            if (i % 7 == 0) {
                bench.driver.onPageRequestInterrupt();
            }
        }
        bench.driver.onPageRequestInterrupt();
        assertEquals(3 * PageRequestHandler.CAPACITY, bench.groups.size());
    }

    @Test
    void unbindHandsOnWhatIsQueuedAndForgetsWhatIsIncomplete() {
        request(PAGE, 3, true, true);
        request(PAGE, 4, false, true);
        bench.device.unbind(DriverBench.PASID);
        assertEquals(1, bench.groups.size());
        bench.bind();
        request(PAGE + 0x1000, 4, true, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(
                1,
                bench.groups.getLast().faults().size(),
                "nothing of the former use of the PASID");
    }

    @Test
    void closingADeviceAnswersWhatIsPending() {
        request(PAGE, 3, true, true);
        bench.driver.onPageRequestInterrupt();
        bench.device.close();
        assertEquals(1, answers().size());
        assertEquals(PageRequestDescriptor.RESPONSE_INVALID, code(answers().getFirst()));
        request(PAGE, 5, true, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(2, answers().size(), "a request of a device that is gone is refused");
        assertEquals(1, bench.groups.size());
    }
}
