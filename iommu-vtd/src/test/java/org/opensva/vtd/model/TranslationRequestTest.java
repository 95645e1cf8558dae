package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FirstStageEntry;
import org.opensva.vtd.layout.Register;

/** ATS translation requests and their completions (section 4.1). */
class TranslationRequestTest {

    private static final int SOURCE = 0x0208;
    private static final int PASID = 9;
    private static final long VA = 0x7f00_0000_0000L;
    private static final int RW = Access.READ | Access.WRITE;

    private final TestUnit t = new TestUnit();
    private final TestDevice device = new TestDevice(t.unit, SOURCE);
    private final long table = t.device(SOURCE, true, false);
    private final long top = t.firstStage(table, PASID, 3);
    private final long[] entries = new long[8];

    @BeforeEach
    void translationOn() {
        t.scalableMode();
    }

    private int translate(int access, long address) {
        return device.port.translate(PASID, access, address, entries);
    }

    @Test
    void consecutivePagesAreAnsweredOneByOne() {
        for (int i = 0; i < 3; i++) {
            t.map(top, VA + 4096L * i, 0x800_0000 + 0x5000L * i, i != 1);
        }
        assertEquals(3, translate(RW, VA + 0x123));
        for (int i = 0; i < 3; i++) {
            assertEquals(0x800_0000 + 0x5000L * i, TranslationEntry.address(entries[i]));
            assertEquals(12, TranslationEntry.sizeShift(entries[i]));
            int expected = i == 1 ? Access.READ : RW;
            assertEquals(expected, TranslationEntry.access(entries[i]));
        }
        assertEquals(1, translate(RW, VA + 3 * 4096), "what is not mapped is asked for alone");
        assertEquals(0, TranslationEntry.access(entries[0]));
        assertEquals(0, t.get(Register.FSTS), "the device will send a page request");
    }

    @Test
    void aLargePageIsOneEntryWithItsSize() {
        long flags = FirstStageEntry.P.mask() | FirstStageEntry.US.mask();
        long pdpt = t.page();
        long pd = t.page();
        t.memory.writeLong(top + (VA >>> 39 & 511) * 8, pdpt | flags | 2);
        t.memory.writeLong(pdpt + (VA >>> 30 & 511) * 8, pd | flags | 2);
        long large = FirstStageEntry.PS.mask();
        t.memory.writeLong(pd + (VA >>> 21 & 511) * 8, 0x1020_0000 | flags | large | 2);
        assertEquals(1, translate(RW, VA + 0x1_5000));
        assertEquals(21, TranslationEntry.sizeShift(entries[0]));
        assertEquals(0x1020_0000, TranslationEntry.address(entries[0]));
        assertEquals(RW, TranslationEntry.access(entries[0]));
    }

    @Test
    void executionIsGrantedToThoseWhoAskForIt() {
        t.map(top, VA, 0x800_0000, true);
        translate(Access.READ, VA);
        assertFalse(TranslationEntry.has(entries[0], TranslationEntry.EXE));
        assertFalse(TranslationEntry.has(entries[0], TranslationEntry.GLOBAL));
    }

    @Test
    void theInterruptRangeMayBeWrittenUntranslatedOnly() {
        assertEquals(1, device.port.translate(Pasid.NONE, RW, 0xfee0_1000L, entries));
        assertTrue(TranslationEntry.has(entries[0], TranslationEntry.U));
        assertTrue(TranslationEntry.has(entries[0], TranslationEntry.W));
        assertFalse(TranslationEntry.has(entries[0], TranslationEntry.R));
        assertEquals(0xfee0_0000L, TranslationEntry.address(entries[0]) & 0xfff0_0000L);
    }

    @Test
    void whoMayNotAskIsRefusedAndSoftwareIsTold() {
        TestDevice without = new TestDevice(t.unit, 0x0310);
        t.device(0x0310, false, false);
        assertEquals(AgentPort.UNSUPPORTED_REQUEST, without.port.translate(PASID, RW, VA, entries));
        t.assertFault(FaultReason.DEVICE_TLB_DISABLED, 0x0310);
    }

    @Test
    void brokenTablesAreACompleterAbort() {
        t.memory.writeLong(top + (VA >>> 39 & 511) * 8, TestUnit.RAM | 7);
        assertEquals(AgentPort.COMPLETER_ABORT, translate(RW, VA));
        t.assertFault(FaultReason.FIRST_STAGE_ACCESS, SOURCE);
    }

    @Test
    void afterGoodPagesABrokenOneIsLeftForTheNextRequest() {
        long last = VA + (511L << 12);
        t.map(top, last, 0x800_0000, true);
        long pd = walk(top, VA, 2);
        t.memory.writeLong(pd + 8, TestUnit.RAM | 7);
        assertEquals(1, translate(RW, last));
        assertEquals(0, t.get(Register.FSTS));
        assertEquals(AgentPort.COMPLETER_ABORT, translate(RW, last + 4096));
        t.assertFault(FaultReason.FIRST_STAGE_ACCESS, SOURCE);
    }

    private long walk(long from, long address, int levels) {
        long at = from;
        for (int i = 0; i < levels; i++) {
            at = t.memory.readLong(at + (address >>> 39 - 9 * i & 511) * 8) & 0xf_ffff_ffff_f000L;
        }
        return at;
    }

    @Test
    void withTranslationOffThereIsNothingToAsk() {
        t.command(Gcmd.TE, false);
        assertEquals(AgentPort.UNSUPPORTED_REQUEST, translate(RW, VA));
        assertEquals(
                AgentPort.UNSUPPORTED_REQUEST, device.port.translate(PASID, RW, VA, new long[0]));
        assertEquals(0, t.get(Register.FSTS));
    }

    @Test
    void theAnswerEndsAtTheLastAddress() {
        long high = -4096;
        t.map(top, high, 0x800_0000, true);
        assertEquals(1, translate(RW, high));
        assertEquals(0x800_0000, TranslationEntry.address(entries[0]));
    }
}
