package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.FaultRecord.Kind;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.smmuv3.layout.ControlRegisters.Gerror;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.EventqBase;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.OutputQueueCons;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.OutputQueueProd;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** What becomes of the records of the event queue, and of global errors (sections 7.2 to 7.5). */
@Timeout(60)
class EventRecordsTest {

    private static final int STREAM = 0x100;
    private static final long ADDRESS = 0x7f00_1234_5678L;

    private final FlatMemory memory = new FlatMemory();
    private final RecordingSmmu smmu = new RecordingSmmu(memory, true);
    private final SmmuV3Driver driver =
            new SmmuV3Driver(smmu, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
    private final List<FaultRecord> faults = new ArrayList<>();
    private final List<PageFaultGroup> groups = new ArrayList<>();
    private final AttachedDevice device =
            driver.attach(
                    new FakeDevice("zip-0", STREAM, true), (from, group) -> groups.add(group));

    EventRecordsTest() {
        driver.onFault(faults::add);
    }

    private long get(Register register) {
        return smmu.read(register.offset(), register.bytes());
    }

    private void queue(long... record) {
        smmu.enqueue(Register.EVENTQ_BASE, Register.EVENTQ_PROD, record);
    }

    private FaultRecord faultOf(long... record) {
        faults.clear();
        queue(record);
        driver.onEventInterrupt();
        assertEquals(1, faults.size());
        return faults.getFirst();
    }

    private static Kind kind(EventType type) {
        return switch (type) {
            case F_TRANSLATION, F_TLB_CONFLICT, E_PAGE_REQUEST -> Kind.TRANSLATION;
            case F_PERMISSION -> Kind.PERMISSION;
            case F_ACCESS -> Kind.ACCESS_FLAG;
            case F_ADDR_SIZE -> Kind.ADDRESS_SIZE;
            case C_BAD_STREAMID, C_BAD_STE, F_STREAM_DISABLED, F_CFG_CONFLICT ->
                    Kind.DEVICE_CONFIGURATION;
            case C_BAD_SUBSTREAMID, C_BAD_CD -> Kind.PASID_CONFIGURATION;
            case F_STE_FETCH, F_CD_FETCH, F_WALK_EABT, F_VMS_FETCH -> Kind.EXTERNAL_ABORT;
            case F_UUT, F_BAD_ATS_TREQ, F_TRANSL_FORBIDDEN -> Kind.UNSUPPORTED_REQUEST;
        };
    }

    @ParameterizedTest
    @EnumSource(EventType.class)
    void aRecordIsReportedWithWhatItsKindHas(EventType type) {
        List<Field> fields = type.structure().fields();
        boolean page = fields.contains(EventRecord.INPUT_PAGE);
        long address =
                fields.contains(EventRecord.INPUTADDR) ? ADDRESS : page ? ADDRESS & -4096L : 0;
        int access = address == 0 ? 0 : Access.READ;
        long word1 =
                type == EventType.F_BAD_ATS_TREQ
                        ? EventRecord.TREQ_R.mask()
                        : EventRecord.access(false, false, true);
        long header = EventRecord.header(type, STREAM, true, 5);
        assertEquals(
                new FaultRecord(
                        kind(type), new RequesterId(STREAM), 5, address, access, type.name()),
                faultOf(header, word1, ADDRESS, 0));
        boolean always = type == EventType.C_BAD_SUBSTREAMID;
        assertEquals(
                always ? 5 : Pasid.NONE,
                faultOf(header & ~EventRecord.SSV.mask(), word1, ADDRESS, 0).pasid());
        assertTrue(groups.isEmpty());
    }

    @Test
    void aRefusedTranslationRequestSaysWhatWasAskedFor() {
        for (int access = 0; access <= Access.MASK; access++) {
            long word1 =
                    EventRecord.translationRequest(
                            (access & Access.READ) != 0,
                            (access & Access.WRITE) != 0,
                            (access & Access.EXECUTE) != 0,
                            (access & Access.PRIVILEGED) != 0,
                            15);
            long header = EventRecord.header(EventType.F_BAD_ATS_TREQ, STREAM, true, 5);
            assertEquals(access, faultOf(header, word1, ADDRESS, 0).access());
        }
    }

    @Test
    void aHintSaysWhatIsExpectedInBothModes() {
        long header = EventRecord.header(EventType.E_PAGE_REQUEST, STREAM, true, 5);
        for (int bits = 0; bits < 64; bits++) {
            int user = bits & 7;
            int privileged = bits >> 3;
            long word1 =
                    hints(user, EventRecord.HINT_UR, EventRecord.HINT_UW, EventRecord.HINT_UX)
                            | hints(
                                    privileged,
                                    EventRecord.HINT_PR,
                                    EventRecord.HINT_PW,
                                    EventRecord.HINT_PX);
            int mode = privileged == 0 ? 0 : Access.PRIVILEGED;
            assertEquals(user | privileged | mode, faultOf(header, word1, ADDRESS, 0).access());
        }
    }

    private static long hints(int access, Field read, Field write, Field execute) {
        return ((access & Access.READ) != 0 ? read.mask() : 0)
                | ((access & Access.WRITE) != 0 ? write.mask() : 0)
                | ((access & Access.EXECUTE) != 0 ? execute.mask() : 0);
    }

    @Test
    void anAccessIsWhatTheRecordSays() {
        for (int bits = 0; bits < 8; bits++) {
            boolean privileged = (bits & 1) != 0;
            boolean fetch = (bits & 2) != 0;
            boolean read = (bits & 4) != 0;
            int expected =
                    (privileged ? Access.PRIVILEGED : 0)
                            | (fetch ? Access.EXECUTE : 0)
                            | (read ? Access.READ : Access.WRITE);
            long header = EventRecord.header(EventType.F_PERMISSION, STREAM, true, 5);
            long word1 = EventRecord.access(privileged, fetch, read);
            assertEquals(expected, faultOf(header, word1, ADDRESS, 0).access());
            queue(header, word1 | EventRecord.stalled(0x1234), ADDRESS, 0);
            driver.onEventInterrupt();
            assertEquals(
                    new PageFaultGroup(
                            new RequesterId(STREAM),
                            5,
                            0x1234,
                            true,
                            List.of(new PageFault(ADDRESS, expected))),
                    groups.getLast());
        }
    }

    /** Bit 31 of word 1 is Stall in four kinds of records and something else in others. */
    @ParameterizedTest
    @EnumSource(EventType.class)
    void onlyWhatCanStallIsStalled(EventType type) {
        queue(
                EventRecord.header(type, STREAM, true, 5),
                EventRecord.stalled(7) | EventRecord.RNW.mask(),
                ADDRESS,
                0);
        driver.onEventInterrupt();
        assertEquals(type.mayStall() ? 1 : 0, groups.size());
        assertEquals(type.mayStall() ? 0 : 1, faults.size());
    }

    @Test
    void aNumberThatNobodyKnowsIsReportedAsThat() {
        assertEquals(
                new FaultRecord(
                        Kind.UNSUPPORTED_REQUEST,
                        new RequesterId(STREAM),
                        Pasid.NONE,
                        0,
                        0,
                        "event 0xe5"),
                faultOf(0xe5 | EventRecord.STREAMID.place(STREAM), -1L, -1L, -1L));
    }

    @Test
    void everyRecordComesOnceAndInOrderHoweverOftenTheQueueGoesRound() {
        SplittableRandom random = new SplittableRandom(20261123);
        int next = 0;
        boolean overflow = false;
        long size = 1L << EventqBase.LOG2SIZE.get(get(Register.EVENTQ_BASE));
        for (int round = 0; round < 40; round++) {
            faults.clear();
            int count = random.nextInt(0, (int) size + 1);
            List<Long> expected = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                expected.add(0x1000L * next);
                queue(
                        EventRecord.header(EventType.F_TRANSLATION, STREAM, true, 5),
                        EventRecord.RNW.mask(),
                        0x1000L * next++,
                        0);
            }
            if (random.nextInt(4) == 0) {
                overflow = !overflow;
                expected.add(0L);
                smmu.set(
                        Register.EVENTQ_PROD,
                        get(Register.EVENTQ_PROD) ^ OutputQueueProd.OVFLG.mask());
            }
            driver.onEventInterrupt();
            assertEquals(expected, faults.stream().map(FaultRecord::address).toList());
            assertEquals(
                    get(Register.EVENTQ_PROD), get(Register.EVENTQ_CONS), "all taken, all known");
            assertEquals(overflow, OutputQueueCons.OVACKFLG.isSet(get(Register.EVENTQ_CONS)));
        }
        assertEquals(
                new FaultRecord(
                        Kind.EXTERNAL_ABORT,
                        new RequesterId(0),
                        Pasid.NONE,
                        0,
                        0,
                        "event queue overflow, records were lost"),
                lost());
    }

