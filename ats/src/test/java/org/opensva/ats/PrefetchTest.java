package org.opensva.ats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;

import java.util.List;

@Timeout(60)
class PrefetchTest {

    private static final long RW = TranslationEntry.R | TranslationEntry.W;

    private final FakeAgent agent = new FakeAgent();

    private Endpoint endpoint(EndpointQuirks quirks) {
        Endpoint made = agent.plugEnabled(quirks, AtsEndpointFactory.PAGE_RESPONSE_TIMEOUT);
        made.setPriEnabled(true, 8);
        return made;
    }

    private final Endpoint endpoint = endpoint(EndpointQuirks.NONE);

    private void map(int pages) {
        for (int page = 0; page < pages; page++) {
            agent.map(3, 0x10000 + page * 4096L, 0x40000 + page * 4096L, RW);
            agent.memory[0x40000 + page * 4096] = (byte) (1 + page);
        }
    }

    private static int readByte(Endpoint endpoint, int pasid, long address) {
        byte[] target = new byte[1];
        long result = endpoint.read(pasid, Access.READ, address, target, 0, 1);
        return DmaResult.isComplete(result) ? target[0] : -1;
    }

    private boolean prefetch(long address, long length) {
        return endpoint.prefetch(3, Access.READ, address, length);
    }

    @Test
    void aRangeIsTranslatedAheadAndNoMemoryIsTouched() {
        map(20);
        agent.beforeMove =
                address -> {
                    throw new AssertionError("memory was touched at " + address);
                };
        assertTrue(prefetch(0x10800, 19 * 4096L));
        assertEquals(3, agent.translations.get(), "eight pages with each request");
        assertEquals(0, endpoint.count(HardwareCounter.DMA_BYTES_READ));
        agent.beforeMove = address -> {};
        for (int page = 0; page < 20; page++) {
            assertEquals(1 + page, readByte(endpoint, 3, 0x10000 + page * 4096L));
        }
        assertEquals(3, agent.translations.get(), "every access was a hit");
        assertEquals(20, endpoint.count(HardwareCounter.ATC_HITS));
        assertEquals(0, endpoint.count(HardwareCounter.ATC_MISSES));
    }

    @Test
    void whatIsCachedIsNotAskedForAgain() {
        map(3);
        readByte(endpoint, 3, 0x11000);
        assertTrue(prefetch(0x11000, 4096));
        assertTrue(prefetch(0x11abc, 0));
        assertEquals(1, agent.translations.get());
        assertTrue(endpoint.prefetch(3, Access.READ | Access.WRITE, 0x11000, 4096));
        assertEquals(1, agent.translations.get(), "the entry allows writing, too");
    }

    @Test
    void aPageThatIsAbsentEndsItAndIsNotRequested() {
        map(2);
        assertFalse(prefetch(0x10000, 3 * 4096L));
        assertEquals(List.of(), agent.pageRequests);
        int asked = agent.translations.get();
        assertEquals(1, readByte(endpoint, 3, 0x10000));
        assertEquals(2, readByte(endpoint, 3, 0x11000));
        assertEquals(asked, agent.translations.get(), "what came before it was kept");
        assertFalse(prefetch(0x12000, 1));
        assertFalse(prefetch(0x12000, 1));
        assertEquals(asked + 2, agent.translations.get(), "nothing was kept of an absent page");
    }

    @Test
    void anAnswerThatDoesNotPermitTheAccessIsNoSuccess() {
        agent.map(3, 0x7000, 0x2000, TranslationEntry.R);
        assertFalse(endpoint.prefetch(3, Access.WRITE, 0x7000, 1));
        assertFalse(endpoint.prefetch(3, Access.READ | Access.EXECUTE, 0x7000, 1));
        assertFalse(endpoint.prefetch(3, Access.READ | Access.PRIVILEGED, 0x7000, 1));
        agent.map(3, 0x8000, 0x2000, RW | TranslationEntry.U);
        assertFalse(prefetch(0x8000, 1), "untranslated access only");
        agent.translateStatus = AgentPort.COMPLETER_ABORT;
        assertFalse(prefetch(0x9000, 1));
        agent.translateStatus = 99;
        assertFalse(prefetch(0x9000, 1));
    }

    @Test
    void itIsRefusedWhereAnAccessWouldBe() {
        map(1);
        assertFalse(endpoint.prefetch(300, Access.READ, 0x10000, 1), "no such PASID");
        assertFalse(endpoint.prefetch(-2, Access.READ, 0x10000, 1), "no PASID at all");
        assertFalse(endpoint.prefetch(3, Access.PRIVILEGED, 0x10000, 1), "no purpose");
        assertThrows(IllegalArgumentException.class, () -> prefetch(0x10000, -1));
        endpoint.setPriEnabled(false, 0);
        endpoint.setAtsEnabled(false);
        assertFalse(prefetch(0x10000, 1), "ATS is disabled");
        endpoint.setPasidEnabled(false);
        endpoint.setAtsEnabled(true);
        assertFalse(prefetch(0x10000, 1), "PASID is disabled");
        agent.map(Pasid.NONE, 0x10000, 0x40000, RW);
        assertTrue(endpoint.prefetch(Pasid.NONE, Access.READ, 0x10000, 1));
        endpoint.close();
        assertFalse(endpoint.prefetch(Pasid.NONE, Access.READ, 0x10000, 1), "unplugged");
        assertEquals(1, agent.translations.get());
    }

