package org.opensva.ats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** How an access is cut into pieces, what becomes of each, and what is kept of answers. */
@Timeout(60)
class PiecesTest {

    private static final long R = TranslationEntry.R;
    private static final long RW = TranslationEntry.R | TranslationEntry.W;
    private static final int PAGE = 4096;

    private final FakeAgent agent = new FakeAgent();
    private final Endpoint endpoint =
            agent.plug(EndpointQuirks.NONE, AtsEndpointFactory.PAGE_RESPONSE_TIMEOUT);

    private void enable() {
        endpoint.setPasidEnabled(true);
        endpoint.setAtsEnabled(true);
    }

    private long read(long address, byte[] target) {
        return endpoint.read(3, Access.READ, address, target, 0, target.length);
    }

    private long write(long address, byte[] source) {
        return endpoint.write(3, Access.WRITE, address, source, 0, source.length);
    }

    private static void assertStatus(DmaStatus status, long bytes, long result) {
        assertEquals(DmaResult.describe(DmaResult.of(status, bytes)), DmaResult.describe(result));
    }

    private long bytesRead() {
        return endpoint.count(HardwareCounter.DMA_BYTES_READ);
    }

    private long bytesWritten() {
        return endpoint.count(HardwareCounter.DMA_BYTES_WRITTEN);
    }

    /**
     * Beside a map of bytes: whatever is mapped where, with pages of several sizes, and whatever
     * part of it an access covers, it moves the bytes up to the first page that refuses, and
     * nothing else; and the same again from the cache.
     */
    @Test
    void everyAccessMovesExactlyTheBytesUpToTheFirstPageThatRefuses() {
        enable();
        agent.recording = false;
        new Random(1).nextBytes(agent.memory);
        for (long seed = 1; seed <= 40; seed++) {
            Random random = new Random(seed);
            int first = 512;
            int pages = 48;
            Map<Integer, Integer> frames = new HashMap<>();
            for (int page = 0; page < pages; page++) {
                int kind = random.nextInt(16);
                int frame = 16 + random.nextInt(400);
                if (kind == 0) {
                    continue; // Nothing is there.
                } else if (kind == 1 && page % 4 == 0) {
                    int base = frame & -4;
                    agent.mapLarge(3, (first + page) * 4096L, base * 4096L, 14, RW);
                    for (int i = 0; i < 4; i++) {
                        frames.put(page + i, base + i);
                    }
                    page += 3;
                } else {
                    boolean follows = frames.containsKey(page - 1) && random.nextBoolean();
                    int mine = follows ? frames.get(page - 1) + 1 : frame;
                    long flags = random.nextInt(8) == 0 ? RW | TranslationEntry.U : RW;
                    agent.map(3, (first + page) * 4096L, mine * 4096L, flags);
                    frames.put(page, mine);
                }
            }
            for (int round = 0; round < 12; round++) {
                long at = first * 4096L + random.nextInt(pages * PAGE);
                int wanted = 1 + random.nextInt(random.nextInt(6) == 0 ? 40 * PAGE : 3 * PAGE);
                byte[] buffer = new byte[wanted];
                byte[] expected = new byte[wanted];
                int reach = reach(frames, at - first * 4096L, expected);
                long readBefore = bytesRead();
                long result = read(at, buffer);
                assertEquals(reach, DmaResult.bytes(result), "seed " + seed);
                assertEquals(reach == wanted, DmaResult.isComplete(result));
                assertArrayEquals(expected, buffer);
                assertEquals(reach, bytesRead() - readBefore);
            }
            agent.table.clear();
            agent.invalidate(0, Pasid.NONE, 0, 64);
        }
    }

    /** How far an access gets, with the bytes that it moves. */
    private int reach(Map<Integer, Integer> frames, long start, byte[] expected) {
        int done = 0;
        while (done < expected.length) {
            long at = start + done;
            Integer frame = frames.get((int) (at >>> 12));
            if (frame == null) {
                break;
            }
            int inside = (int) (at & 4095);
            int piece = Math.min(PAGE - inside, expected.length - done);
            System.arraycopy(agent.memory, frame * PAGE + inside, expected, done, piece);
            done += piece;
        }
        return done;
    }

