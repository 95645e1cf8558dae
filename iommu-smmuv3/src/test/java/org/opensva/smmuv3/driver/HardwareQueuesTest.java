package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.smmuv3.driver.RecordingSmmu.Seen;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.ControlRegisters.Gerror;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.PageRequestEntry;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.OutputQueueProd;

import java.util.ArrayList;
import java.util.List;

/** What the driver makes of records that hardware has queued, and how it answers them. */
@Timeout(60)
class HardwareQueuesTest {

    private static final int STREAM = 0x100;
    private static final int STRANGER = 0x777;
    private static final Pasid PASID = new Pasid(5);
    private static final long R = PageRequestEntry.R.mask();
    private static final long LAST = PageRequestEntry.LAST.mask();

    private final FlatMemory memory = new FlatMemory();
    private final RecordingSmmu smmu = new RecordingSmmu(memory, true);
    private final SmmuV3Driver driver = driver(smmu);
    private final List<FaultRecord> faults = new ArrayList<>();
    private final List<PageFaultGroup> groups = new ArrayList<>();
    private final AttachedDevice device =
            driver.attach(
                    new FakeDevice("zip-0", STREAM, true), (from, group) -> groups.add(group));

    HardwareQueuesTest() {
        driver.onFault(faults::add);
        device.bind(PASID, driver.createDomain(new FakeAddressSpace(1, 0x4100_0000L)));
        smmu.seen.clear();
    }

