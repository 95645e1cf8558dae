package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.smmuv3.driver.CommandQueue.Outcome;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.CmdqBase;

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

    private final FlatMemory memory = new FlatMemory();
    private final RecordingSmmu smmu = new RecordingSmmu(memory, true);
    private final SmmuV3Driver driver =
            new SmmuV3Driver(smmu, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
    private final DriverContext context = context();
    private final CommandQueue queue = context.commands();
    private final FakeDevice function = new FakeDevice("zip-0", ALIVE, true);
    private final SmmuDevice device =
            new SmmuDevice(context, driver, function, (from, group) -> {});
    private final List<FaultRecord> faults = new ArrayList<>();

    SilentDeviceTest() {
        driver.onFault(faults::add);
        smmu.silentStreams.addAll(List.of(DEAD, DEAD_TOO));
    }

    /** The parts of a driver, of which the test holds the command queue. */
    private DriverContext context() {
        RegisterFrame registers = new RegisterFrame(smmu);
        Identity identity = Identity.probe(registers);
        int log2Size = identity.commandQueueBits();
        long base = memory.allocate(0);
        registers.write(
                Register.CMDQ_BASE,
                CmdqBase.ADDR.address(base) | CmdqBase.LOG2SIZE.place(log2Size));
        registers.write(Register.CMDQ_CONS, 0);
        registers.write(Register.CMDQ_PROD, 0);
        return new DriverContext(
                identity,
                memory,
                memory,
                new CommandQueue(registers, memory, base, log2Size),
                new Invalidations(true),
                new AsidAllocator(16),
                new StreamTable(memory, memory, 16, true),
                HardwareEventSink.NONE,
                OpenTelemetry.noop().getTracer("test"));
    }

    private SmmuDomain domain(long id) {
        FakeAddressSpace mm = new FakeAddressSpace(id, 0x4100_0000L);
        return new SmmuDomain(context, mm, mm.pageTable().orElseThrow());
    }

    private Outcome ask(int streamId) {
        CommandBatch batch = new CommandBatch();
        Invalidations.atcAll(batch, streamId);
        return queue.submitAndSync(batch);
    }

    /** Asks one stream, and while that is under way another; what became of both. */
    private List<Outcome> ask(int first, int second) {
        List<Outcome> outcomes = new ArrayList<>();
        smmu.whenAsked(first, () -> outcomes.add(ask(second)));
        outcomes.addFirst(ask(first));
        return outcomes;
    }

    private List<Integer> blocked() {
        return faults.stream().map(fault -> fault.requester().value()).toList();
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
    void aDeviceWhoseAtcIsEmptiedInFrontOfASilentOneIsAskedAgainAndStays() {
        device.bind(new Pasid(5), domain(1));
        List<Outcome> dead = new ArrayList<>();
        smmu.whenAsked(ALIVE, () -> dead.add(ask(DEAD)));
        smmu.seen.clear();
        device.bind(new Pasid(6), domain(2));
        assertEquals(List.of(Outcome.ATC_TIMEOUT), dead);
        assertEquals(List.of(), blocked());
        assertEquals(List.of(ALIVE, DEAD, ALIVE), asked());
        smmu.seen.clear();
        device.unbind(new Pasid(6));
        assertEquals(List.of(ALIVE), asked(), "it is still told");
    }

    @Test
    void aDeviceWhoseAtcIsEmptiedBehindASilentOneStays() {
        device.bind(new Pasid(5), domain(1));
        smmu.whenAsked(DEAD, () -> device.bind(new Pasid(6), domain(2)));
        assertEquals(Outcome.ATC_TIMEOUT, ask(DEAD));
        assertEquals(List.of(), blocked());
        device.unbind(new Pasid(6));
    }

    @Test
    void aSilentDeviceIsBlockedAlsoWhenOneThatAnswersIsBehindIt() {
        device.bind(new Pasid(5), domain(1));
        smmu.silentStreams.add(ALIVE);
        smmu.silentStreams.remove((Integer) DEAD);
        smmu.whenAsked(ALIVE, () -> assertEquals(Outcome.COMPLETE, ask(DEAD)));
        device.bind(new Pasid(6), domain(2));
        assertEquals(List.of(ALIVE), blocked());
    }

    @Test
    void anUnmapInFrontOfASilentDeviceBlocksNobody() {
        FakeAddressSpace mm = new FakeAddressSpace(1, 0x4100_0000L);
        SmmuDomain domain = new SmmuDomain(context, mm, mm.pageTable().orElseThrow());
        device.bind(new Pasid(5), domain);
        smmu.whenAsked(ALIVE, () -> ask(DEAD));
        smmu.seen.clear();
        domain.invalidate(AddressRange.of(0x7000, 4096));
        assertEquals(List.of(ALIVE, DEAD, ALIVE), asked());
        assertEquals(List.of(), blocked());
    }

    private List<Integer> asked() {
        return smmu.seen.stream()
                .filter(command -> command.opcode() == Opcode.ATC_INV)
                .map(command -> Command.streamId(command.w0()))
                .toList();
    }
}