    private FaultRecord lost() {
        faults.clear();
        smmu.set(Register.EVENTQ_PROD, get(Register.EVENTQ_PROD) ^ OutputQueueProd.OVFLG.mask());
        driver.onEventInterrupt();
        assertEquals(1, faults.size());
        return faults.getFirst();
    }

    // ---- global errors ----

    @Test
    void everyGlobalErrorButThatOfACommandIsReportedAndAcknowledgedOnce() {
        for (int bit = 2; bit <= 10; bit++) {
            faults.clear();
            smmu.set(Register.GERROR, get(Register.GERRORN) ^ 1L << bit);
            driver.onGerrorInterrupt();
            driver.onGerrorInterrupt();
            assertEquals(
                    List.of(
                            new FaultRecord(
                                    Kind.EXTERNAL_ABORT,
                                    new RequesterId(0),
                                    Pasid.NONE,
                                    0,
                                    0,
                                    "GERROR 0x%x".formatted(1L << bit))),
                    faults);
            assertEquals(get(Register.GERROR), get(Register.GERRORN));
        }
        faults.clear();
        driver.onGerrorInterrupt();
        assertEquals(List.of(), faults, "nothing is wrong");
    }

    @Test
    void anErrorOfACommandIsRepairedAndNotReported() {
        smmu.hold();
        long at = EventqBase.ADDR.address(get(Register.CMDQ_BASE));
        long prod = get(Register.CMDQ_PROD);
        long mask = (1L << EventqBase.LOG2SIZE.get(get(Register.CMDQ_BASE))) - 1;
        device.respond(group(), PageResponse.SUCCESS);
        // The response, for which nobody waits, is damaged on its way.
        memory.writeLong(at + (prod & mask) * 16, 0xff);
        smmu.release();
        assertTrue(Gerror.CMDQ_ERR.isSet(get(Register.GERROR) ^ get(Register.GERRORN)));
        driver.onGerrorInterrupt();
        assertEquals(get(Register.GERROR), get(Register.GERRORN));
        assertEquals(List.of(), faults);
        assertEquals(get(Register.CMDQ_PROD), get(Register.CMDQ_CONS));
    }

    private PageFaultGroup group() {
        queue(
                EventRecord.header(EventType.F_TRANSLATION, STREAM, true, 5),
                EventRecord.stalled(7),
                ADDRESS,
                0);
        driver.onEventInterrupt();
        return groups.getLast();
    }
}