    @Test
    void untranslatedRequestsAreNotLongerThan64Kibibytes() {
        endpoint.setPasidEnabled(true);
        for (int page = 0; page < 40; page++) {
            agent.map(3, page * 4096L, page * 4096L, RW);
        }
        assertStatus(DmaStatus.COMPLETE, 150_000, write(0x80, new byte[150_000]));
        assertEquals(
                List.of("-w 3 0x80+65536", "-w 3 0x10080+65536", "-w 3 0x20080+18928"),
                agent.untranslated);
        assertEquals(150_000, bytesWritten());
        assertStatus(DmaStatus.COMPLETE, 65_536, read(0, new byte[65_536]));
        assertEquals("r- 3 0x0+65536", agent.untranslated.getLast());
        assertEquals(65_536, bytesRead());
    }

    @Test
    void nothingToMoveIsDoneAtOnceAndABufferThatIsTooShortIsRefused() {
        enable();
        assertStatus(DmaStatus.COMPLETE, 0, read(0x7000, new byte[0]));
        agent.map(3, 0x7000, 0x2000, RW);
        byte[] buffer = new byte[16];
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> endpoint.read(3, Access.READ, 0x7000, buffer, 8, 9));
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> endpoint.write(3, Access.WRITE, 0x7000, buffer, 0, -1));
        assertEquals(0, agent.translations.get());
    }

    @Test
    void aByteThatMemoryRefusesEndsTheAccessThere() {
        enable();
        for (int page = 0; page < 4; page++) {
            agent.map(3, page * 4096L, 0x10000 + page * 4096L, RW);
        }
        agent.brokenFrom = 0x12345;
        for (int round = 0; round < 2; round++) {
            long before = bytesWritten();
            assertStatus(DmaStatus.ABORTED, 0x2245, write(0x100, buffer(3 * PAGE, 1)));
            assertEquals(0x2245, bytesWritten() - before);
            assertStatus(DmaStatus.ABORTED, 0x45, write(0x2300, buffer(0x100, 2)));
            assertStatus(DmaStatus.ABORTED, 0, read(0x3000, new byte[1]));
        }
        assertEquals(1, agent.memory[0x122ff]);
        assertEquals(2, agent.memory[0x12344]);
        assertEquals(0, agent.memory[0x12345]);
    }

    @Test
    void whatFollowsAByteThatMemoryRefusesIsNotTouched() {
        enable();
        agent.map(3, 0x7000, 0x20000, RW);
        agent.map(3, 0x8000, 0x10000, RW);
        agent.brokenFrom = 0x20010;
        for (int round = 0; round < 3; round++) {
            assertStatus(DmaStatus.ABORTED, 0x10, write(0x7000, buffer(2 * PAGE, 7)));
            assertEquals(7, agent.memory[0x2000f]);
            assertStatus(DmaStatus.COMPLETE, 1, read(0x8000, new byte[1]));
            for (int i = 0; i < PAGE; i++) {
                assertEquals(0, agent.memory[0x10000 + i]);
            }
        }
    }

    @Test
    void onlyThePageThatSaysSoIsAccessedUntranslated() {
        enable();
        agent.map(3, 0x7000, 0x2000, RW | TranslationEntry.U);
        agent.map(3, 0x8000, 0x3000, RW);
        assertStatus(DmaStatus.COMPLETE, PAGE, write(0x7800, buffer(PAGE, 7)));
        assertEquals(List.of("-w 3 0x7800+2048"), agent.untranslated);
        assertEquals(7, agent.memory[0x37ff]);
        assertEquals(1, endpoint.cachedTranslations());
    }

    private static byte[] buffer(int length, int value) {
        byte[] made = new byte[length];
        Arrays.fill(made, (byte) value);
        return made;
    }

    @Test
    void ofAnAnswerForSeveralPagesOnlyWhatMayBeUsedIsKept() {
        enable();
        agent.map(3, 0x10000, 0x2000, RW);
        agent.map(3, 0x11000, 0x3000, RW | TranslationEntry.U);
        agent.map(3, 0x12000, 0x4000, 0);
        agent.map(3, 0x13000, 0x5000, TranslationEntry.W);
        agent.map(3, 0x14000, 0x6000, R);
        agent.mapLarge(3, 0x18000, 0x8000, 15, RW);
        assertStatus(DmaStatus.NOT_PERMITTED, 2 * PAGE, read(0x10000, new byte[5 * PAGE]));
        assertEquals(3, agent.translations.get(), "one for each page that was not kept");
        assertEquals(3, endpoint.cachedTranslations());
        assertStatus(DmaStatus.COMPLETE, 1, read(0x10000, new byte[1]));
        assertStatus(DmaStatus.COMPLETE, 1, write(0x13000, new byte[1]));
        assertStatus(DmaStatus.COMPLETE, 1, read(0x14000, new byte[1]));
        assertEquals(3, agent.translations.get());
        agent.map(3, 0x17000, 0x7000, RW);
        assertStatus(DmaStatus.COMPLETE, 2 * PAGE, read(0x17000, new byte[2 * PAGE]));
        assertEquals(5, agent.translations.get(), "a large page is asked for by itself");
    }

    @Test
    void anAccessGetsOnAsLongAsEveryPageComesInTheEnd() {
        enable();
        endpoint.setPriEnabled(true, 8);
        Map<Long, Integer> asked = new HashMap<>();
        agent.host =
                (to, request) -> {
                    if (asked.merge(request.address(), 1, Integer::sum) == 25) {
                        to.map(3, request.address(), request.address(), RW);
                    }
                    if (request.last()) {
                        to.answer(request, PageResponse.SUCCESS);
                    }
                };
        // Every other page is there, so that each of the rest makes a group of its own.
        for (long page = 0x11000; page < 0x17000; page += 0x2000) {
            agent.map(3, page, page, RW);
        }
        assertStatus(DmaStatus.COMPLETE, 7 * PAGE, read(0x10000, new byte[7 * PAGE]));
        assertEquals(100, agent.pageRequests.size());
    }

    @Test
    void aRequestSaysWhatTheAccessIsAndNothingElse() {
        enable();
        int all = Access.READ | Access.WRITE | Access.EXECUTE | Access.PRIVILEGED;
        byte[] buffer = new byte[1];
        endpoint.read(3, 0, 0x1000, buffer, 0, 1);
        endpoint.read(3, Access.WRITE, 0x1000, buffer, 0, 1);
        endpoint.read(3, Access.EXECUTE, 0x1000, buffer, 0, 1);
        endpoint.read(3, all, 0x1000, buffer, 0, 1);
        endpoint.write(3, 0, 0x1000, buffer, 0, 1);
        endpoint.write(3, all, 0x1000, buffer, 0, 1);
        assertEquals(
                List.of(
                        Access.READ,
                        Access.READ,
                        Access.EXECUTE,
                        Access.READ | Access.EXECUTE | Access.PRIVILEGED,
                        Access.WRITE,
                        Access.WRITE | Access.PRIVILEGED),
                agent.asked.stream().map(FakeAgent.Asked::access).toList());
    }

    @Test
    void withoutPasidThereIsNeitherPrivilegeNorASwitchForExecution() {
        endpoint.setAtsEnabled(true);
        agent.map(Pasid.NONE, 0x7000, 0x2000, R | TranslationEntry.EXE);
        byte[] buffer = new byte[1];
        int fetch = Access.EXECUTE | Access.PRIVILEGED;
        for (int round = 0; round < 2; round++) {
            assertStatus(
                    DmaStatus.COMPLETE, 1, endpoint.read(Pasid.NONE, fetch, 0x7000, buffer, 0, 1));
            assertStatus(
                    DmaStatus.COMPLETE,
                    1,
                    endpoint.read(Pasid.NONE, Access.READ, 0x7000, buffer, 0, 1));
        }
        assertEquals(1, agent.translations.get());
    }
}
