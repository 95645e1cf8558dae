package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.vtd.driver.PageRequests.PAGE;
import static org.opensva.vtd.driver.PageRequests.PASID;
import static org.opensva.vtd.driver.PageRequests.high;
import static org.opensva.vtd.driver.PageRequests.low;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.Access;
import org.opensva.api.process.PageTableFormat;
import org.opensva.vtd.driver.RecordingUnit.Seen;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.PageRequestDescriptor;

import java.util.List;

/** What a device asks for, who is asked, and what it is answered. */
class PageRequestHandlerTest {

    private final DriverBench bench = new DriverBench();
    private final RecordingUnit unit = bench.unit;
    private final PageRequests requests = new PageRequests(bench);

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
        requests.request(PAGE, 3, false, true);
        requests.request(PAGE + 0x1000, 4, false, false);
        requests.request(PAGE + 0x2000, 3, true, false);
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
        requests.request(PAGE, 3, true, true);
        requests.request(PAGE, 3, true, true);
        bench.driver.onPageRequestInterrupt();
        bench.groups.forEach(group -> bench.device.respond(group, PageResponse.SUCCESS));
        assertEquals(2, answers().size());
    }

    @Test
    void anAnswerThatNobodyOwesIsNotSent() {
        requests.request(PAGE, 3, true, true);
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
        requests.request(1L << 52, 9, false, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(5, answers().size(), "no answer is owed yet");
        requests.request(PAGE, 9, true, true);
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
        requests.request(PAGE, 3, false, true);
        unit.pageRequest(
                low(false, false), PageRequestDescriptor.encodeHigh(0, 0, true, false, false));
        requests.request(PAGE + 0x1000, 3, true, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(List.of(), answers());
        assertEquals(1, bench.groups.getFirst().faults().size());
    }

    @Test
    void otherTypesOfDescriptorsAreSkipped() {
        unit.pageRequest(
                PageRequestDescriptor.TYPE.set(low(false, false), 0x7f),
                PageRequestDescriptor.encodeHigh(PAGE, 3, true, true, false));
        requests.request(PAGE, 4, true, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(1, bench.groups.size());
        assertEquals(List.of(), answers());
    }

    @Test
    void unbindHandsOnWhatIsQueuedAndForgetsWhatIsIncomplete() {
        requests.request(PAGE, 3, true, true);
        requests.request(PAGE, 4, false, true);
        bench.device.unbind(DriverBench.PASID);
        assertEquals(1, bench.groups.size());
        bench.bind();
        requests.request(PAGE + 0x1000, 4, true, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(
                1,
                bench.groups.getLast().faults().size(),
                "nothing of the former use of the PASID");
    }

    @Test
    void closingADeviceAnswersWhatIsPending() {
        requests.request(PAGE, 3, true, true);
        bench.driver.onPageRequestInterrupt();
        bench.device.close();
        assertEquals(1, answers().size());
        assertEquals(PageRequestDescriptor.RESPONSE_INVALID, code(answers().getFirst()));
        requests.request(PAGE, 5, true, true);
        bench.driver.onPageRequestInterrupt();
        assertEquals(2, answers().size(), "a request of a device that is gone is refused");
        assertEquals(1, bench.groups.size());
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
    void aDeviceThatIsAttachedAgainHasNothingOfItsFormerLife() {
        unit.pageRequest(
                PageRequestDescriptor.encodeLow(DriverBench.ZIP, true, 77, false, false),
                high(PAGE, 1, false));
        bench.driver.onPageRequestInterrupt();
        bench.device.close();
        bench.attach(bench.zip);
        assertTrue(isHandedOn(77, PAGE));
        assertEquals(1, bench.groups.getFirst().faults().size());
    }

    @Test
    void whoServesFaultsSeesAPrivilegeThatAsksForNothing() {
        unit.pageRequest(
                low(true, true), PageRequestDescriptor.encodeHigh(PAGE, 3, false, false, false));
        requests.request(PAGE, 3, true, false);
        bench.driver.onPageRequestInterrupt();
        assertEquals(
                List.of(Access.PRIVILEGED | Access.EXECUTE, Access.READ),
                bench.groups.getFirst().faults().stream().map(PageFault::access).toList());
    }
}
