package org.opensva.ats.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.RequesterId;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

@Timeout(60)
class FaultInjectingLinkTest {

    private static final RequesterId DEVICE = RequesterId.of(1, 0, 0);

    /** Both ends: notes what arrives. */
    private static final class Ends implements TranslationAgent, AgentPort, DevicePort {

        private final List<Object> arrived = Collections.synchronizedList(new ArrayList<>());
        private DevicePort device = this;
        private CountDownLatch expected = new CountDownLatch(0);

        private void note(Object message) {
            arrived.add(message);
            expected.countDown();
        }

        @Override
        public AgentPort connect(RequesterId requester, DevicePort plugged) {
            device = plugged;
            return this;
        }

        @Override
        public void disconnect(RequesterId requester) {}

        @Override
        public int translate(int pasid, int access, long address, long[] entries) {
            return 1;
        }

        @Override
        public long readTranslated(long address, byte[] target, int offset, int length) {
            return length;
        }

        @Override
        public long writeTranslated(long address, byte[] source, int offset, int length) {
            return length;
        }

        @Override
        public void complete(InvalidateCompletion completion) {
            note(completion);
        }

        @Override
        public void request(PageRequest request) {
            note(request);
        }

        @Override
        public long read(int pasid, int access, long address, byte[] target, int o, int length) {
            return length;
        }

        @Override
        public long write(int pasid, int access, long address, byte[] source, int o, int length) {
            return length;
        }

        @Override
        public void invalidate(InvalidateRequest request) {
            note(request);
        }

        @Override
        public void respond(PageGroupResponse response) {
            note(response);
        }
    }

    private final Ends ends = new Ends();

    private static LinkFaults faults(LinkMessage kind, int dropped, int twice, int delayed) {
        return new LinkFaults(
                Map.of(kind, new LinkFaults.Rates(dropped, twice, delayed)), Duration.ofMillis(2));
    }

    private static PageRequest page(int number) {
        return new PageRequest(1, number * 4096L, 1, number & 511, true);
    }

    @Test
    void withoutFaultsEverythingArrivesWithinTheCall() {
        try (FaultInjectingLink link = new FaultInjectingLink(ends, LinkFaults.NONE, 1)) {
            AgentPort port = link.connect(DEVICE, ends);
            List<Object> sent = new ArrayList<>();
            sent.add(page(1));
            port.request(page(1));
            sent.add(InvalidateCompletion.of(3));
            port.complete(InvalidateCompletion.of(3));
            sent.add(new InvalidateRequest(1, 1, 0, 12, false));
            ends.device.invalidate(new InvalidateRequest(1, 1, 0, 12, false));
            sent.add(new PageGroupResponse(1, 1, PageResponse.SUCCESS));
            ends.device.respond(new PageGroupResponse(1, 1, PageResponse.SUCCESS));
            assertEquals(sent, ends.arrived);
            assertEquals(1, port.translate(1, 1, 0, new long[1]));
        }
    }

    @Test
    void theSameSeedLosesTheSameMessages() {
        List<Object> first = survivors(9);
        assertEquals(first, survivors(9));
        assertNotEquals(first, survivors(10));
        assertTrue(first.size() > 600 && first.size() < 800, () -> first.size() + " of 1000");
    }

    private static List<Object> survivors(long seed) {
        Ends ends = new Ends();
        LinkFaults faults = faults(LinkMessage.PAGE_REQUEST, 300, 0, 0);
        try (FaultInjectingLink link = new FaultInjectingLink(ends, faults, seed)) {
            AgentPort port = link.connect(DEVICE, ends);
            for (int i = 0; i < 1000; i++) {
                port.request(page(i));
            }
            assertEquals(1000 - ends.arrived.size(), link.lost(LinkMessage.PAGE_REQUEST));
        }
        return List.copyOf(ends.arrived);
    }

