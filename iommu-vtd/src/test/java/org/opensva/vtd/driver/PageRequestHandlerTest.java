package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.Access;
import org.opensva.api.process.PageTableFormat;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.vtd.driver.RecordingUnit.Seen;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
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
        assertEquals(0, InvalidationDescriptor.pasid(answers().get(2).w0()));
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

    private static long high(long address, int index, boolean last) {
        return PageRequestDescriptor.encodeHigh(address, index, last, true, false);
    }

    @Test
    void everyCombinationOfPermissionsIsHandedOnOrRefusedAsLinuxDoes() {
        for (boolean executes : new boolean[] {false, true}) {
            DriverBench each =
                    new DriverBench(
                            RecordingUnit.CAP,
                            executes ? RecordingUnit.ECAP | Ecap.ERS.mask() : RecordingUnit.ECAP);
            each.bind();
            for (int bits = 0; bits < 16; bits++) {
                boolean read = (bits & 1) != 0;
                boolean write = (bits & 2) != 0;
                boolean execute = (bits & 4) != 0;
                boolean privileged = (bits & 8) != 0;
                if (!read && !write) {
                    continue; // A stop marker.
                }
                each.groups.clear();
                each.unit.seen.clear();
                each.unit.pageRequest(
                        low(execute, privileged),
                        PageRequestDescriptor.encodeHigh(PAGE, 1, true, read, write));
                each.driver.onPageRequestInterrupt();
                if (privileged || execute && read && !executes) {
                    assertEquals(List.of(), each.groups);
                    assertEquals(List.of(DescriptorType.PAGE_GROUP_RESPONSE), each.unit.types());
                } else {
                    assertEquals(List.of(), each.unit.types());
                    assertEquals(
                            (read ? Access.READ : 0)
                                    | (write ? Access.WRITE : 0)
                                    | (execute ? Access.EXECUTE : 0),
                            each.groups.getFirst().faults().getFirst().access());
                }
            }
        }
    }

    @Test
    void anAddressIsCanonicalByTheLevelsOfItsOwnAddressSpace() {
        Pasid five = new Pasid(9);
        bench.device.bind(
                five,
                bench.driver.createDomain(
                        new FakeAddressSpace(2, 0x4200_0000L, PageTableFormat.X86_64_5LEVEL)));
        for (int bit = 12; bit < 64; bit++) {
            for (boolean negative : new boolean[] {false, true}) {
                long address = negative ? -1L << bit : 1L << bit;
                String text = Long.toHexString(address);
                assertEquals(bit < (negative ? 48 : 47), isHandedOn(PASID, address), text);
                assertEquals(bit < (negative ? 57 : 56), isHandedOn(five.value(), address), text);
            }
        }
        assertTrue(isHandedOn(77, 1L << 60), "whoever serves faults refuses an unknown PASID");
    }

    private boolean isHandedOn(int pasid, long address) {
        bench.groups.clear();
        unit.pageRequest(
                PageRequestDescriptor.encodeLow(DriverBench.ZIP, true, pasid, false, false),
                high(address, 1, true));
        bench.driver.onPageRequestInterrupt();
        return !bench.groups.isEmpty();
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
    void whatOnePasidOrDeviceForgetsIsNobodyElses() {
        SvaDomain domain = bench.driver.createDomain(bench.mm);
        AttachedDevice dma = bench.attach(bench.dma);
        dma.bind(DriverBench.PASID, domain);
        dma.bind(new Pasid(9), domain);
        bench.device.bind(new Pasid(9), domain);
        halves(false);
        // A stop marker, an unbind, and a device that is closed.
        unit.pageRequest(
                low(false, false), PageRequestDescriptor.encodeHigh(0, 0, true, false, false));
        halves(true);
        assertEquals(List.of(1, 2, 2, 2), sizes());
        halves(false);
        dma.unbind(new Pasid(9));
        halves(true);
        assertEquals(List.of(2, 2, 2, 1), sizes());
        halves(false);
        bench.device.close();
        halves(true);
        assertEquals(List.of(2, 2), sizes(), "of the other device, and answers for the first");
    }

    /** One request each of two PASIDs of two devices. */
    private void halves(boolean last) {
        bench.groups.clear();
        for (int source : new int[] {DriverBench.ZIP, DriverBench.DMA}) {
            for (int pasid : new int[] {PASID, 9}) {
                unit.pageRequest(
                        PageRequestDescriptor.encodeLow(source, true, pasid, false, false),
                        high(PAGE, 3, last));
            }
        }
        bench.driver.onPageRequestInterrupt();
    }

    private List<Integer> sizes() {
        return bench.groups.stream().map(group -> group.faults().size()).toList();
    }

    @Test
    void whatIsReadIsGivenBackToTheHardwareEvenIfItsHandlerFails() {
        request(PAGE, 3, true, true);
        request(PAGE, 4, true, true);
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
    void whatComesWhileTheQueueIsReadIsReadToo() {
        request(PAGE, 3, true, true);
        bench.onGroup =
                group -> {
                    if (group.tag() < 10) {
                        request(PAGE, group.tag() + 1, true, true);
                    }
                };
        bench.driver.onPageRequestInterrupt();
        assertEquals(8, bench.groups.size());
        assertTrue(Prs.PPR.isSet(unit.get(Register.PRS)), "and may be signalled once more");
    }

    @Test
    void aDeviceThatIsAttachedAgainHasNothingOfItsFormerLife() {
        unit.pageRequest(
                PageRequestDescriptor.encodeLow(DriverBench.ZIP, true, 77, false, false),
                high(PAGE, 3, false));
        bench.driver.onPageRequestInterrupt();
        bench.device.close();
        bench.attach(bench.zip);
        assertTrue(isHandedOn(77, PAGE));
        assertEquals(1, bench.groups.getFirst().faults().size());
    }

    @Test
    void whatIsQueuedJustBeforeAnOverflowIsVoidWithIt() {
        unit.onRead =
                register -> {
                    if (register == Register.PRS) {
                        unit.onRead = other -> {};
                        request(PAGE, 3, false, true);
                        unit.set(Register.PRS, Prs.PRO.mask());
                    }
                };
        bench.driver.onPageRequestInterrupt();
        assertEquals(0, unit.get(Register.PRS));
        request(PAGE, 3, true, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(1, bench.groups.getFirst().faults().size());
    }

    @Test
    void whoServesFaultsSeesAPrivilegeThatAsksForNothing() {
        unit.pageRequest(
                low(true, true), PageRequestDescriptor.encodeHigh(PAGE, 3, false, false, false));
        request(PAGE, 3, true, false);
        bench.driver.onPageRequestInterrupt();
        assertEquals(
                List.of(Access.PRIVILEGED | Access.EXECUTE, Access.READ),
                bench.groups.getFirst().faults().stream().map(PageFault::access).toList());
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