    private SmmuV3Driver driver(RecordingSmmu hardware) {
        return new SmmuV3Driver(
                hardware, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
    }

    private void request(int stream, int pasid, int index, long address, long flags) {
        long substream =
                pasid < 0
                        ? 0
                        : PageRequestEntry.SSV.mask() | PageRequestEntry.SUBSTREAMID.place(pasid);
        smmu.enqueue(
                Register.PRIQ_BASE,
                Register.PRIQ_PROD,
                PageRequestEntry.STREAMID.place(stream) | substream | flags,
                PageRequestEntry.word1(address, index));
    }

    private void stall(int stream, int tag) {
        smmu.enqueue(
                Register.EVENTQ_BASE,
                Register.EVENTQ_PROD,
                EventRecord.header(EventType.F_TRANSLATION, stream, true, PASID.value()),
                EventRecord.STALL.mask()
                        | EventRecord.STAG.place(tag)
                        | EventRecord.access(false, false, true),
                0x5000,
                0);
    }

    private Seen only() {
        assertEquals(1, smmu.seen.size(), smmu.seen.toString());
        return smmu.seen.getFirst();
    }

    private void isResponse(int stream, int index, int code) {
        Seen seen = only();
        assertEquals(Opcode.PRI_RESP, seen.opcode());
        assertEquals(stream, seen.streamId());
        assertEquals(index, Command.PRGINDEX.get(seen.w1()));
        assertEquals(code, Command.RESPONSE.get(seen.w1()));
    }

    // ---- page requests (sections 3.13 and 8) ----

    @ParameterizedTest
    @CsvSource({"SUCCESS,2", "INVALID_REQUEST,1", "RESPONSE_FAILURE,0"})
    void anAnswerHasTheCodeOfTheCommandNotThatOfTheMessage(PageResponse response, int code) {
        request(STREAM, 5, 3, 0x5000, R | LAST);
        driver.onPriInterrupt();
        device.respond(groups.getFirst(), response);
        isResponse(STREAM, 3, code);
        assertTrue(Command.ssv(smmu.seen.getFirst().w0()));
        assertEquals(5, Command.substreamId(smmu.seen.getFirst().w0()));
    }

    @Test
    void groupsOfTwoPasidsWithTheSameIndexAreTwo() {
        request(STREAM, 5, 3, 0x5000, R);
        request(STREAM, 6, 3, 0x6000, R | LAST);
        request(STREAM, 5, 3, 0x7000, R | LAST);
        driver.onPriInterrupt();
        assertEquals(List.of(6, 5), groups.stream().map(PageFaultGroup::pasid).toList());
        assertEquals(1, groups.get(0).faults().size());
        assertEquals(2, groups.get(1).faults().size());
    }

    @Test
    void whatCameBeforeAStopMarkerIsVoid() {
        request(STREAM, 5, 3, 0x5000, R);
        request(STREAM, 6, 3, 0x6000, R);
        request(STREAM, 5, 0, 0, LAST);
        request(STREAM, 5, 3, 0x7000, R | LAST);
        request(STREAM, 6, 3, 0x8000, R | LAST);
        driver.onPriInterrupt();
        assertEquals(List.of(1, 2), groups.stream().map(g -> g.faults().size()).toList());
        assertEquals(List.of(), smmu.seen, "no answer is owed");
    }

    @Test
    void anOverflowVoidsWhatIsNotComplete() {
        request(STREAM, 5, 3, 0x5000, R);
        long prod = smmu.read(Register.PRIQ_PROD.offset(), 4);
        smmu.set(Register.PRIQ_PROD, prod | OutputQueueProd.OVFLG.mask());
        driver.onPriInterrupt();
        request(STREAM, 5, 3, 0x7000, R | LAST);
        driver.onPriInterrupt();
        assertEquals(1, groups.getFirst().faults().size());
    }

    @Test
    void requestsThatNoProcessCanServeAreInvalid() {
        request(STREAM, 5, 3, 0x5000, R | LAST | PageRequestEntry.PRIV.mask());
        driver.onPriInterrupt();
        isResponse(STREAM, 3, Command.RESP_INVALID);
        smmu.seen.clear();
        request(STREAM, -1, 4, 0x5000, R | LAST);
        driver.onPriInterrupt();
        isResponse(STREAM, 4, Command.RESP_INVALID);
        smmu.seen.clear();
        request(STRANGER, 5, 4, 0x5000, R | LAST);
        driver.onPriInterrupt();
        isResponse(STRANGER, 4, Command.RESP_INVALID);
        assertEquals(List.of(), groups);
    }

    @Test
    void unbindHandsOnWhatIsQueuedAndCloseAnswersWhatIsPending() {
        request(STREAM, 5, 3, 0x5000, R | LAST);
        stall(STREAM, 0x2a);
        device.unbind(PASID);
        assertEquals(2, groups.size());
        smmu.seen.clear();
        device.close();
        List<Seen> answers =
                smmu.seen.stream().filter(seen -> seen.opcode() == Opcode.PRI_RESP).toList();
        assertEquals(1, answers.size());
        assertEquals(Command.RESP_INVALID, Command.RESPONSE.get(answers.getFirst().w1()));
        assertEquals(1, smmu.opcodes().stream().filter(Opcode.RESUME::equals).count());
    }

    @Test
    void theAtcIsEmptiedAfterTheDeviceWasToldNotToFillIt() {
        FakeDevice function = new FakeDevice("dma-1", 0x208, true);
        AttachedDevice other = driver.attach(function, (from, group) -> {});
        other.bind(PASID, driver.createDomain(new FakeAddressSpace(2, 0x4200_0000L)));
        function.switches.clear();
        List<String> whole = new ArrayList<>();
        smmu.before(
                Opcode.ATC_INV,
                0x208,
                () ->
                        // The first is that of the PASID, the second that of the whole device.
                        smmu.before(Opcode.ATC_INV, 0x208, () -> whole.addAll(function.switches)));
        other.unbind(PASID);
        assertEquals(List.of("pri false", "ats false"), whole);
    }

    // ---- stalled transactions (section 4.7.1) ----

    @ParameterizedTest
    @CsvSource({"SUCCESS,1,0", "INVALID_REQUEST,0,1", "RESPONSE_FAILURE,0,1"})
    void aStalledTransactionIsTriedAgainOrAborted(PageResponse response, int retry, int abort) {
        stall(STREAM, 0x2a);
        driver.onEventInterrupt();
        assertTrue(groups.getFirst().stalled());
        device.respond(groups.getFirst(), response);
        isResume(STREAM, retry, abort);
    }

    @Test
    void aStalledTransactionOfADeviceThatIsNotAttachedIsAborted() {
        stall(STRANGER, 0x2a);
        driver.onEventInterrupt();
        assertEquals(List.of(), groups);
        isResume(STRANGER, 0, 1);
    }

    private void isResume(int stream, int retry, int abort) {
        Seen seen = only();
        assertEquals(Opcode.RESUME, seen.opcode());
        assertEquals(stream, seen.streamId());
        assertEquals(0x2a, Command.STAG.get(seen.w1()));
        assertEquals(retry, Command.ACTION.get(seen.w0()));
        assertEquals(abort, Command.ABORT.get(seen.w0()));
    }

    // ---- start, and global errors ----

    @Test
    void anSmmuWithAHypervisorsRegimeIsFlushedOfItToo() {
        RecordingSmmu other = new RecordingSmmu(memory, true);
        other.set(Register.IDR0, other.read(Register.IDR0.offset(), 4) | Idr0.HYP.mask());
        driver(other);
        assertEquals(
                List.of(
                        Opcode.CFGI_STE_RANGE,
                        Opcode.TLBI_EL2_ALL,
                        Opcode.TLBI_NSNH_ALL,
                        Opcode.SYNC),
                other.opcodes());
    }

    @Test
    void aGlobalErrorIsReportedAndAcknowledgedOnce() {
        long acknowledged = smmu.read(Register.GERRORN.offset(), 4);
        smmu.set(Register.GERROR, acknowledged ^ Gerror.EVENTQ_ABT_ERR.mask());
        driver.onGerrorInterrupt();
        driver.onGerrorInterrupt();
        assertEquals(1, faults.size());
        assertEquals(
                smmu.read(Register.GERROR.offset(), 4), smmu.read(Register.GERRORN.offset(), 4));
    }
}