    @Test
    void lateMessagesOfAnOrderedKindKeepTheirOrder() throws Exception {
        LinkFaults faults = faults(LinkMessage.PAGE_REQUEST, 0, 0, 300);
        try (FaultInjectingLink link = new FaultInjectingLink(ends, faults, 3)) {
            AgentPort port = link.connect(DEVICE, ends);
            ends.expected = new CountDownLatch(500);
            List<Object> sent = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                sent.add(page(i));
                port.request(page(i));
            }
            ends.expected.await();
            assertEquals(sent, ends.arrived);
        }
    }

    @Test
    void invalidateCompletionsMayPassEachOther() throws Exception {
        LinkFaults faults = faults(LinkMessage.INVALIDATE_COMPLETION, 0, 0, 500);
        try (FaultInjectingLink link = new FaultInjectingLink(ends, faults, 4)) {
            AgentPort port = link.connect(DEVICE, ends);
            ends.expected = new CountDownLatch(32);
            List<Object> sent = new ArrayList<>();
            for (int itag = 0; itag < 32; itag++) {
                sent.add(InvalidateCompletion.of(itag));
                port.complete(InvalidateCompletion.of(itag));
            }
            ends.expected.await();
            assertNotEquals(sent, ends.arrived);
            assertEquals(32, ends.arrived.stream().distinct().count());
        }
    }

    @Test
    void aDuplicateComesLater() throws Exception {
        LinkFaults faults = faults(LinkMessage.PAGE_GROUP_RESPONSE, 0, 1000, 0);
        try (FaultInjectingLink link = new FaultInjectingLink(ends, faults, 5)) {
            link.connect(DEVICE, ends);
            ends.expected = new CountDownLatch(2);
            PageGroupResponse response = new PageGroupResponse(1, 1, PageResponse.SUCCESS);
            ends.device.respond(response);
            ends.expected.await();
            assertEquals(List.of(response, response), ends.arrived);
        }
    }

    @Test
    void aLostTranslationRequestTimesOutAsCompleterAbort() {
        LinkFaults faults = faults(LinkMessage.TRANSLATION, 1000, 0, 0);
        try (FaultInjectingLink link = new FaultInjectingLink(ends, faults, 6)) {
            AgentPort port = link.connect(DEVICE, ends);
            assertEquals(AgentPort.COMPLETER_ABORT, port.translate(1, 1, 0, new long[1]));
        }
    }

    @Test
    void garbledMessagesAreRepeatedByTheLinkAndComeWholeAndInOrder() throws Exception {
        LinkFaults faults =
                new LinkFaults(
                        Map.of(LinkMessage.PAGE_REQUEST, new LinkFaults.Rates(0, 0, 0, 300, 0)),
                        Duration.ofMillis(2));
        try (FaultInjectingLink link = new FaultInjectingLink(ends, faults, 7)) {
            AgentPort port = link.connect(DEVICE, ends);
            ends.expected = new CountDownLatch(500);
            List<Object> sent = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                sent.add(page(i));
                port.request(page(i));
            }
            ends.expected.await();
            assertEquals(sent, ends.arrived);
            long replayed = link.replayed(LinkMessage.PAGE_REQUEST);
            assertTrue(replayed > 100 && replayed < 200, () -> replayed + " of 500");
            assertEquals(0, link.poisoned(LinkMessage.PAGE_REQUEST));
        }
    }

    @Test
    void poisonedMessagesAreDroppedAndCounted() {
        Map<LinkMessage, LinkFaults.Rates> rates = new EnumMap<>(LinkMessage.class);
        for (LinkMessage kind : LinkMessage.values()) {
            rates.put(kind, new LinkFaults.Rates(0, 0, 0, 0, 1000));
        }
        LinkFaults faults = new LinkFaults(rates, Duration.ofMillis(1));
        try (FaultInjectingLink link = new FaultInjectingLink(ends, faults, 8)) {
            AgentPort port = link.connect(DEVICE, ends);
            port.request(page(1));
            port.complete(InvalidateCompletion.of(3));
            ends.device.invalidate(new InvalidateRequest(1, 1, 0, 12, false));
            ends.device.respond(new PageGroupResponse(1, 1, PageResponse.SUCCESS));
            assertEquals(AgentPort.COMPLETER_ABORT, port.translate(1, 1, 0, new long[1]));
            assertEquals(List.of(), ends.arrived);
            for (LinkMessage kind : LinkMessage.values()) {
                assertEquals(1, link.poisoned(kind), kind::name);
                assertEquals(0, link.lost(kind), kind::name);
            }
        }
    }
}
