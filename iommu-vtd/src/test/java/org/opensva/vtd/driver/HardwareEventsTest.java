package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.opensva.api.telemetry.HardwareEvent.Kind.ATC_INVALIDATE;
import static org.opensva.api.telemetry.HardwareEvent.Kind.ATC_SYNC;
import static org.opensva.api.telemetry.HardwareEvent.Kind.CONFIGURATION_SYNC;
import static org.opensva.api.telemetry.HardwareEvent.Kind.IOTLB_INVALIDATE;
import static org.opensva.api.telemetry.HardwareEvent.Kind.IOTLB_SYNC;
import static org.opensva.api.telemetry.HardwareEvent.Kind.PAGE_REQUEST;
import static org.opensva.api.telemetry.HardwareEvent.Kind.PAGE_RESPONSE;
import static org.opensva.api.telemetry.HardwareEvent.Kind.PASID_ENTRY_CLEARED;
import static org.opensva.api.telemetry.HardwareEvent.Kind.PASID_ENTRY_QUIESCED;
import static org.opensva.api.telemetry.HardwareEvent.Kind.PASID_ENTRY_SET;
import static org.opensva.api.telemetry.HardwareEvent.Kind.SUBSCRIBED;
import static org.opensva.api.telemetry.HardwareEvent.Kind.UNSUBSCRIBED;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.vtd.layout.PageRequestDescriptor;

import java.util.List;

/** What white-box rules are told: each step, with whom it concerns, in its order. */
class HardwareEventsTest {

    private static final int ZIP = DriverBench.ZIP;
    private static final int PASID = DriverBench.PASID.value();

    private final DriverBench bench = new DriverBench();

    private static HardwareEvent whole(Kind kind, int requester, int pasid) {
        return new HardwareEvent(0, kind, requester, pasid, 0, -1);
    }

    private static HardwareEvent sync(Kind kind) {
        return new HardwareEvent(0, kind, -1, -1, 0, 0);
    }

    private List<HardwareEvent> recordedBy(Runnable action) {
        bench.descriptorsOf(action);
        return List.copyOf(bench.recorded);
    }

    @Test
    void ofAFirstBind() {
        assertEquals(
                List.of(
                        whole(SUBSCRIBED, ZIP, PASID),
                        whole(ATC_INVALIDATE, ZIP, Pasid.NONE),
                        sync(ATC_SYNC),
                        whole(PASID_ENTRY_SET, ZIP, PASID),
                        whole(ATC_INVALIDATE, ZIP, PASID),
                        sync(ATC_SYNC)),
                recordedBy(bench::bind));
    }

    @Test
    void ofTheLastUnbind() {
        bench.bind();
        assertEquals(
                List.of(
                        whole(PASID_ENTRY_CLEARED, ZIP, PASID),
                        whole(IOTLB_INVALIDATE, -1, PASID),
                        new HardwareEvent(0, CONFIGURATION_SYNC, ZIP, PASID, 0, 0),
                        sync(IOTLB_SYNC),
                        whole(ATC_INVALIDATE, ZIP, PASID),
                        sync(ATC_SYNC),
                        whole(UNSUBSCRIBED, ZIP, PASID),
                        whole(IOTLB_INVALIDATE, -1, PASID),
                        sync(IOTLB_SYNC),
                        whole(ATC_INVALIDATE, ZIP, PASID),
                        sync(ATC_SYNC),
                        whole(ATC_INVALIDATE, ZIP, Pasid.NONE),
                        sync(ATC_SYNC)),
                recordedBy(() -> bench.device.unbind(DriverBench.PASID)));
    }

    @Test
    void ofAReleaseAndTheUnbindAfterIt() {
        bench.bind();
        assertEquals(
                List.of(
                        whole(PASID_ENTRY_QUIESCED, ZIP, PASID),
                        whole(IOTLB_INVALIDATE, -1, PASID),
                        new HardwareEvent(0, CONFIGURATION_SYNC, ZIP, PASID, 0, 0),
                        sync(IOTLB_SYNC),
                        whole(ATC_INVALIDATE, ZIP, PASID),
                        sync(ATC_SYNC)),
                recordedBy(() -> bench.mm.listeners.getFirst().release()));
        assertEquals(
                List.of(whole(PASID_ENTRY_CLEARED, ZIP, PASID), whole(UNSUBSCRIBED, ZIP, PASID)),
                recordedBy(() -> bench.device.unbind(DriverBench.PASID)).subList(0, 2));
    }

    @Test
    void ofAnUnmapWithTheRangeThatIsGone() {
        bench.bind();
        AddressRange pages = new AddressRange(0x7000, 0x9000);
        assertEquals(
                List.of(
                        new HardwareEvent(0, IOTLB_INVALIDATE, -1, PASID, 0x7000, 0x2000),
                        sync(IOTLB_SYNC),
                        new HardwareEvent(0, ATC_INVALIDATE, ZIP, PASID, 0x7000, 0x2000),
                        sync(ATC_SYNC)),
                recordedBy(() -> bench.mm.listeners.getFirst().invalidate(pages)));
        AddressRange large = new AddressRange(0, 1L << 40);
        assertEquals(
                whole(IOTLB_INVALIDATE, -1, PASID),
                recordedBy(() -> bench.mm.listeners.getFirst().invalidate(large)).getFirst(),
                "more is gone from the IOTLB than was asked for");
    }

    @Test
    void ofAPageRequestAndItsAnswer() {
        bench.bind();
        for (int page = 0; page < 3; page++) {
            bench.unit.pageRequest(
                    PageRequestDescriptor.encodeLow(ZIP, true, PASID, false, false),
                    PageRequestDescriptor.encodeHigh(
                            0x5000 + page * 4096L, 3, page == 2, true, true));
        }
        assertEquals(
                List.of(new HardwareEvent(0, PAGE_REQUEST, ZIP, PASID, 0x5000, 3)),
                recordedBy(bench.driver::onPageRequestInterrupt));
        assertEquals(
                List.of(
                        new HardwareEvent(
                                0,
                                PAGE_RESPONSE,
                                ZIP,
                                PASID,
                                0,
                                PageResponse.INVALID_REQUEST.code())),
                recordedBy(() ->
                        bench.device.respond(
                                bench.groups.getFirst(), PageResponse.INVALID_REQUEST)));
    }
}
