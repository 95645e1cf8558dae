package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.PageRequestEntry;
import org.opensva.smmuv3.layout.Register;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What white-box rules are told: each step once, with whom it concerns, and never before it is
 * true. Commands that the SMMU was given stand between the events, in small letters.
 */
@Timeout(60)
class WhiteBoxEventsTest {

    private static final int STREAM = 0x100;
    private static final Pasid PASID = new Pasid(5);
    private static final Pasid SECOND = new Pasid(6);

    private final FlatMemory memory = new FlatMemory();
    private final RecordingSmmu smmu = new RecordingSmmu(memory, true);
    private final List<String> trail = new ArrayList<>();
    private int told;
    private final SmmuV3Driver driver =
            new SmmuV3Driver(smmu, memory, memory, this::event, OpenTelemetry.noop());
    private final List<PageFaultGroup> groups = new ArrayList<>();
    private final AttachedDevice device =
            driver.attach(
                    new FakeDevice("zip-0", STREAM, true), (from, group) -> groups.add(group));
    private final FakeAddressSpace mm = new FakeAddressSpace(1, 0x4100_0000L);

    private void event(Kind kind, int requester, int pasid, long address, long length) {
        commands();
        trail.add("%s %d %d %d %d".formatted(kind, requester, pasid, address, length));
    }

    private void commands() {
        for (; told < smmu.seen.size(); told++) {
            Opcode opcode = smmu.seen.get(told).opcode();
            trail.add(opcode.name().toLowerCase(Locale.ROOT));
        }
    }

    private List<String> trailOf(Runnable action) {
        commands();
        trail.clear();
        told = smmu.seen.size();
        action.run();
        commands();
        return List.copyOf(trail);
    }

    private SvaDomain bound() {
        SvaDomain domain = driver.createDomain(mm);
        device.bind(PASID, domain);
        return domain;
    }

    /** Events, and batches of commands each with its synchronisation. */
    private static List<String> steps(String... steps) {
        List<String> all = new ArrayList<>();
        for (String step : steps) {
            if (Character.isUpperCase(step.charAt(0))) {
                all.add(step);
            } else {
                all.addAll(List.of(step.split(" ", -1)));
                all.add("sync");
            }
        }
        return all;
    }

    @Test
    void aBindSubscribesThenSetsThenEmptiesTheAtc() {
        SvaDomain domain = bound();
        assertEquals(
                steps(
                        "SUBSCRIBED 256 6 0 -1",
                        "cfgi_cd",
                        "cfgi_cd",
                        "PASID_ENTRY_SET 256 6 0 -1",
                        "ATC_INVALIDATE 256 6 0 -1",
                        "atc_inv",
                        "ATC_SYNC -1 -1 0 0"),
                trailOf(() -> device.bind(SECOND, domain)));
    }

    @Test
    void theFirstBindEmptiesTheWholeAtc() {
        SvaDomain domain = driver.createDomain(mm);
        assertEquals(
                steps(
                        "SUBSCRIBED 256 5 0 -1",
                        "cfgi_cd",
                        "cfgi_cd",
                        "cfgi_cd",
                        "PASID_ENTRY_SET 256 5 0 -1",
                        "cfgi_ste",
                        "cfgi_ste",
                        "ATC_INVALIDATE 256 -1 0 -1",
                        "atc_inv",
                        "ATC_SYNC -1 -1 0 0"),
                trailOf(() -> device.bind(PASID, domain)));
    }

    @Test
    void aBindThatIsRefusedUnsubscribes() {
        SvaDomain domain = driver.createDomain(mm);
        memory.blocksLeft = 0;
        assertEquals(
                List.of("SUBSCRIBED 256 5 0 -1", "UNSUBSCRIBED 256 5 0 -1"),
                trailOf(() ->
                        assertThrows(ErrnoException.class, () -> device.bind(PASID, domain))));
    }

