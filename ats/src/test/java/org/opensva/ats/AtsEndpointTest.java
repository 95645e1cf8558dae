package org.opensva.ats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareCounter;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

class AtsEndpointTest {

    private static final long RW = TranslationEntry.R | TranslationEntry.W;
    private static final EndpointConfig CONFIG =
            new EndpointConfig("zip-0", RequesterId.of(1, 0, 0), 20, true, true, false, 64, 32, 16);

    private final FakeAgent agent = new FakeAgent();

    private Endpoint endpoint() {
        return endpoint(EndpointQuirks.NONE);
    }

    private Endpoint endpoint(EndpointQuirks quirks) {
        return FakeAgent.enabled(new AtsEndpointFactory(quirks).create(CONFIG, agent));
    }

    private static long read(Endpoint endpoint, int pasid, long address, byte[] target) {
        return endpoint.read(pasid, Access.READ, address, target, 0, target.length);
    }

    private static long write(Endpoint endpoint, int pasid, long address, byte[] source) {
        return endpoint.write(pasid, Access.WRITE, address, source, 0, source.length);
    }

    private static void assertStatus(DmaStatus status, long bytes, long result) {
        assertEquals(DmaResult.describe(DmaResult.of(status, bytes)), DmaResult.describe(result));
    }

    @Test
    void withoutAtsEveryAccessIsAnUntranslatedRequest() {
        Endpoint plain = new AtsEndpointFactory().create(CONFIG, agent);
        agent.map(Pasid.NONE, 0x5000, 0x1000, RW);
        agent.memory[0x1010] = 7;
        byte[] target = new byte[1];
        assertStatus(DmaStatus.COMPLETE, 1, read(plain, Pasid.NONE, 0x5010, target));
        assertEquals(7, target[0]);
        assertEquals(List.of("r- -1 0x5010+1"), agent.untranslated);
        assertEquals(0, agent.translations.get());
        assertEquals(1, plain.count(HardwareCounter.DMA_BYTES_READ));
    }