    @Test
    void aRangeBeyondTheCacheEndsInBoundedTime() {
        for (int page = 0; page < 2000; page++) {
            agent.map(3, page * 4096L, 0x1000, RW);
        }
        assertFalse(prefetch(0, 2000 * 4096L));
        assertEquals(64, agent.translations.get(), "as many as there are entries");
        assertFalse(prefetch(0, Long.MAX_VALUE));
    }

    @Test
    void aLargePageIsOneTranslation() {
        agent.mapLarge(3, 0x200000, 0x200000, 21, RW);
        assertTrue(prefetch(0x234567, 0x1000));
        assertTrue(prefetch(0x200000, 0x200000));
        assertEquals(1, agent.translations.get());
    }

    @Test
    void invalidationsTreatItLikeEveryOtherEntry() {
        InvalidateRequest[] requests = {
            new InvalidateRequest(1, 3, 0x10000, 12, false),
            new InvalidateRequest(2, 3, 0, 40, false),
            new InvalidateRequest(3, 3, 0, 64, false),
            new InvalidateRequest(4, Pasid.NONE, 0x10000, 14, false),
            new InvalidateRequest(5, Pasid.NONE, 0, 64, false),
            new InvalidateRequest(6, 4, 0x10000, 12, true),
        };
        for (InvalidateRequest request : requests) {
            map(1);
            assertTrue(prefetch(0x10000, 1));
            agent.unmap(3, 0x10000);
            agent.device().invalidate(request);
            assertEquals(-1, readWithoutPages(), request::toString);
        }
        map(1);
        assertTrue(prefetch(0x10000, 1));
        agent.unmap(3, 0x10000);
        endpoint.stopPasid(new Pasid(3));
        assertEquals(-1, readWithoutPages(), "stopping forgets it");
    }

    /** Without page requests, a page that is gone is refused. */
    private int readWithoutPages() {
        endpoint.setPriEnabled(false, 0);
        try {
            return readByte(endpoint, 3, 0x10000);
        } finally {
            endpoint.setPriEnabled(true, 8);
        }
    }

    @Test
    void anAnswerThatAnInvalidationOvertookIsNotKept() {
        assertEquals(0x42, afterOvertaking(endpoint));
        endpoint.close();
        assertEquals(
                1,
                afterOvertaking(endpoint(EndpointQuirks.of(EndpointQuirk.STALE_FILL))),
                "the same programme finds a device that keeps it");
    }

    /** The page moves while its translation is on its way; what does an access see afterwards? */
    private int afterOvertaking(Endpoint tested) {
        map(1);
        agent.memory[0x2000] = 0x42;
        agent.beforeAnswer =
                () -> {
                    agent.beforeAnswer = () -> {};
                    agent.map(3, 0x10000, 0x2000, RW);
                    agent.invalidate(0, 3, 0x10000, 12);
                };
        assertTrue(tested.prefetch(3, Access.READ, 0x10000, 1));
        return readByte(tested, 3, 0x10000);
    }

    @Test
    void anUnplugEndsIt() {
        map(2);
        agent.beforeAnswer =
                () -> {
                    agent.beforeAnswer = () -> {};
                    endpoint.close();
                };
        assertFalse(prefetch(0x10000, 4096));
        assertEquals(1, agent.translations.get());
    }

    @Test
    void aHostThatNeverStopsInvalidatingDoesNotHoldItForever() {
        map(1);
        agent.beforeAnswer = () -> agent.invalidate(0, 3, 0x10000, 12);
        assertFalse(prefetch(0x10000, 1));
        assertEquals(64, agent.translations.get());
        agent.beforeAnswer = () -> {};
        assertEquals(
                DmaStatus.COMPLETE,
                DmaResult.status(endpoint.read(3, Access.READ, 0x10000, new byte[1], 0, 1)));
    }

    @Test
    void anEndpointThatCannotSaysSo() {
        EndpointConfig bare =
                new EndpointConfig(
                        "dma-0", RequesterId.of(1, 0, 1), 0, false, false, true, 1, 1, 1);
        Endpoint without = new AtsEndpointFactory().create(bare, agent);
        assertFalse(without.prefetch(Pasid.NONE, Access.READ, 0x10000, 1));
    }
}
