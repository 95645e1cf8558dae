package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.AddressRange;
import org.opensva.smmuv3.driver.CommandQueue.Outcome;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.Opcode;

import java.util.ArrayList;
import java.util.List;

/**
 * Which device is the one that does not answer, when the invalidations of several are in the queue
 * at once: the second batch comes while the first is being handed over, so that both are executed
 * before either of their issuers looks what became of it.
 */
@Timeout(60)
class SilentDeviceTest {

    private static final int ALIVE = 0x100;
    private static final int DEAD = 0x208;
    private static final int DEAD_TOO = 0x310;

    private final DriverParts parts = new DriverParts();
    private final RecordingSmmu smmu = parts.smmu;
    private final SmmuDevice device = parts.device(ALIVE);

    SilentDeviceTest() {
        smmu.silentStreams.addAll(List.of(DEAD, DEAD_TOO));
    }

    private Outcome ask(int streamId) {
        CommandBatch batch = new CommandBatch();
        Invalidations.atcAll(batch, streamId);
        return parts.queue.submitAndSync(batch);
    }

    /** Asks one stream, and while that is under way another; what became of both. */
    private List<Outcome> ask(int first, int second) {
        List<Outcome> outcomes = new ArrayList<>();
        smmu.before(Opcode.ATC_INV, first, () -> outcomes.add(ask(second)));
        outcomes.addFirst(ask(first));
        return outcomes;
    }

    private List<Integer> blocked() {
        return parts.faults.stream().map(fault -> fault.requester().value()).toList();
    }

    @Test
    void aBatchBehindThatOfASilentDeviceIsComplete() {
        assertEquals(List.of(Outcome.ATC_TIMEOUT, Outcome.COMPLETE), ask(DEAD, ALIVE));
    }

    @Test
    void aSilentDeviceIsNoticedBehindABatchThatIsCompleteWhateverIsSuspectedOfThat() {
        assertEquals(Outcome.ATC_TIMEOUT, ask(ALIVE, DEAD).getLast());
    }

    @Test
    void ofTwoSilentDevicesTheOneAskedFirstIsNotForgottenForTheSecond() {
        assertEquals(List.of(Outcome.ATC_TIMEOUT, Outcome.ATC_TIMEOUT), ask(DEAD, DEAD_TOO));
    }

    @Test
    void whatWasSilentOnceIsForgottenByThoseThatAskLater() {
        assertEquals(Outcome.ATC_TIMEOUT, ask(DEAD));
        assertEquals(Outcome.COMPLETE, ask(ALIVE));
        assertEquals(Outcome.ATC_TIMEOUT, ask(DEAD));
    }

    @Test
    void whatWasAskedWithoutWaitingIsWaitedForByTheNextWhoWaits() {
        CommandBatch batch = new CommandBatch();
        Invalidations.atcAll(batch, DEAD);
        parts.queue.submit(batch);
        assertEquals(Outcome.ATC_TIMEOUT, parts.queue.submitAndSync(new CommandBatch()));
    }

    @Test
    void aDeviceWhoseAtcIsEmptiedInFrontOfASilentOneIsAskedAgainAndStays() {
        device.bind(new Pasid(5), parts.domain(1));
        List<Outcome> dead = new ArrayList<>();
        smmu.before(Opcode.ATC_INV, ALIVE, () -> dead.add(ask(DEAD)));
        smmu.seen.clear();
        device.bind(new Pasid(6), parts.domain(2));
        assertEquals(List.of(Outcome.ATC_TIMEOUT), dead);
        assertEquals(List.of(), blocked());
        assertEquals(List.of(ALIVE, DEAD, ALIVE), parts.asked());
        smmu.seen.clear();
        device.unbind(new Pasid(6));
        assertEquals(List.of(ALIVE), parts.asked(), "it is still told");
    }

    @Test
    void aDeviceWhoseAtcIsEmptiedBehindASilentOneStays() {
        device.bind(new Pasid(5), parts.domain(1));
        smmu.before(Opcode.ATC_INV, DEAD, () -> device.bind(new Pasid(6), parts.domain(2)));
        assertEquals(Outcome.ATC_TIMEOUT, ask(DEAD));
        assertEquals(List.of(), blocked());
        device.unbind(new Pasid(6));
    }

    @Test
    void aSilentDeviceIsBlockedAlsoWhenOneThatAnswersIsBehindIt() {
        device.bind(new Pasid(5), parts.domain(1));
        smmu.silentStreams.add(ALIVE);
        smmu.silentStreams.remove((Integer) DEAD);
        smmu.before(Opcode.ATC_INV, ALIVE, () -> assertEquals(Outcome.COMPLETE, ask(DEAD)));
        device.bind(new Pasid(6), parts.domain(2));
        assertEquals(List.of(ALIVE), blocked());
    }

    @Test
    void anUnmapInFrontOfASilentDeviceBlocksNobody() {
        SmmuDomain domain = parts.domain(1);
        device.bind(new Pasid(5), domain);
        smmu.before(Opcode.ATC_INV, ALIVE, () -> ask(DEAD));
        smmu.seen.clear();
        domain.invalidate(AddressRange.of(0x7000, 4096));
        assertEquals(List.of(ALIVE, DEAD, ALIVE), parts.asked());
        assertEquals(List.of(), blocked());
    }

    // ---- how long the queue waits for it ----

    private List<Opcode> commandsOf(int failures) {
        smmu.failures = failures;
        return parts.commandsOf(() -> assertEquals(Outcome.ATC_TIMEOUT, ask(DEAD)));
    }

    @Test
    void aSyncThatFailsIsRepeatedTwice() {
        Opcode sync = Opcode.SYNC;
        assertEquals(List.of(Opcode.ATC_INV, sync, sync), commandsOf(1));
        assertEquals(List.of(Opcode.ATC_INV, sync, sync, sync), commandsOf(2));
        assertEquals(List.of(Opcode.ATC_INV, sync, sync, sync), commandsOf(2), "each its own");
    }

    @Test
    void aSyncThatFailsForeverIsTakenOutOfTheQueueAndWhatIsBehindItIsExecuted() {
        Opcode sync = Opcode.SYNC;
        assertEquals(
                List.of(Opcode.ATC_INV, sync, sync, sync, Opcode.CFGI_STE),
                commandsOf(Integer.MAX_VALUE));
        smmu.failures = 0;
        smmu.before(Opcode.ATC_INV, ALIVE, () -> {});
        assertEquals(
                List.of(Opcode.CFGI_STE, sync),
                parts.commandsOf(() -> parts.queue.submitAndSync(cfgiSte())).subList(0, 2));
    }

    private static CommandBatch cfgiSte() {
        CommandBatch batch = new CommandBatch();
        CommandEncoder.cfgiSte(batch.words(), batch.next(), ALIVE, true);
        return batch;
    }
}