    @Test
    void aPageIsAskedForOnceAndThenComesFromTheCache() {
        Endpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, RW);
        byte[] source = {1, 2, 3, 4};
        for (int i = 0; i < 10; i++) {
            assertStatus(DmaStatus.COMPLETE, 4, write(endpoint, 3, 0x7100, source));
        }
        assertArrayEquals(source, Arrays.copyOfRange(agent.memory, 0x2100, 0x2104));
        assertEquals(1, agent.translations.get());
        assertEquals(9, endpoint.count(HardwareCounter.ATC_HITS));
        assertEquals(1, endpoint.count(HardwareCounter.ATC_MISSES));
        assertEquals(40, endpoint.count(HardwareCounter.DMA_BYTES_WRITTEN));
    }

    @Test
    void anAccessMayCrossPagesAndStopsAtTheFirstByteThatCannotBeMoved() {
        Endpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, RW);
        agent.map(3, 0x8000, 0x9000, RW);
        byte[] source = new byte[8192];
        new Random(1).nextBytes(source);
        assertStatus(DmaStatus.NOT_PERMITTED, 0x2000 - 0x100, write(endpoint, 3, 0x7100, source));
        assertArrayEquals(
                Arrays.copyOfRange(source, 0, 0xf00),
                Arrays.copyOfRange(agent.memory, 0x2100, 0x3000));
        assertArrayEquals(
                Arrays.copyOfRange(source, 0xf00, 0x1f00),
                Arrays.copyOfRange(agent.memory, 0x9000, 0xa000));
    }

    @Test
    void whatLiesOneBehindTheOtherInMemoryTooGoesInOneRequest() {
        Endpoint endpoint = endpoint();
        long[] frames = {0x2000, 0x3000, 0x4000, 0x9000, 0xa000, 0x5000};
        for (int page = 0; page < frames.length; page++) {
            agent.map(3, 0x7000 + page * 4096L, frames[page], RW);
        }
        byte[] source = new byte[5 * 4096];
        new Random(2).nextBytes(source);
        assertStatus(DmaStatus.COMPLETE, source.length, write(endpoint, 3, 0x7100, source));
        List<Long> requests = new ArrayList<>();
        agent.beforeMove = requests::add;
        byte[] back = new byte[source.length];
        assertStatus(DmaStatus.COMPLETE, back.length, read(endpoint, 3, 0x7100, back));
        assertArrayEquals(source, back);
        assertEquals(List.of(0x2100L, 0x9000L, 0x5000L), requests);
        requests.clear();
        agent.unmap(3, 0x8000);
        agent.invalidate(0, 3, 0x8000, 12);
        assertStatus(DmaStatus.NOT_PERMITTED, 0xf00, read(endpoint, 3, 0x7100, back));
        assertEquals(List.of(0x2100L), requests);
    }

    @Test
    void translationsOfOnePasidAreNotUsedForAnother() {
        Endpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, RW);
        agent.map(4, 0x7000, 0x3000, RW);
        write(endpoint, 3, 0x7000, new byte[] {3});
        write(endpoint, 4, 0x7000, new byte[] {4});
        assertEquals(3, agent.memory[0x2000]);
        assertEquals(4, agent.memory[0x3000]);
        assertStatus(DmaStatus.NOT_PERMITTED, 0, write(endpoint, 5, 0x7000, new byte[1]));
        assertStatus(DmaStatus.NOT_PERMITTED, 0, write(endpoint, Pasid.NONE, 0x7000, new byte[1]));
    }

    @Test
    void aGlobalTranslationIsUsedForEveryPasidUntilAGlobalInvalidation() {
        Endpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, RW | TranslationEntry.GLOBAL);
        write(endpoint, 3, 0x7000, new byte[] {3});
        agent.unmap(3, 0x7000);
        assertStatus(DmaStatus.COMPLETE, 1, write(endpoint, 4, 0x7000, new byte[] {4}));
        assertEquals(4, agent.memory[0x2000]);
        agent.device().invalidate(new InvalidateRequest(0, 3, 0x7000, 12, true));
        assertStatus(DmaStatus.NOT_PERMITTED, 0, write(endpoint, 4, 0x7000, new byte[1]));
        assertStatus(DmaStatus.NOT_PERMITTED, 0, write(endpoint, 3, 0x7000, new byte[1]));
    }

    @Test
    void aGlobalTranslationStaysWhenOnlyAPasidIsInvalidated() {
        Endpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, RW | TranslationEntry.GLOBAL);
        read(endpoint, 3, 0x7000, new byte[1]);
        agent.invalidate(0, 3, 0x7000, 12);
        agent.invalidate(1, 3, 0, 64);
        assertStatus(DmaStatus.COMPLETE, 1, read(endpoint, 4, 0x7000, new byte[1]));
        assertEquals(1, agent.translations.get());
        agent.invalidate(2, Pasid.NONE, 0x7000, 12);
        assertStatus(DmaStatus.NOT_PERMITTED, 0, read(endpoint, 4, 0x7000, new byte[1]));
    }

    @Test
    void hitsAndMissesAreCountedForEachPieceOfAnAccess() {
        Endpoint endpoint = endpoint();
        for (int page = 0; page < 40; page++) {
            agent.map(3, page * 4096L, 0x10000 + page * 4096L, RW);
        }
        byte[] buffer = new byte[40 * 4096];
        assertStatus(DmaStatus.COMPLETE, buffer.length, read(endpoint, 3, 0, buffer));
        assertEquals(5, endpoint.count(HardwareCounter.ATC_MISSES), "eight pages each");
        assertEquals(35, endpoint.count(HardwareCounter.ATC_HITS));
        assertStatus(DmaStatus.COMPLETE, buffer.length, read(endpoint, 3, 0, buffer));
        assertEquals(5, endpoint.count(HardwareCounter.ATC_MISSES));
        assertEquals(75, endpoint.count(HardwareCounter.ATC_HITS));
        assertEquals(2L * buffer.length, endpoint.count(HardwareCounter.DMA_BYTES_READ));
        assertStatus(DmaStatus.NOT_PERMITTED, 0, read(endpoint, 4, 0, buffer));
        assertStatus(DmaStatus.NOT_PERMITTED, 0, read(endpoint, 4, 0, new byte[1]));
        assertEquals(7, endpoint.count(HardwareCounter.ATC_MISSES));
        assertEquals(75, endpoint.count(HardwareCounter.ATC_HITS));
    }

    @Test
    void aLargePageNeedsOneTranslationAndDiesWithAnyPartOfIt() {
        Endpoint endpoint = endpoint();
        agent.mapLarge(3, 0x200000, 0x200000, 21, RW);
        byte[] all = new byte[1 << 21];
        new Random(2).nextBytes(all);
        assertStatus(DmaStatus.COMPLETE, 1 << 21, write(endpoint, 3, 0x200000, all));
        assertArrayEquals(all, Arrays.copyOfRange(agent.memory, 0x200000, 0x400000));
        assertEquals(1, agent.translations.get());
        agent.invalidate(1, 3, 0x345000, 12);
        read(endpoint, 3, 0x200000, new byte[1]);
        assertEquals(2, agent.translations.get());
    }

    @Test
    void anAccessThatTheEntryDoesNotAllowAsksAgainAndReplacesIt() {
        Endpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, TranslationEntry.R);
        read(endpoint, 3, 0x7000, new byte[1]);
        agent.map(3, 0x7000, 0x3000, RW);
        write(endpoint, 3, 0x7000, new byte[] {9});
        assertEquals(Access.READ, agent.asked.get(0).access());
        assertEquals(Access.READ | Access.WRITE, agent.asked.get(1).access());
        byte[] target = new byte[1];
        read(endpoint, 3, 0x7000, target);
        assertEquals(9, target[0]);
        assertEquals(2, agent.translations.get());
    }

    @Test
    void aCompletionWithoutPermissionIsNeverCached() {
        Endpoint endpoint = endpoint();
        for (int i = 1; i <= 3; i++) {
            assertStatus(DmaStatus.NOT_PERMITTED, 0, read(endpoint, 3, 0x7000, new byte[1]));
            assertEquals(i, agent.translations.get());
        }
        agent.map(3, 0x7000, 0x2000, RW);
        assertStatus(DmaStatus.COMPLETE, 1, read(endpoint, 3, 0x7000, new byte[1]));
    }

    @Test
    void untranslatedAccessOnlyMeansThat() {
        Endpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, RW | TranslationEntry.U);
        for (int i = 1; i <= 2; i++) {
            assertStatus(DmaStatus.COMPLETE, 2, write(endpoint, 3, 0x7004, new byte[] {5, 6}));
            assertEquals(i, agent.translations.get());
        }
        assertEquals(List.of("-w 3 0x7004+2", "-w 3 0x7004+2"), agent.untranslated);
        assertEquals(6, agent.memory[0x2005]);
    }

    @Test
    void privilegedPermissionsAreForPrivilegedAccessesOnly() {
        Endpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, RW | TranslationEntry.PRIV);
        int privileged = Access.READ | Access.PRIVILEGED;
        assertStatus(
                DmaStatus.COMPLETE, 1, endpoint.read(3, privileged, 0x7000, new byte[1], 0, 1));
        assertStatus(DmaStatus.NOT_PERMITTED, 0, read(endpoint, 3, 0x7000, new byte[1]));
        agent.map(3, 0x7000, 0x3000, RW);
        assertStatus(DmaStatus.COMPLETE, 1, read(endpoint, 3, 0x7000, new byte[1]));
        assertStatus(
                DmaStatus.COMPLETE, 1, endpoint.read(3, privileged, 0x7000, new byte[1], 0, 1));
        assertEquals(3, agent.translations.get());
    }

    @Test
    void anUnsupportedRequestTakesTheAtcOutOfUseUntilAtsIsEnabledAgain() {
        Endpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, RW);
        agent.map(3, 0x8000, 0x3000, RW);
        assertStatus(DmaStatus.COMPLETE, 1, read(endpoint, 3, 0x7000, new byte[1]));
        agent.translateStatus = AgentPort.UNSUPPORTED_REQUEST;
        assertStatus(DmaStatus.ABORTED, 0, read(endpoint, 3, 0x8000, new byte[1]));
        agent.translateStatus = 0;
        int asked = agent.translations.get();
        read(endpoint, 3, 0x7000, new byte[1]);
        read(endpoint, 3, 0x8000, new byte[1]);
        assertFalse(endpoint.prefetch(3, Access.READ, 0x8000, 1));
        assertEquals(asked, agent.translations.get(), "nothing is asked for");
        endpoint.setPriEnabled(false, 0);
        endpoint.setAtsEnabled(false);
        endpoint.setAtsEnabled(true);
        assertStatus(DmaStatus.COMPLETE, 1, read(endpoint, 3, 0x7000, new byte[1]));
        assertEquals(asked + 1, agent.translations.get(), "nothing was kept either");
    }

    @Test
    void abortedTranslationRequestsAbortTheAccess() {
        Endpoint endpoint = endpoint();
        agent.translateStatus = AgentPort.COMPLETER_ABORT;
        assertStatus(DmaStatus.ABORTED, 0, read(endpoint, 3, 0x7000, new byte[1]));
        agent.translateStatus = 99;
        assertStatus(DmaStatus.ABORTED, 0, read(endpoint, 3, 0x7000, new byte[1]));
    }

    @Test
    void anInvalidationIsAnsweredWithItsTagAndTheEntryIsGone() {
        Endpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, RW);
        agent.map(3, 0x8000, 0x3000, RW);
        read(endpoint, 3, 0x7000, new byte[0x1001]);
        agent.unmap(3, 0x7000);
        agent.invalidate(17, 3, 0x7000, 12);
        assertEquals(List.of(InvalidateCompletion.of(17)), agent.completions);
        assertStatus(DmaStatus.NOT_PERMITTED, 0, read(endpoint, 3, 0x7000, new byte[1]));
        int before = agent.translations.get();
        assertStatus(DmaStatus.COMPLETE, 1, read(endpoint, 3, 0x8000, new byte[1]));
        assertEquals(before, agent.translations.get(), "the neighbour stays");
        assertEquals(1, endpoint.count(HardwareCounter.ATC_INVALIDATIONS));
    }

    @Test
    void anInvalidationWithoutPasidCoversAllPasids() {
        Endpoint endpoint = endpoint();
        for (int pasid = 1; pasid <= 3; pasid++) {
            agent.map(pasid, 0x7000, 0x2000, RW);
            read(endpoint, pasid, 0x7000, new byte[1]);
            agent.unmap(pasid, 0x7000);
        }
        agent.invalidate(0, Pasid.NONE, 0x4000, 14);
        for (int pasid = 1; pasid <= 3; pasid++) {
            assertStatus(DmaStatus.NOT_PERMITTED, 0, read(endpoint, pasid, 0x7000, new byte[1]));
        }
    }

    @Test
    void anOvertakenAnswerIsNeitherUsedNorKept() {
        for (int size : new int[] {12, 30, 63, 64}) {
            for (int pasid : new int[] {3, Pasid.NONE}) {
                Endpoint endpoint = endpoint();
                agent.map(3, 0x7000, 0x2000, RW);
                agent.beforeAnswer =
                        () -> {
                            agent.beforeAnswer = () -> {};
                            agent.map(3, 0x7000, 0x3000, RW);
                            agent.invalidate(0, pasid, size == 12 ? 0x7000 : 0, size);
                        };
                agent.memory[0x2000] = 1;
                agent.memory[0x3000] = 2;
                byte[] target = new byte[1];
                read(endpoint, 3, 0x7000, target);
                assertEquals(2, target[0], "size 2^" + size);
                read(endpoint, 3, 0x7000, target);
                assertEquals(2, target[0], "size 2^" + size);
                endpoint.close();
            }
        }
    }

    @Test
    void theSwitchesWantTheirOrder() {
        Endpoint endpoint = new AtsEndpointFactory().create(CONFIG, agent);
        assertErrno(Errno.EINVAL, () -> endpoint.setPriEnabled(true, 4));
        endpoint.setAtsEnabled(true);
        assertErrno(Errno.EBUSY, () -> endpoint.setPasidEnabled(true));
        endpoint.setAtsEnabled(false);
        endpoint.setPasidEnabled(true);
        endpoint.setAtsEnabled(true);
        assertErrno(Errno.EINVAL, () -> endpoint.setPriEnabled(true, 0));
        endpoint.setPriEnabled(true, 4);
        assertErrno(Errno.EBUSY, () -> endpoint.setAtsEnabled(false));
        assertErrno(Errno.EBUSY, () -> endpoint.setPasidEnabled(false));
        assertTrue(endpoint.isAtsEnabled());
        endpoint.setPriEnabled(false, 0);
        endpoint.setAtsEnabled(false);
        endpoint.setPasidEnabled(false);
        assertFalse(endpoint.isAtsEnabled());
    }

    @Test
    void whatADeviceDoesNotHaveCannotBeSwitchedOn() {
        EndpointConfig bare =
                new EndpointConfig(
                        "dma-0", RequesterId.of(1, 0, 1), 0, false, false, true, 1, 1, 1);
        Endpoint endpoint = new AtsEndpointFactory().create(bare, agent);
        assertErrno(Errno.EOPNOTSUPP, () -> endpoint.setPasidEnabled(true));
        assertErrno(Errno.EOPNOTSUPP, () -> endpoint.setAtsEnabled(true));
        assertErrno(Errno.EOPNOTSUPP, () -> endpoint.setPriEnabled(true, 1));
        endpoint.setPriEnabled(false, 0);
        assertStatus(DmaStatus.STOPPED, 0, read(endpoint, 1, 0x7000, new byte[1]));
    }

    @Test
    void requestsWithPasidNeedItEnabled() {
        Endpoint endpoint = new AtsEndpointFactory().create(CONFIG, agent);
        assertStatus(DmaStatus.STOPPED, 0, read(endpoint, 1, 0x7000, new byte[1]));
        assertEquals(List.of(), agent.untranslated);
    }

    @Test
    void disablingAtsForgetsAllTranslations() {
        Endpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, RW);
        read(endpoint, 3, 0x7000, new byte[1]);
        endpoint.setAtsEnabled(false);
        endpoint.setAtsEnabled(true);
        read(endpoint, 3, 0x7000, new byte[1]);
        assertEquals(2, agent.translations.get());
    }

    @Test
    void anUnpluggedDeviceDoesNothing() {
        Endpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, RW);
        read(endpoint, 3, 0x7000, new byte[1]);
        endpoint.close();
        endpoint.close();
        assertFalse(endpoint.isPresent());
        assertStatus(DmaStatus.STOPPED, 0, read(endpoint, 3, 0x7000, new byte[1]));
        assertThrows(IllegalStateException.class, agent::device);
    }

    @Test
    void aFullCacheEvictsAndStaysRight() {
        Endpoint endpoint = endpoint();
        for (int page = 0; page < 512; page++) {
            agent.map(3, page * 4096L, page * 4096L, RW);
            agent.memory[page * 4096] = (byte) page;
        }
        byte[] target = new byte[1];
        Random random = new Random(3);
        for (int i = 0; i < 20_000; i++) {
            int page = random.nextInt(512);
            read(endpoint, 3, page * 4096L, target);
            assertEquals((byte) page, target[0]);
        }
        assertTrue(endpoint.count(HardwareCounter.ATC_EVICTIONS) > 10_000);
    }

    private static void assertErrno(Errno errno, Runnable call) {
        assertEquals(errno, assertThrows(ErrnoException.class, call::run).errno());
    }
}
