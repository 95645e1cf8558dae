package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.vtd.driver.PageRequests.PAGE;
import static org.opensva.vtd.driver.PageRequests.high;
import static org.opensva.vtd.driver.PageRequests.low;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.PageRequestDescriptor;
import org.opensva.vtd.layout.QueueRegisters.Prs;
import org.opensva.vtd.layout.Register;

import java.util.List;

/** A page-request queue that is full, overflows or never ends a group, and how it is drained. */
class PageRequestQueueTest {

    private final DriverBench bench = new DriverBench();
    private final RecordingUnit unit = bench.unit;
    private final PageRequests requests = new PageRequests(bench);

    @Test
    void anOverflowEndsWhenTheQueueIsEmptyAndVoidsIncompleteGroups() {
        requests.request(PAGE, 3, false, true);
        for (int i = 0; i < PageRequestHandler.CAPACITY; i++) {
            requests.request(PAGE + i * 4096L, 100 + i % 100, true, false);
        }
        assertTrue(Prs.PRO.isSet(unit.get(Register.PRS)));
        bench.driver.onPageRequestInterrupt();
        assertEquals(PageRequestHandler.CAPACITY - 2, bench.groups.size());
        assertEquals(0, unit.get(Register.PRS), "queued again from here on");
        requests.request(PAGE + 0x5000, 3, true, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(
                List.of(PAGE + 0x5000),
                bench.groups.getLast().faults().stream().map(fault -> fault.address()).toList(),
                "its Last may have been lost");
    }

    @Test
    void theQueueWrapsAround() {
        for (int i = 0; i < 3 * PageRequestHandler.CAPACITY; i++) {
            requests.request(PAGE, i % 512, true, true);
            if (i % 7 == 0) {
                bench.driver.onPageRequestInterrupt();
            }
        }
        bench.driver.onPageRequestInterrupt();
        assertEquals(3 * PageRequestHandler.CAPACITY, bench.groups.size());
    }

    @Test
    void aGroupThatNeverEndsTakesNoMoreThanTheQueueHolds() {
        for (int i = 0; i < 3 * PageRequestHandler.CAPACITY; i++) {
            unit.pageRequest(low(false, false), high(PAGE + i * 4096L, 3, false));
            bench.driver.onPageRequestInterrupt();
        }
        unit.pageRequest(low(false, false), high(PAGE, 3, true));
        bench.driver.onPageRequestInterrupt();
        assertEquals(PageRequestHandler.CAPACITY, bench.groups.getFirst().faults().size());
        assertEquals(PAGE + 4096, bench.groups.getFirst().faults().get(1).address());
    }

    @Test
    void groupsThatNeverEndAreBoundedAndTheOthersGoOn() {
        int bound = 64 * PageRequestHandler.CAPACITY;
        for (int i = 0; i < bound + 10; i++) {
            incomplete(i);
        }
        // What is begun can go on, what is new and complete is handed on, what is new and
        // incomplete has no room.
        incomplete(0);
        complete(0);
        assertEquals(3, bench.groups.getLast().faults().size());
        complete(bound);
        assertEquals(1, bench.groups.getLast().faults().size());
        incomplete(bound + 2);
        complete(bound + 2);
        assertEquals(2, bench.groups.getLast().faults().size(), "there is room for one again");
    }

    private void incomplete(int number) {
        number(number, false);
    }

    private void complete(int number) {
        number(number, true);
    }

    private void number(int number, boolean last) {
        unit.pageRequest(
                PageRequestDescriptor.encodeLow(DriverBench.ZIP, true, number >>> 9, false, false),
                high(PAGE, number & 511, last));
        bench.driver.onPageRequestInterrupt();
    }

    @Test
    void whatComesWhileTheQueueIsReadIsReadToo() {
        requests.request(PAGE, 3, true, true);
        bench.onGroup =
                group -> {
                    if (group.tag() < 10) {
                        requests.request(PAGE, group.tag() + 1, true, true);
                    }
                };
        bench.driver.onPageRequestInterrupt();
        assertEquals(8, bench.groups.size());
        assertTrue(Prs.PPR.isSet(unit.get(Register.PRS)), "and may be signalled once more");
    }

    @Test
    void whatIsReadIsGivenBackToTheHardwareEvenIfItsHandlerFails() {
        requests.request(PAGE, 3, true, true);
        requests.request(PAGE, 4, true, true);
        bench.onGroup =
                group -> {
                    throw new IllegalStateException("group " + group.tag());
                };
        assertThrows(IllegalStateException.class, bench.driver::onPageRequestInterrupt);
        bench.onGroup = group -> {};
        bench.driver.onPageRequestInterrupt();
        assertEquals(List.of(3, 4), bench.groups.stream().map(PageFaultGroup::tag).toList());
        assertEquals(unit.get(Register.PQT), unit.get(Register.PQH));
    }

    @Test
    void whatIsQueuedJustBeforeAnOverflowIsVoidWithIt() {
        unit.onRead =
                register -> {
                    if (register == Register.PRS) {
                        unit.onRead = other -> {};
                        requests.request(PAGE, 3, false, true);
                        unit.set(Register.PRS, Prs.PRO.mask());
                    }
                };
        bench.driver.onPageRequestInterrupt();
        assertEquals(0, unit.get(Register.PRS));
        requests.request(PAGE, 3, true, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(1, bench.groups.getFirst().faults().size());
    }

    private long drains() {
        return unit.seen.stream()
                .filter(seen -> seen.type() == DescriptorType.WAIT)
                .filter(seen -> InvalidationDescriptor.PD.isSet(seen.w0()))
                .count();
    }

    @Test
    void whatOverflowsWhileAnUnbindDrainsIsDrainedOnceMore() {
        bench.onEvent =
                kind -> {
                    if (kind == Kind.UNSUBSCRIBED) {
                        // From here on it drains.
                        bench.onEvent =
                                next -> {
                                    if (next == Kind.IOTLB_SYNC) {
                                        bench.onEvent = other -> {};
                                        unit.set(Register.PRS, Prs.PRO.mask());
                                    }
                                };
                    }
                };
        bench.device.unbind(DriverBench.PASID);
        assertEquals(2, drains());
        assertEquals(0, unit.get(Register.PRS));
    }

    @Test
    void anUnbindEndsThoughOthersKeepTheQueueOverflowing() {
        bench.onEvent =
                kind -> {
                    if (kind == Kind.IOTLB_SYNC) {
                        unit.set(Register.PRS, Prs.PRO.mask());
                    }
                };
        bench.device.unbind(DriverBench.PASID);
        assertTrue(drains() > 2);
    }

    @Test
    void anUnbindWithoutOverflowDrainsOnce() {
        bench.device.unbind(DriverBench.PASID);
        assertEquals(1, drains());
    }
}
