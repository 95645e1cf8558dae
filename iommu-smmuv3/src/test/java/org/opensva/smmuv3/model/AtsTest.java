package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.PageRequestEntry;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;

import java.util.List;

/** ATS translation requests, translated transactions, and page requests. */
class AtsTest {

    private static final int PASID = 5;
    private static final long VA = 0x40_0000L;

    private final TestMachine machine = new TestMachine();
    private final long[] entries = new long[1];
    private long contexts;
    private long table;
    private long page;

    @BeforeEach
    void bind() {
        contexts = machine.allocate(64L << 8, 64L << 8);
        table = machine.newTable(Granule.K4);
        page = machine.allocate(4096, 4096);
        machine.map(table, VA, page, TestMachine.PAGE_RW);
        machine.writeWords(contexts + 64 * PASID, machine.context(table, Granule.K4, 48, 7));
        machine.stage1(contexts, 8);
        machine.enable();
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private void entry(long[] words) {
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), words);
        machine.invalidateConfiguration();
    }

    private int translate(int access) {
        return machine.port.translate(PASID, access, VA, entries);
    }

    @Test
    void aMappedPageIsAnsweredWithItsAddressAndPermissions() {
        assertEquals(1, translate(Access.READ | Access.WRITE));
        assertEquals(page | TranslationEntry.R | TranslationEntry.W, entries[0]);
        machine.map(table, VA, page, TestMachine.PAGE_RO);
        machine.invalidatePage(7, VA);
        translate(Access.READ | Access.WRITE);
        assertEquals(page | TranslationEntry.R, entries[0], "less than was asked for");
    }

    @Test
    void executeIsGrantedOnlyWhenAskedForAndPrivilegeIsEchoed() {
        translate(Access.READ | Access.EXECUTE);
        assertTrue(TranslationEntry.has(entries[0], TranslationEntry.EXE));
        translate(Access.READ);
        assertEquals(0, entries[0] & (TranslationEntry.EXE | TranslationEntry.PRIV));
        translate(Access.READ | Access.PRIVILEGED);
        assertTrue(TranslationEntry.has(entries[0], TranslationEntry.PRIV));
        assertTrue(TranslationEntry.has(entries[0], TranslationEntry.R));
        assertEquals(0, entries[0] & TranslationEntry.GLOBAL);
    }

    @Test
    void anUnmappedPageIsAnsweredWithoutAccessAndWithoutAnEvent() {
        assertEquals(1, machine.port.translate(PASID, Access.READ, VA + 4096, entries));
        assertEquals(0, TranslationEntry.access(entries[0]));
        assertEquals(12, TranslationEntry.sizeShift(entries[0]));
        assertTrue(machine.events().isEmpty());
    }

    @Test
    void severalPagesAreAnsweredUpToTheFirstWithoutAccess() {
        long second = machine.allocate(4096, 4096);
        machine.map(table, VA + 4096, second, TestMachine.PAGE_RW);
        long[] four = new long[4];
        assertEquals(2, machine.port.translate(PASID, Access.READ, VA + 0x123, four));
        assertEquals(second, TranslationEntry.address(four[1]));
    }

    @Test
    void aBlockIsAnsweredWithItsSize() {
        long block = TestMachine.RAM + (16L << 21);
        machine.map(table, Granule.K4, 48, 7L << 21, 2, block, TestMachine.PAGE_RW);
        assertEquals(
                1, machine.port.translate(PASID, Access.READ, (7L << 21) + 0x5000, new long[4]));
        machine.port.translate(PASID, Access.READ, (7L << 21) + 0x5000, entries);
        assertEquals(21, TranslationEntry.sizeShift(entries[0]));
        assertEquals(block, TranslationEntry.address(entries[0]));
    }

    @Test
    void aWriteRequestMakesThePageDirtyAndAReadRequestDoesNot() {
        long[] words = machine.context(table, Granule.K4, 48, 7);
        ContextDescriptor.HA.put(words, 0, 1);
        ContextDescriptor.HD.put(words, 0, 1);
        machine.writeWords(contexts + 64 * PASID, words);
        long at = machine.descriptorAddress(table, Granule.K4, 48, VA, 3, false);
        long clean = page | TestMachine.PAGE_RO | 1L << 51;
        machine.memory.writeLong(at, clean);
        translate(Access.READ);
        assertEquals(clean, machine.memory.readLong(at));
        assertEquals(Access.READ, TranslationEntry.access(entries[0]) & ~Access.EXECUTE);
        translate(Access.READ | Access.WRITE);
        assertEquals(clean & ~(1L << 7), machine.memory.readLong(at));
        assertTrue(TranslationEntry.has(entries[0], TranslationEntry.W));
    }

    @Test
    void aStreamWithoutAtsIsRefusedAndThatIsRecorded() {
        long[] words = machine.stage1Entry(contexts, 8);
        StreamTableEntry.EATS.put(words, 0, 0);
        entry(words);
        assertEquals(
                AgentPort.UNSUPPORTED_REQUEST,
                machine.port.translate(PASID, Access.READ | Access.WRITE, VA | 0x10, entries));
        TestMachine.Event event = machine.event();
        assertEquals(EventType.F_BAD_ATS_TREQ, event.type());
        assertEquals(1L << 31 | 1L << 30 | 1, event.w1());
        assertEquals(VA, event.w2());
        assertEquals(
                DmaResult.of(DmaStatus.ABORTED, 0),
                machine.port.readTranslated(page, new byte[4], 0, 4));
        event = machine.event();
        assertEquals(EventType.F_TRANSL_FORBIDDEN, event.type());
        assertEquals(1L << 35, event.w1());
        assertEquals(page, event.w2());
    }

    @Test
    void anAbortingStreamIsRefusedWithoutAWord() {
        entry(new long[] {1, 0, 0, 0, 0, 0, 0, 0});
        assertEquals(AgentPort.UNSUPPORTED_REQUEST, translate(Access.READ));
        assertTrue(machine.events().isEmpty());
    }

    @Test
    void aConfigurationErrorIsACompleterAbortAndRecordedIfWanted() {
        entry(new long[8]);
        assertEquals(AgentPort.COMPLETER_ABORT, translate(Access.READ));
        assertEquals(EventType.C_BAD_STE, machine.event().type());
        machine.smmu.write(Register.CR0.offset(), 4, TestMachine.EVENTQEN | TestMachine.CMDQEN);
        machine.smmu.write(Register.CR2.offset(), 4, 0b0010);
        machine.smmu.write(
                Register.CR0.offset(),
                4,
                TestMachine.SMMUEN | TestMachine.EVENTQEN | TestMachine.CMDQEN);
        assertEquals(AgentPort.COMPLETER_ABORT, translate(Access.READ));
        assertTrue(machine.events().isEmpty());
    }

    @Test
    void aRequestWithoutPasidToABypassingStreamIsAnsweredOneToOne() {
        long[] words = machine.stage1Entry(contexts, 8);
        StreamTableEntry.S1DSS.put(words, 0, StreamTableEntry.S1DSS_BYPASS);
        entry(words);
        machine.port.translate(Pasid.NONE, Access.READ, page, entries);
        assertEquals(Access.READ | Access.WRITE, TranslationEntry.access(entries[0]));
        long size = 1L << TranslationEntry.sizeShift(entries[0]);
        assertEquals(page, TranslationEntry.address(entries[0]) + (page & size - 1));
    }

    @Test
    void translatedTransactionsReachMemoryAndStopWhereItEnds() {
        byte[] data = {1, 2, 3, 4, 5, 6, 7, 8};
        assertEquals(DmaResult.complete(8), machine.port.writeTranslated(page, data, 0, 8));
        byte[] back = new byte[8];
        assertEquals(DmaResult.complete(8), machine.port.readTranslated(page, back, 0, 8));
        assertArrayEquals(data, back);
        long end = TestMachine.RAM + TestMachine.RAM_SIZE;
        assertEquals(
                DmaResult.of(DmaStatus.ABORTED, 4),
                machine.port.readTranslated(end - 4, back, 0, 8));
        assertEquals(
                DmaResult.of(DmaStatus.ABORTED, 0),
                machine.port.readTranslated(1L << 52, back, 0, 8));
        byte[] pages = new byte[3 * 4096];
        assertEquals(
                DmaResult.of(DmaStatus.ABORTED, 4100),
                machine.port.readTranslated(end - 4100, pages, 0, pages.length));
        assertEquals(
                DmaResult.of(DmaStatus.ABORTED, 0),
                machine.port.readTranslated(-4096, pages, 0, pages.length));
    }

    private static PageRequest request(int index, boolean last) {
        return new PageRequest(PASID, 0x1234_5000L, Access.READ | Access.WRITE, index, last);
    }

    @Test
    void aPageRequestIsQueuedBitForBitAndAnsweredByCommand() {
        machine.port.request(request(3, true));
        assertEquals(1, machine.smmu.read(Register.PRIQ_PROD.offset(), 4));
        assertEquals(
                TestMachine.STREAM | (long) PASID << 32 | 0b1111L << 60,
                machine.memory.readLong(machine.pageQueue));
        assertEquals(0x1234_5003L, machine.memory.readLong(machine.pageQueue + 8));
        assertEquals(List.of(SmmuInterrupts.Wire.PRIQ), machine.wires);
        long[] c = new long[2];
        CommandEncoder.priResp(c, 0, TestMachine.STREAM, true, PASID, 3, 2);
        machine.command(c);
        assertEquals(
                List.of(new PageGroupResponse(PASID, 3, PageResponse.SUCCESS)),
                machine.device.responses);
    }

    @Test
    void aStopMarkerIsQueuedAndNeverAnswered() {
        machine.port.request(PageRequest.stopMarker(PASID));
        assertTrue(PageRequestEntry.isStopMarker(machine.memory.readLong(machine.pageQueue)));
        machine.smmu.write(Register.CR0.offset(), 4, TestMachine.SMMUEN);
        machine.port.request(PageRequest.stopMarker(PASID));
        assertTrue(machine.device.responses.isEmpty());
    }

    @Test
    void aDisabledQueueAnswersFailureWithoutPasid() {
        machine.smmu.write(Register.CR0.offset(), 4, TestMachine.SMMUEN);
        machine.port.request(request(4, false));
        assertEquals(
                List.of(new PageGroupResponse(Pasid.NONE, 4, PageResponse.RESPONSE_FAILURE)),
                machine.device.responses);
    }

    @Test
    void anOverflowAnswersTheLastOfAGroupUntilItIsAcknowledged() {
        int size = 1 << TestMachine.QUEUE_BITS;
        for (int i = 0; i < size; i++) {
            machine.port.request(request(i, true));
        }
        machine.port.request(request(100, false));
        machine.port.request(request(100, true));
        long prod = machine.smmu.read(Register.PRIQ_PROD.offset(), 4);
        assertEquals(1L << 31 | size, prod);
        assertEquals(
                List.of(new PageGroupResponse(Pasid.NONE, 100, PageResponse.SUCCESS)),
                machine.device.responses,
                "STE.PPAR is 0: no PASID");
        machine.smmu.write(Register.PRIQ_CONS.offset(), 4, size);
        machine.port.request(request(101, true));
        assertEquals(2, machine.device.responses.size(), "space alone does not end an overflow");
        machine.smmu.write(Register.PRIQ_CONS.offset(), 4, 1L << 31 | size);
        machine.port.request(request(102, true));
        assertEquals(2, machine.device.responses.size());
    }

    @Test
    void withPparTheAutomaticAnswerHasThePasidAndWithABadEntryItIsFailure() {
        long[] words = machine.stage1Entry(contexts, 8);
        StreamTableEntry.PPAR.put(words, 0, 1);
        entry(words);
        machine.smmu.write(Register.PRIQ_CONS.offset(), 4, 1 << TestMachine.QUEUE_BITS);
        machine.port.request(request(1, true));
        entry(new long[8]);
        machine.port.request(request(2, true));
        assertEquals(
                List.of(
                        new PageGroupResponse(PASID, 1, PageResponse.SUCCESS),
                        new PageGroupResponse(Pasid.NONE, 2, PageResponse.RESPONSE_FAILURE)),
                machine.device.responses);
        assertEquals(EventType.C_BAD_STE, machine.event().type());
    }

    @Test
    void aQueueOutsideOfMemoryIsAGlobalErrorAndAFailure() {
        machine.smmu.write(Register.CR0.offset(), 4, TestMachine.SMMUEN);
        machine.smmu.write(Register.PRIQ_BASE.offset(), 8, TestMachine.NO_MEMORY | 4);
        machine.smmu.write(Register.CR0.offset(), 4, TestMachine.SMMUEN | TestMachine.PRIQEN);
        machine.port.request(request(1, true));
        assertEquals(1L << 3, machine.smmu.read(Register.GERROR.offset(), 4));
        assertEquals(PageResponse.RESPONSE_FAILURE, machine.device.responses.get(0).response());
    }
}