    @Test
    void aChangeIsSynchronisedInTheIotlbBeforeTheAtcHearsOfIt() {
        bound();
        assertEquals(
                steps(
                        "IOTLB_INVALIDATE -1 -1 28672 8192",
                        "tlbi_nh_va",
                        "IOTLB_SYNC -1 -1 0 0",
                        "ATC_INVALIDATE 256 5 28672 8192",
                        "atc_inv",
                        "ATC_SYNC -1 -1 0 0"),
                trailOf(() -> mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 8192))));
    }

    @Test
    void whatIsFlushedWithItsTagIsToldAsEverything() {
        bound();
        AddressRange large = AddressRange.of(0x7000, 1L << 34);
        assertEquals(
                steps(
                        "IOTLB_INVALIDATE -1 -1 0 -1",
                        "tlbi_nh_asid",
                        "IOTLB_SYNC -1 -1 0 0",
                        "ATC_INVALIDATE 256 5 28672 17179869184",
                        "atc_inv",
                        "ATC_SYNC -1 -1 0 0"),
                trailOf(() -> mm.listeners.getFirst().invalidate(large)));
    }

    @Test
    void anUnbindClearsThenEmptiesTheAtcThenUnsubscribes() {
        SvaDomain domain = bound();
        device.bind(SECOND, domain);
        assertEquals(
                steps(
                        "cfgi_cd",
                        "cfgi_cd",
                        "PASID_ENTRY_CLEARED 256 6 0 -1",
                        "CONFIGURATION_SYNC 256 6 0 0",
                        "ATC_INVALIDATE 256 6 0 -1",
                        "atc_inv",
                        "ATC_SYNC -1 -1 0 0",
                        "UNSUBSCRIBED 256 6 0 -1"),
                trailOf(() -> device.unbind(SECOND)));
    }

    @Test
    void aReleaseQuiescesEveryPasidAndThenFlushes() {
        SvaDomain domain = bound();
        device.bind(SECOND, domain);
        assertEquals(
                steps(
                        "cfgi_cd",
                        "cfgi_cd",
                        "PASID_ENTRY_QUIESCED 256 5 0 -1",
                        "cfgi_cd",
                        "cfgi_cd",
                        "PASID_ENTRY_QUIESCED 256 6 0 -1",
                        "IOTLB_INVALIDATE -1 -1 0 -1",
                        "tlbi_nh_asid",
                        "IOTLB_SYNC -1 -1 0 0",
                        "ATC_INVALIDATE 256 5 0 -1",
                        "ATC_INVALIDATE 256 6 0 -1",
                        "atc_inv atc_inv",
                        "ATC_SYNC -1 -1 0 0"),
                trailOf(() -> mm.listeners.getFirst().release()));
    }

    @Test
    void theEndOfADomainFlushesItsTag() {
        SvaDomain domain = driver.createDomain(mm);
        assertEquals(
                steps("IOTLB_INVALIDATE -1 -1 0 -1", "tlbi_nh_asid", "IOTLB_SYNC -1 -1 0 0"),
                trailOf(domain::close));
    }

    @Test
    void aGroupIsToldWhenItIsCompleteAndWhenItIsAnswered() {
        bound();
        long flags = PageRequestEntry.R.mask() | PageRequestEntry.SSV.mask();
        long request =
                flags
                        | PageRequestEntry.STREAMID.place(STREAM)
                        | PageRequestEntry.SUBSTREAMID.place(5);
        smmu.enqueue(
                Register.PRIQ_BASE, Register.PRIQ_PROD, request, PageRequestEntry.word1(0x5000, 3));
        smmu.enqueue(
                Register.PRIQ_BASE,
                Register.PRIQ_PROD,
                request | PageRequestEntry.LAST.mask(),
                PageRequestEntry.word1(0x6000, 3));
        assertEquals(List.of("PAGE_REQUEST 256 5 20480 2"), trailOf(driver::onPriInterrupt));
        assertEquals(
                List.of("PAGE_RESPONSE 256 5 0 1", "pri_resp"),
                trailOf(() -> device.respond(groups.getFirst(), PageResponse.INVALID_REQUEST)));
        assertEquals(
                List.of(),
                trailOf(() -> device.respond(groups.getFirst(), PageResponse.INVALID_REQUEST)),
                "one answer");
    }
}
